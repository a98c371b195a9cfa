"""One answer for a row, from the answers to all questions about it.

How answers are put together: of several label orders and samples, probabilities are averaged (in generate mode: the
share of the answers that give a label). Of several windows of a long text, a label has its greatest probability, a
level its greatest value, a number the mean weighted by length, exclusive labels the mean of their probabilities
weighted by length; words, items and labels are united, and what the overlap gives twice counts once; fields that are
levels and numbers as levels and numbers, a flag holds if it does in any; other fields are those of the first window
that has them. Fields are not voted on: they are those of the first order and sample. Of sentences, each keeps its own
answer, and the row's labels are put together as those of windows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import numpy as np

from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.label.prompted.answer_schema import levels_of
from transforms.label.prompted.calibration import Calibration
from transforms.label.prompted.document import Document
from transforms.label.prompted.fields import merged, placed
from transforms.label.prompted.question import Question, Told

Told1 = tuple[Question, Told]
_HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class Answered:
    """Labels, scores (probability by label; None: there are none) and the typed answer of a row."""

    labels: list[str]
    scores: dict[str, float] | None
    answer: dict[str, Any] | None = None


@dataclass(frozen=True)
class Deciding:
    """What decides on labels: the task, and what was learned of the model's probabilities."""

    task: LabelTask
    taxonomy: Taxonomy
    calibration: Calibration | None = None

    def answer(self, given: Sequence[Told1], document: Document) -> Answered:
        """The answer for a row. `given` are the answers to all its questions, none failed, pieces in order."""
        pieces = [list(group) for _, group in groupby(given, key=lambda pair: pair[0].piece)]
        each = [self._piece([told for _, told in piece]) for piece in pieces]
        lengths = [max(1, piece[0][0].piece[1] - piece[0][0].piece[0]) for piece in pieces]
        found = self._together(each, lengths)
        fields = [
            placed(self.task.fields, piece[0][1].get("fields") or {}, piece[0][0], document)
            for piece in pieces
        ]
        answer: dict[str, Any] = dict(found.answer or {})
        if self.task.unit == "sentence":
            answer["sentences"] = [
                {
                    "span": _span(document, piece[0][0].piece),
                    "labels": self._labels(one, of),
                    **(one.answer or {}),
                    **of,
                }
                for piece, one, of in zip(pieces, each, fields, strict=True)
            ]
        elif self.task.fields:
            answer |= merged(self.task.fields, fields, lengths)
        labels = found.labels
        if self.task.answer == "fields":
            labels = list(dict.fromkeys(name for of in fields for name in _named(self.task, of)))
        return Answered(labels, found.scores, answer or None)

    def _labels(self, one: Answered, fields: Mapping[str, Any]) -> list[str]:
        return _named(self.task, fields) if self.task.answer == "fields" else one.labels

    def _piece(self, told: Sequence[Told]) -> Answered:
        """Of one piece: its answers under several orders of labels, or several samples."""
        if self.task.answer == "labels":
            return self._decide(self._probabilities(told), told)
        if self.task.answer in ("scalars", "ordinals"):
            return self._numbers(told)
        if self.task.answer == "words":
            counts: dict[str, int] = {}
            for each in told:
                for word in each["words"]:
                    counts[word] = counts.get(word, 0) + 1
            shares = {word: count / len(told) for word, count in counts.items()}
            given = [word for word, share in shares.items() if share >= 0.5]
            return Answered(
                given, {word: shares[word] for word in given} if len(told) > 1 else None
            )
        return Answered([], None)

    def _probabilities(self, told: Sequence[Told]) -> dict[str, float]:
        names = self.taxonomy.names
        if "labels" not in told[0]:
            raw = {name: math.fsum(each["p"][name] for each in told) / len(told) for name in names}
        elif len(told) > 1:
            raw = {name: sum(name in each["labels"] for each in told) / len(told) for name in names}
        else:
            raw = dict(told[0]["p"])
        if self.calibration is None:
            return raw
        row = np.array([[raw[name] for name in self.calibration.labels]])
        done = self.calibration.apply(row)[0]
        return dict(zip(self.calibration.labels, map(float, done), strict=True))

    def _decide(self, p: dict[str, float], told: Sequence[Told]) -> Answered:
        if self.calibration is not None:
            row = np.array([[p[name] for name in self.calibration.labels]])
            chosen = self.calibration.decide(row)[0]
            given = [name for name, on in zip(self.calibration.labels, chosen, strict=True) if on]
        elif len(told) == 1 and "labels" in told[0]:
            given = list(told[0]["labels"])
        elif self.taxonomy.exclusive:
            given = [max(p, key=lambda name: p[name])]
        else:
            given = [name for name in self.taxonomy.names if p[name] >= _HALF]
        return Answered(self._or_neutral(given), p)

    def _or_neutral(self, labels: list[str]) -> list[str]:
        neutral = self.taxonomy.neutral
        return labels or ([neutral] if neutral is not None else [])

    def _numbers(self, told: Sequence[Told]) -> Answered:
        names, low_high = self.taxonomy.names, self.taxonomy.range or (0.0, 1.0)
        if self.task.answer == "scalars":
            values = {name: [_scalar(each, name, low_high) for each in told] for name in names}
            answer: dict[str, Any] = {
                name: math.fsum(mean for mean, _ in each) / len(each)
                for name, each in values.items()
            }
            answer["spread"] = {name: _spread(each) for name, each in values.items()}
            return Answered([], None, answer)
        low = levels_of(self.taxonomy)[0]
        levels: dict[str, int] = {}
        p: dict[str, float] = {}
        for name in names:
            known = [each["levels"][name] for each in told if name in (each.get("levels") or {})]
            mean = (
                [math.fsum(column) / len(known) for column in zip(*known, strict=True)]
                if known
                else []
            )
            if "numbers" in told[0]:
                levels[name] = math.floor(
                    sum(each["numbers"][name] for each in told) / len(told) + 0.5
                )
            else:
                levels[name] = low + _median(mean)
            if mean:
                p[name] = math.fsum(mean[1:])
        given = [name for name in names if levels[name] > low]
        return Answered(given, p if len(p) == len(names) else None, dict(levels))

    def _together(self, each: Sequence[Answered], lengths: Sequence[int]) -> Answered:
        """Of several pieces."""
        if len(each) == 1:
            return each[0]
        weights = [length / sum(lengths) for length in lengths]
        if self.task.answer == "scalars":
            return Answered([], None, _mean(each, weights, self.taxonomy.names))
        scored = [one.scores for one in each]
        if self.task.answer == "labels" and self.taxonomy.exclusive:
            mean = {
                name: math.fsum(
                    w * (s or {}).get(name, float(name in one.labels))
                    for w, s, one in zip(weights, scored, each, strict=True)
                )
                for name in self.taxonomy.names
            }
            return Answered([max(mean, key=lambda name: mean[name])], mean)
        most: dict[str, float] = {}
        for scores in scored:
            for name, p in (scores or {}).items():
                most[name] = max(p, most.get(name, 0.0))
        labels = list(dict.fromkeys(label for one in each for label in one.labels))
        if self.task.answer == "words":
            return Answered(labels, most or None)
        labels = [label for label in labels if label != self.taxonomy.neutral] or labels
        answer = None
        if self.task.answer == "ordinals":
            answer = {
                name: max((one.answer or {})[name] for one in each) for name in self.taxonomy.names
            }
        ordered = {name: most[name] for name in self.taxonomy.names if name in most}
        return Answered(
            [name for name in self.taxonomy.names if name in labels], ordered or None, answer
        )


