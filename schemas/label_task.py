"""Label task: what is asked of a record, as data (`schemas/tasks/*.yaml` or a user's file)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.answer_field import AnswerField
from schemas.spec_file import load_spec, shipped_names
from schemas.yaml_mistakes import SeveralError

_PACKAGE = "schemas.tasks"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

Answer = Literal["labels", "scalars", "ordinals", "words", "fields"]
Mode = Literal["generate", "score"]
SCORED: tuple[Answer, ...] = ("labels", "scalars", "ordinals")


class Context(BaseModel):
    """What is shown beside the text: at most so many of the turns before it, and the cues of the record."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    turns: int = Field(0, ge=0, le=256)
    cues: bool = False


class LabelTask(BaseModel):
    """One question about one unit of text; `taxonomy` is the default set of answers.

    What is answered (`answer`): which labels of the taxonomy hold (`labels`), a number for each (`scalars`, such as
    valence), a level for each (`ordinals`, such as the intensity of anger), free words (`words`; the taxonomy groups
    them), or only the `fields`. `fields` are what a language model answers beside that: spans, items, a rationale; the
    labels of a task of fields are those in its fields of kind `label`. `multi_label` tells whether several labels may
    hold at once, in some taxonomy of the task; whether they may in the one that is used, its `exclusive` tells.

    - `unit`: what is asked about: the record; each of its sentences; or the conversation up to its last turn (a record
      without one by itself) as one `document`.
    - `long`: a text that does not fit into the model is read in overlapping windows, or rejected.
    - `mode`: how a language model answers by default: `generate` writes the answer, `score` weighs codes of labels.
    - `instructions`: the task in words, for a language model. `{labels}` stands for the list of labels with their
      definitions, `{name}` for one of the `options`, which a label stage may set.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str = Field(min_length=1)
    description: str = Field(min_length=1)
    unit: Literal["record", "sentence", "document"] = "record"
    answer: Answer = "labels"
    taxonomy: str = Field(min_length=1)
    multi_label: bool
    source: str = ""
    experimental: bool = False
    mode: Mode = "generate"
    context: Context = Context()
    long: Literal["windows", "reject"] = "windows"
    max_labels: int | None = Field(None, ge=1, le=64)
    fields: tuple[AnswerField, ...] = ()
    options: dict[str, str] = Field(default_factory=dict)
    instructions: str = "{labels}"

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes in which a language model can answer; in `score` it leaves out the fields."""
        return ("generate", "score") if self.answer in SCORED else ("generate",)

    @model_validator(mode="after")
    def _consistent(self) -> LabelTask:
        mistakes = [f"the field {name!r} is there twice" for name in _twice(self.fields)]
        if self.answer == "fields" and not self.fields:
            mistakes.append("answer is fields, but no fields are given")
        if self.mode not in self.modes:
            mistakes.append(f"mode is score, but {self.answer} cannot be scored; choose generate")
        if self.max_labels is not None and self.answer not in ("labels", "words"):
            mistakes.append(f"max_labels says nothing of an answer of {self.answer}")
        known = {"labels", *self.options}
        mistakes += [
            f"instructions name {{{name}}}, which is not among the options; known: {', '.join(sorted(known))}"
            for name in dict.fromkeys(_PLACEHOLDER.findall(self.instructions))
            if name not in known
        ]
        if mistakes:
            raise SeveralError(mistakes)
        return self


def walk_fields(fields: Sequence[AnswerField]) -> Iterator[AnswerField]:
    """All fields, those within items after their list."""
    for field in fields:
        yield field
        yield from walk_fields(field.fields)


def _twice(fields: Sequence[AnswerField]) -> list[str]:
    return [name for name, n in Counter(field.name for field in fields).items() if n > 1]


def task_names() -> list[str]:
    """Names of the tasks that ship with the package."""
    return shipped_names(_PACKAGE)


def load_task(name_or_path: str | Path) -> LabelTask:
    """Load a shipped task by name or a user's by path; ConfigError lists every mistake."""
    return load_spec(name_or_path, _PACKAGE, LabelTask, "label task")
