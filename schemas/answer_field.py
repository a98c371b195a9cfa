"""A field of a typed answer: what a language model answers beside the labels of a task, as data."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.yaml_mistakes import SeveralError

FieldKind = Literal["label", "choice", "level", "number", "flag", "text", "span", "turn", "items"]
_NEEDS = {"choice": "choices", "level": "range", "number": "range", "items": "fields"}
_ABOUT = {
    "choices": ("choice",),
    "range": ("level", "number"),
    "max_chars": ("text", "span"),
    "max_items": ("items",),
    "fields": ("items",),
}


class AnswerField(BaseModel):
    """One field; every kind is bounded, so that an answer ends.

    - `label`: one label of the task's taxonomy. `choice`: one of `choices`. `flag`: yes or no.
    - `level`, `number`: an integer, a number in `range`.
    - `text`: free words of at most `max_chars` characters.
    - `span`: words of the text, copied exactly; kept as their place in it. Beside a field of kind `turn` they are of
      that turn. `turn`: which turn: 0 the record itself, 1 the turn before it, and so on.
    - `items`: a list of at most `max_items` objects with `fields` of their own.

    `optional`: it may be null.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: FieldKind
    definition: str = ""
    choices: tuple[str, ...] = ()
    range: tuple[float, float] | None = None
    max_chars: int = Field(200, ge=1, le=4000)
    max_items: int = Field(8, ge=1, le=64)
    fields: tuple[AnswerField, ...] = ()
    optional: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> AnswerField:
        needed = _NEEDS.get(self.kind)
        mistakes = [
            f"{key} says nothing of a field of kind {self.kind}"
            for key in sorted(self.model_fields_set & set(_ABOUT))
            if self.kind not in _ABOUT[key]
        ]
        if needed and not getattr(self, needed):
            mistakes.append(f"a field of kind {self.kind} needs {needed}")
        if self.range is not None and not self.range[0] < self.range[1]:
            mistakes.append("range must be two numbers, the lower one first")
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names):
            mistakes.append("two fields have the same name")
        if any(field.kind == "items" for field in self.fields):
            mistakes.append("items cannot hold items")
        if sum(field.kind == "turn" for field in self.fields) > 1:
            mistakes.append("only one field can name the turn")
        if len(set(self.choices)) < len(self.choices):
            mistakes.append("a choice is listed twice")
        if mistakes:
            raise SeveralError(mistakes)
        return self