def _scalar(told: Told, name: str, bounds: tuple[float, float]) -> tuple[float, float | None]:
    """A number, and how much the model's own probabilities spread around it (standard deviation)."""
    if "numbers" in told:
        return told["numbers"][name], None
    low, high = bounds
    p = told["levels"][name]
    points = [low + (high - low) * place / (len(p) - 1) for place in range(len(p))]
    mean = math.fsum(w * x for w, x in zip(p, points, strict=True))
    variance = math.fsum(w * (x - mean) ** 2 for w, x in zip(p, points, strict=True))
    return mean, math.sqrt(max(0.0, variance))


def _median(p: Sequence[float]) -> int:
    """The place of the median of a distribution; the upper one where there are two, so that a level above the least is
    given just where its probability is at least .5.
    """
    total = 0.0
    for place, each in enumerate(p):
        total += each
        if total > _HALF:
            return place
    return len(p) - 1


def _spread(values: Sequence[tuple[float, float | None]]) -> float | None:
    own = [spread for _, spread in values if spread is not None]
    if own:
        return math.fsum(own) / len(own)
    if len(values) < 2:
        return None
    mean = math.fsum(value for value, _ in values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value, _ in values) / (len(values) - 1))


def _mean(
    each: Sequence[Answered], weights: Sequence[float], names: Sequence[str]
) -> dict[str, Any]:
    answers = [one.answer or {} for one in each]
    found: dict[str, Any] = {
        name: math.fsum(w * of[name] for w, of in zip(weights, answers, strict=True))
        for name in names
    }
    spreads = {name: [of["spread"][name] for of in answers] for name in names}
    found["spread"] = {
        name: None
        if any(s is None for s in of)
        else math.fsum(w * s for w, s in zip(weights, of, strict=True))
        for name, of in spreads.items()
    }
    return found


def _named(task: LabelTask, fields: Mapping[str, Any]) -> list[str]:
    """The labels in the fields of kind label, in order, each once."""
    found: list[str] = []
    for field in task.fields:
        if field.kind == "label":
            found.append(fields.get(field.name) or "")
        elif field.kind == "items":
            inner = [each.name for each in field.fields if each.kind == "label"]
            found += [
                item.get(name) or "" for item in fields.get(field.name) or () for name in inner
            ]
    return [name for name in dict.fromkeys(found) if name]


def _span(document: Document, piece: tuple[int, int]) -> dict[str, Any]:
    record_id, start, end = document.place(*piece)
    return {"record_id": record_id, "start": start, "end": end}
