"""Label task: what is asked of a record, as data (`schemas/tasks/*.yaml` or a user's file)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.spec_file import load_spec, shipped_names

_PACKAGE = "schemas.tasks"


class LabelTask(BaseModel):
    """One question about one unit of text; `taxonomy` is the default set of answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str = Field(min_length=1)
    description: str = Field(min_length=1)
    unit: Literal["record"] = "record"
    taxonomy: str = Field(min_length=1)
    multi_label: bool
    source: str = ""


def task_names() -> list[str]:
    """Names of the tasks that ship with the package."""
    return shipped_names(_PACKAGE)


def load_task(name_or_path: str | Path) -> LabelTask:
    """Load a shipped task by name or a user's by path; ConfigError lists every mistake."""
    return load_spec(name_or_path, _PACKAGE, LabelTask, "label task")
