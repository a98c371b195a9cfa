"""Label task: what is asked of a record, as data (`schemas/tasks/*.yaml` or a user's file)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.spec_file import load_spec, shipped_names

_PACKAGE = "schemas.tasks"

Answer = Literal["labels", "scalars", "ordinals"]


class LabelTask(BaseModel):
    """One question about one unit of text; `taxonomy` is the default set of answers.

    What is answered (`answer`): which labels of the taxonomy hold (`labels`), a number for each
    (`scalars`, such as valence) or a level for each (`ordinals`, such as the intensity of anger).
    `multi_label` tells whether several labels may hold at once, in some taxonomy of the task;
    whether they may in the one that is used, its `exclusive` tells.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str = Field(min_length=1)
    description: str = Field(min_length=1)
    unit: Literal["record"] = "record"
    answer: Answer = "labels"
    taxonomy: str = Field(min_length=1)
    multi_label: bool
    source: str = ""


def task_names() -> list[str]:
    """Names of the tasks that ship with the package."""
    return shipped_names(_PACKAGE)


def load_task(name_or_path: str | Path) -> LabelTask:
    """Load a shipped task by name or a user's by path; ConfigError lists every mistake."""
    return load_spec(name_or_path, _PACKAGE, LabelTask, "label task")
