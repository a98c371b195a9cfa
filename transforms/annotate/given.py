"""What annotators gave, in the words of a task and its taxonomy: labels, or a number for each dimension. Pure."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy

NONE: Final = "none"
"""The choice that says that no label holds, where the taxonomy has no label of that name."""


@dataclass(frozen=True)
class Question:
    """What was asked. `label_set`: the labels that could be given, when that is not the whole taxonomy."""

    task: LabelTask
    taxonomy: Taxonomy
    label_set: tuple[str, ...] = ()

    @property
    def allowed(self) -> frozenset[str]:
        """Labels (or dimensions) that an answer may have."""
        return frozenset(self.label_set or self.taxonomy.names)

    @property
    def controls(self) -> tuple[str, ...]:
        """Names of the control (Label Studio's `from_name`, a column) that holds labels, the best one first."""
        return ("labels", self.task.name, self.taxonomy.name, "label", "choices", "choice")


@dataclass(frozen=True)
class Answer:
    """Labels (of numbers: none), and numbers by dimension (of labels: none)."""

    labels: tuple[str, ...] = ()
    values: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Annotation:
    """One answer of one annotator to one unit.

    `where`: its place in the file. `unit`: the record's id, else what stands for it in the file. `annotator`: who it
    was, in the clear, so that it never leaves memory; None where the file does not tell.
    """

    where: str
    unit: str
    record_id: str | None
    annotator: str | None
    answer: Answer
    weight: float | None = None
    annotated_at: dt.datetime | None = None
    text: str | None = None
    lang: str | None = None
    corpus: str | None = None
    role: str | None = None


@dataclass(frozen=True)
class Skipped:
    """A unit without an answer, and why: not_annotated, cancelled, no_answer, superseded."""

    where: str
    reason: str


@dataclass(frozen=True)
class Broken:
    """A unit that cannot be used, and the class of its error."""

    where: str
    error_class: str


Outcome = Annotation | Skipped | Broken


class GivenError(Exception):
    """An answer that cannot be used; the argument is its error class."""


def read_answer(given: Mapping[str, Sequence[object]], question: Question) -> Answer | None:
    """The answer in what each control was given; None without one.

    GivenError: unknown_label, several_labels (of an exclusive taxonomy), contradiction (`none` and a label),
    broken_value (no number, or several), out_of_range (of the scale that the taxonomy's gold has).
    """
    if question.task.answer == "labels":
        return _labels(given, question)
    values = [
        (name, _number(given[name], question))
        for name in question.taxonomy.names
        if name in question.allowed and given.get(name)
    ]
    return Answer(values=tuple(values)) if values else None


def _labels(given: Mapping[str, Sequence[object]], question: Question) -> Answer | None:
    known = [name for name in question.controls if name in given][:1]
    found = [label for name in known or given for label in given[name]]
    if not found:
        return None
    none = NONE not in question.taxonomy.names and NONE in found
    labels = {label for label in found if isinstance(label, str) and not (none and label == NONE)}
    if not labels <= question.allowed or not all(isinstance(label, str) for label in found):
        raise GivenError("unknown_label")
    if none and labels:
        raise GivenError("contradiction")
    if question.taxonomy.exclusive and len(labels) > 1:
        raise GivenError("several_labels")
    return Answer(labels=tuple(name for name in question.taxonomy.names if name in labels))


def _number(given: Sequence[object], question: Question) -> float:
    if len(given) != 1 or isinstance(given[0], bool) or not isinstance(given[0], int | float | str):
        raise GivenError("broken_value")
    try:
        value = float(given[0])
    except (ValueError, OverflowError):
        raise GivenError("broken_value") from None
    if not math.isfinite(value):
        raise GivenError("broken_value")
    bounds = question.taxonomy.gold_range or question.taxonomy.range
    if bounds is not None and not bounds[0] <= value <= bounds[1]:
        raise GivenError("out_of_range")
    if question.task.answer == "ordinals" and value != int(value):
        raise GivenError("broken_value")
    return value


def values_of(content: object) -> list[object]:
    """The values in what a control holds, however it is wrapped: `"a"`, `2`, `{"choices": ["a"]}`,
    `[{"rating": 2}]`. Of anything else (spans, free text) nothing.
    """
    if isinstance(content, list):
        return [value for each in content for value in values_of(each)]
    if isinstance(content, dict):
        inner = next(
            (content[key] for key in ("choices", "rating", "number") if key in content), None
        )
        return values_of(inner)
    return [] if content is None or content == "" else [content]


def values_in_cell(cell: str, names: frozenset[str]) -> list[object]:
    """The values in a cell of a table: JSON as Label Studio writes it, one name, or names joined by , ; or |.

    Names are found in upper and lower case: people type them.
    """
    told = cell.strip()
    if told[:1] in ("[", "{"):
        try:
            return values_of(json.loads(told))
        except (ValueError, RecursionError):
            raise GivenError("broken_value") from None
    known = {name.casefold(): name for name in (*sorted(names), NONE)}
    if told.casefold() in known or not told:
        return values_of(known.get(told.casefold()))
    parts = [part.strip() for part in re.split(r"[,;|]", told) if part.strip()]
    return [known.get(part.casefold(), part) for part in parts]


def newest(annotations: Iterable[Annotation]) -> tuple[list[Annotation], int]:
    """Of each annotator and unit the newest annotation, in the order of the file, and how many others there were.

    One without a time is older than all others; of equal times the last of the file holds.
    """
    found: dict[tuple[str, str | None], Annotation] = {}
    others = 0
    for each in annotations:
        key = (each.unit, each.annotator)
        known = found.get(key)
        others += known is not None
        if known is None or _time(each) >= _time(known):
            found[key] = each
    return list(found.values()), others


def _time(annotation: Annotation) -> dt.datetime:
    return annotation.annotated_at or dt.datetime.min.replace(tzinfo=dt.UTC)


def annotator_of(told: object, annotation_id: object = None) -> str | None:
    """Who annotated, in one spelling: an e-mail address, else an id, as Label Studio tells it (also as an object).

    Where the details of users were left out of the export, each annotation stands for an annotator of its own.
    """
    if isinstance(told, dict):
        told = told.get("email") or told.get("id") or told.get("username")
    if isinstance(told, int | float) and not isinstance(told, bool):
        told = str(told)
    if isinstance(told, str) and told.strip():
        return told.strip().casefold()
    if isinstance(annotation_id, int | str) and not isinstance(annotation_id, bool):
        return f"annotation {annotation_id}"
    return None


def weight_of(told: object) -> float | None:
    """The weight of a row. GivenError (broken_weight): neither nothing nor a number above 0."""
    if told is None or told == "":
        return None
    try:
        weight = float(told) if isinstance(told, int | float | str) else math.nan
    except (ValueError, OverflowError):
        weight = math.nan
    if isinstance(told, bool) or not (math.isfinite(weight) and weight > 0):
        raise GivenError("broken_weight")
    return weight


def time_of(told: object) -> dt.datetime | None:
    """A time as ISO 8601 tells it, in UTC (also where it names no zone). GivenError (broken_time): anything else."""
    if told is None or told == "":
        return None
    try:
        found = dt.datetime.fromisoformat(told) if isinstance(told, str) else None
        if found is None:
            raise GivenError("broken_time")
        return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise GivenError("broken_time") from None


def text_of(told: object) -> str | None:
    """A string that can be written: halves of surrogate pairs, which JSON may hold, are replaced."""
    if isinstance(told, int) and not isinstance(told, bool):
        told = str(told)
    if not isinstance(told, str) or not told:
        return None
    return told.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
