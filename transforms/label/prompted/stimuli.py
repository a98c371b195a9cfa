"""Stimuli: sentences that are added to the instructions, as an experiment (schemas/prompt_stimuli.yaml)."""

from __future__ import annotations

from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict, Field

NONE = "none"


class Stimulus(BaseModel):
    """A sentence or two, what they are meant to do, and where the idea was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(min_length=1)
    idea: str = Field(min_length=1)
    source: str = Field(min_length=1)


@cache
def stimuli() -> dict[str, Stimulus]:
    """All stimuli by name."""
    text = (resources.files("schemas") / "prompt_stimuli.yaml").read_text(encoding="utf-8")
    return {name: Stimulus.model_validate(one) for name, one in yaml.safe_load(text).items()}


def stimulus(name: str) -> str:
    """The words of a stimulus (`variant.stimulus` of a labeler file); none: an empty string."""
    return "" if name == NONE else stimuli()[name].text
