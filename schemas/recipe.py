"""Recipe: how rows are generated, as data (`schemas/recipes/*.yaml` or a user's file)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.answer_field import AnswerField
from schemas.spec_file import load_spec, shipped_names
from schemas.yaml_mistakes import SeveralError

_PACKAGE = "schemas.recipes"
_NAME = r"^[a-z][a-z0-9_]*$"
VARIABLE = re.compile(r"\{([a-z][a-z0-9_.]*)\}")

Part = Literal[
    "utterance", "turn", "prompt", "chosen", "rejected", "affect", "neutral", "instruction", "input",
    "output",
]  # fmt: skip


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Seeds(_Spec):
    """What items start from: rows of a SELECT over the views of the lake, in the order that it gives.

    The column `record_id` is the record that a row is of; `text` and any other are variables of the prompts. Only
    `text_clean` may be read of what people wrote: views of raw text are not there.
    """

    sql: str = Field(min_length=1)


class Axis(_Spec):
    """What varies from item to item, and as variables `{name}` (labels), or `{name.column}` (rows of a table).

    `labels`: those of the recipe's taxonomy, evenly or by a plan, with `{name.definition}` and `{name.opposite}`.
    `table`: a CSV file, ours by its name or the user's. Which row an item gets is drawn by its number.
    """

    name: str = Field(pattern=_NAME)
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


class Write(_Spec):
    """A model writes `fields` under a JSON schema. They become variables `{id.field}`."""

    kind: Literal["write"]
    id: str = Field(pattern=_NAME)
    model: str = Field(pattern=_NAME, description="the role of the model that writes")
    system: str = Field(min_length=1)
    prompt: str = Field(min_length=1)
    fields: tuple[AnswerField, ...] = Field(min_length=1)


class Voice(_Spec):
    """Who talks in a conversation: its `role` there, the model that plays it, and what that is told before each turn.

    `{history}` is what was said so far, `{turn}` the number of the turn, from 1, `{turn.NAME}` the entry of this turn
    in a list: of the column NAME of the table `over`, whose entries are separated by `>`.
    """

    role: str = Field(pattern=_NAME)
    model: str = Field(pattern=_NAME)
    system: str = Field(min_length=1)
    prompt: str = Field(min_length=1)


class Converse(_Spec):
    """Models talk with each other, `turns` turns in all; the voices take turns. Each turn is an emitted part `turn`.

    `over`: variables that are lists (`fear > relief`), stretched over the turns. `target`: the variable of a turn that
    its text is to show, of the turns of `targeted` roles.
    """

    kind: Literal["converse"]
    id: str = Field(pattern=_NAME)
    turns: int = Field(ge=2, le=64)
    voices: tuple[Voice, ...] = Field(min_length=2, max_length=4)
    max_chars: int = Field(400, ge=20, le=4000)
    over: dict[str, str] = Field(default_factory=dict)
    target: str | None = None
    targeted: tuple[str, ...] = ()


class Refine(_Spec):
    """Items that a judge scored below are written once more, at most `rounds` times, and judged again.

    `of`: the write step whose fields are written anew. `{draft.FIELD}` is what was written, `{scores}` the judge's.
    """

    model: str = Field(pattern=_NAME)
    of: str = Field(pattern=_NAME)
    system: str = Field(min_length=1)
    prompt: str = Field(min_length=1)
    rounds: int = Field(1, ge=1, le=4)


class Judge(_Spec):
    """A model gives `parts` a level on each criterion of a rubric (see schemas.rubric), as a distribution.

    `least`: an item whose expected level of a criterion is lower is dropped. A conversation is shown as its last turn
    with all turns before it; the rubric says what of it is judged.
    """

    kind: Literal["judge"]
    id: str = Field(pattern=_NAME)
    model: str = Field(pattern=_NAME)
    rubric: str
    parts: tuple[Part, ...] = Field(min_length=1)
    least: dict[str, float] = Field(min_length=1)
    refine: Refine | None = None


class Likelihood(_Spec):
    """How probable a pleased follow-up is after each of two answers: the more probable one becomes `chosen`.

    The score of an answer is the mean log-probability of the tokens of a follow-up, averaged over those of the table
    `followups`. `first` and `second` are the variables of the answers, `prompt` what they answer.
    """

    kind: Literal["likelihood"]
    id: str = Field(pattern=_NAME)
    model: str = Field(pattern=_NAME)
    prompt: str
    first: str
    second: str
    followups: str


class Check(_Spec):
    """The checker labels all texts; an item with a text that does not show it its target is dropped."""

    kind: Literal["check"]
    id: str = Field(pattern=_NAME)
    rule: Literal["exact", "overlap", "group"] = "overlap"


Step = Annotated[
    Write | Converse | Judge | Likelihood | Check, Field(discriminator="kind")
]  # in their order


class Emit(_Spec):
    """A row that an item becomes: its part, its text (a template), and the variable with the label that it shows."""

    part: Part
    text: str = Field(min_length=1)
    target: str | None = None
    role: str | None = None
    score: str | None = None


class Recipe(_Spec):
    """A small graph of steps; see docs/synthesize.md.

    `task` and `taxonomy`: what targets are labels of. `outside`: what becomes of a label that a model wrote and that
    the taxonomy does not have: the `nearest` one, none (`aside`: the row stays, without a target), or the row is
    dropped (`reject`).
    """

    name: str = Field(pattern=_NAME)
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
        return tuple(dict.fromkeys(self._roles()))

    @property
    def label_axis(self) -> Axis | None:
        """The axis of labels, of which there is at most one."""
        return next((axis for axis in self.axes if axis.labels), None)

    def _roles(self) -> Iterator[str]:
        for step in self.steps:
            if isinstance(step, Converse):
                yield from (voice.model for voice in step.voices)
            elif not isinstance(step, Check):
                yield step.model
            if isinstance(step, Judge) and step.refine is not None:
                yield step.refine.model

    @model_validator(mode="after")
    def _consistent(self) -> Recipe:
        mistakes: list[str] = []
        ids = [step.id for step in self.steps]
        writes = {step.id for step in self.steps if isinstance(step, Write)}
        mistakes += [f"the step {name!r} is there twice" for name in {*ids} if ids.count(name) > 1]
        axes = [axis.name for axis in self.axes]
        mistakes += [
            f"the axis {name!r} is there twice" for name in {*axes} if axes.count(name) > 1
        ]
        if sum(axis.labels for axis in self.axes) > 1:
            mistakes.append("only one axis can be of labels")
        talks = any(isinstance(step, Converse) for step in self.steps)
        if talks == bool(self.emit):
            mistakes.append(
                "a recipe either converses, and its turns are its rows, or says in emit what its rows are"
            )
        if not any(isinstance(step, Judge) for step in self.steps):
            mistakes.append("no judge: nothing passes without one")
        if (
            not isinstance(self.steps[-1], Check)
            or sum(isinstance(s, Check) for s in self.steps) > 1
        ):
            mistakes.append(
                "the last step, and no other, must be a check: each row is labeled by another labeler than its maker"
            )
        parts = {each.part for each in self.emit} | ({"turn"} if talks else set())
        for step in self.steps:
            if isinstance(step, Judge):
                mistakes += [
                    f"{step.id} judges {part!r}, which is not emitted"
                    for part in step.parts
                    if part not in parts
                ]
                if step.refine is not None and step.refine.of not in writes:
                    mistakes.append(
                        f"{step.id} refines {step.refine.of!r}, which is no step that writes"
                    )
        mistakes += self._unknown_variables()
        if mistakes:
            raise SeveralError(mistakes)
        return self

    def _unknown_variables(self) -> Iterator[str]:
        roots = {axis.name for axis in self.axes} | {"seed", "neutral"}
        for step in self.steps:
            for text in _templates(step):
                known = roots | ({"history", "turn"} if isinstance(step, Converse) else set())
                if isinstance(step, Judge):
                    known |= {"draft", "scores"}
                yield from _unknown(text, known, step.id)
            if isinstance(step, Judge):  # what it judges must be written by then
                for each in self.emit:
                    if each.part in step.parts:
                        yield from _unknown(
                            each.text, roots, f"{step.id}, which judges {each.part},"
                        )
            roots.add(step.id)
        for each in self.emit:
            for text in (each.text, *(f"{{{name}}}" for name in (each.target, each.score) if name)):
                yield from _unknown(text, roots, f"emit of {each.part}")


def _templates(step: Step) -> list[str]:
    if isinstance(step, Write):
        return [step.system, step.prompt]
    if isinstance(step, Converse):
        return [text for voice in step.voices for text in (voice.system, voice.prompt)]
    if isinstance(step, Judge) and step.refine is not None:
        return [step.refine.system, step.refine.prompt]
    return []


def _unknown(text: str, roots: set[str], where: str) -> Iterator[str]:
    for name in dict.fromkeys(VARIABLE.findall(text)):
        if name.split(".")[0] not in roots:
            yield f"{where} names {{{name}}}, of which nothing is known there; known: {', '.join(sorted(roots))}"


def recipe_names() -> list[str]:
    """Names of the recipes that ship with the package."""
    return shipped_names(_PACKAGE)


def load_recipe(name_or_path: str | Path) -> Recipe:
    """A shipped recipe by name or a user's by path; ConfigError lists every mistake."""
    return load_spec(name_or_path, _PACKAGE, Recipe, "recipe")
