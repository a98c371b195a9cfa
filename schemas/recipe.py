"""Recipe: how rows are generated, as data (`schemas/recipes/*.yaml` or a user's file)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from schemas.recipe_mistakes import mistakes
from schemas.recipe_steps import NAME, Part, Spec, Step, roles
from schemas.spec_file import load_spec, shipped_names
from schemas.yaml_mistakes import SeveralError

_PACKAGE = "schemas.recipes"


class Seeds(Spec):
    """What items start from: rows of a SELECT over the views of the lake, in the order that it gives.

    The column `record_id` is the record that a row is of; `text` and any other are variables of the prompts. Only
    `text_clean` may be read of what people wrote: views of raw text are not there.
    """

    sql: str = Field(min_length=1)


class Axis(Spec):
    """What varies from item to item, and as variables `{name}` (labels), or `{name.column}` (rows of a table).

    `labels`: those of the recipe's taxonomy, evenly or by a plan, with `{name.definition}` and `{name.opposite}`.
    `table`: a CSV file, ours by its name or the user's. Which row an item gets is drawn by its number.
    """

    name: str = Field(pattern=NAME)
    labels: bool = False
    without: tuple[str, ...] = ()
    table: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Axis:
        if self.labels == (self.table is not None):
            raise ValueError(f"the axis {self.name} is either labels or a table")
        if self.without and not self.labels:
            raise ValueError(f"the axis {self.name} has no labels to go without")
        return self


class Emit(Spec):
    """A row that an item becomes: its part, its text (a template), and the variable with the label that it shows."""

    part: Part
    text: str = Field(min_length=1)
    target: str | None = None
    role: str | None = None
    score: str | None = None


class Recipe(Spec):
    """A small graph of steps; see docs/synthesize.md.

    `task` and `taxonomy`: what targets are labels of. `outside`: what becomes of a label that a model wrote and that
    the taxonomy does not have: the `nearest` one, none (`aside`: the row stays, without a target), or the row is
    dropped (`reject`).
    """

    name: str = Field(pattern=NAME)
    version: int = Field(ge=1)
    title: str = Field(min_length=1)
    description: str = Field(min_length=1)
    source: str = Field(min_length=1)
    experimental: bool = False
    task: str = "emotion"
    taxonomy: str
    outside: Literal["nearest", "aside", "reject"] = "reject"
    seeds: Seeds | None = None
    axes: tuple[Axis, ...] = ()
    steps: tuple[Step, ...] = Field(min_length=1)
    emit: tuple[Emit, ...] = ()

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that models play, in the order of the steps."""
        return tuple(dict.fromkeys(role for step in self.steps for role in roles(step)))

    @property
    def label_axis(self) -> Axis | None:
        """The axis of labels, of which there is at most one."""
        return next((axis for axis in self.axes if axis.labels), None)

    @model_validator(mode="after")
    def _consistent(self) -> Recipe:
        if found := list(mistakes(self)):
            raise SeveralError(found)
        return self


def recipe_names() -> list[str]:
    """Names of the recipes that ship with the package."""
    return shipped_names(_PACKAGE)


def load_recipe(name_or_path: str | Path) -> Recipe:
    """A shipped recipe by name or a user's by path; ConfigError lists every mistake."""
    return load_spec(name_or_path, _PACKAGE, Recipe, "recipe")
