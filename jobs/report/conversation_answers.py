"""What labelers said of a turn, ready to be shown: bars, other facts, places in the text, or why there is no answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.report.conversation_rows import Answers
from jobs.report.conversation_spans import Mark, read_answer
from schemas.errors import ConfigError
from schemas.taxonomy import load_taxonomy


@dataclass(frozen=True)
class Bar:
    """A label or a dimension: percent of the bar's length, the number beside it, whether the label was given."""

    name: str
    percent: int
    told: str
    given: bool


@dataclass(frozen=True)
class Said:
    """One answer to one question. `trouble`: why there is none."""

    question: str
    bars: tuple[Bar, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class All:
    """All answers, by record; and all marks, by the record in whose text they lie."""

    said: dict[str, list[Said]]
    marks: dict[str, list[Mark]]


def all_said(answers: tuple[Answers, ...], numbers: Mapping[str, int], most: int) -> All:
    """`numbers`: the turns by record. `most`: bars for each answer; labels that were given are shown beyond that."""
    result = All({}, {})
    for asked in answers:
        bounds = _bounds(asked.taxonomy)
        question = f"{asked.task} · {asked.taxonomy} · {asked.labeler}"
        for row in asked.table.to_pylist():
            said, marks = _said(row, question, bounds, numbers, most)
            result.said.setdefault(row["record_id"], []).append(said)
            for mark in marks:
                result.marks.setdefault(mark.record_id, []).append(
                    Mark(mark.record_id, mark.start, mark.end, f"{mark.meaning} · {question}")
                )
    return result


def _said(
    row: Mapping[str, Any],
    question: str,
    bounds: tuple[tuple[str, ...], float, float] | None,
    numbers: Mapping[str, int],
    most: int,
) -> tuple[Said, list[Mark]]:
    if row["status"] != "labeled":
        reason = f" ({row['reason']})" if row["reason"] else ""
        return Said(question, trouble=f"{row['status']}{reason}"), []
    answer = row.get("answer")
    dimensions = _dimensions(answer, bounds)
    marks, facts = read_answer(
        answer, row["record_id"], numbers, skip=[bar.name for bar in dimensions]
    )
    labels = _labels(row, most)
    if not labels and not dimensions and not facts and not marks:
        facts = [("labels", "none applies")]
    return Said(question, (*dimensions, *labels), tuple(facts)), marks


def _labels(row: Mapping[str, Any], most: int) -> list[Bar]:
    given = list(row["labels"] or [])
    scores = {each["label"]: each["probability"] for each in row["scores"] or []}
    if not scores:
        return [Bar(name, 0, "", given=True) for name in given]
    best = sorted(scores, key=lambda name: (name not in given, -(scores[name] or 0.0)))
    shown = best[: max(most, len(given))]
    return [
        Bar(name, round(100 * (scores[name] or 0.0)), f"{scores[name] or 0.0:.2f}", name in given)
        for name in shown
    ]


def _dimensions(
    answer: Mapping[str, Any] | None, bounds: tuple[tuple[str, ...], float, float] | None
) -> list[Bar]:
    if answer is None or bounds is None:
        return []
    names, low, high = bounds
    bars = []
    for name in names:
        value = answer.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            share = (value - low) / (high - low)
            told = f"{value:.2f}" if isinstance(value, float) else f"{value} of {high:g}"
            bars.append(Bar(name, round(100 * min(1.0, max(0.0, share))), told, given=False))
    return bars


def _bounds(taxonomy: str) -> tuple[tuple[str, ...], float, float] | None:
    """The names of a taxonomy that is answered by numbers, and their least and greatest."""
    try:
        found = load_taxonomy(taxonomy)
    except ConfigError:
        return None  # somebody's own: the lake has its answers, not what they mean
    return None if found.range is None else (found.names, *found.range)
