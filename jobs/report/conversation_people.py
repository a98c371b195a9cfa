"""What people said of a turn: gold that came with the corpus, and imported annotations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jobs.report.conversation_answers import Bar, Said

Entry = Mapping[str, Any]


def people_said(entries: Sequence[Entry]) -> list[Said]:
    """One answer for each question: how many of those who could give a label did, or the mean of their numbers.

    `entries` are gold entries and annotations of one record. An entry without an annotator is what all agreed on.
    """
    questions: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        questions.setdefault((entry["task"], entry["taxonomy"]), []).append(entry)
    return [
        Said(f"{task} · {taxonomy} · people", tuple(_bars(own)), tuple(_numbers(own)))
        for (task, taxonomy), own in sorted(questions.items())
    ]


def _bars(entries: Iterable[Entry]) -> list[Bar]:
    given = [entry for entry in entries if entry["labels"] is not None]
    counts = Counter(name for entry in given for name in dict.fromkeys(entry["labels"]))
    shown = []
    for name, n in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        asked = sum(_could_give(entry, name) for entry in given)
        shown.append(_bar(name, n, asked))
    none = sum(not entry["labels"] for entry in given)
    return [*shown, *([_bar("none applies", none, len(given))] if none else [])]


def _could_give(entry: Entry, name: str) -> bool:
    """Whether the label was among those that could be given: what was not asked is not a no."""
    asked = entry["label_set"]
    return asked is None or name in entry["labels"] or name in asked.split()


def _bar(name: str, n: int, asked: int) -> Bar:
    return Bar(name, round(100 * n / asked), f"{n} of {asked}", given=2 * n > asked)


def _numbers(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    values: dict[str, list[float]] = {}
    for entry in entries:
        if entry["value"] is not None:
            values.setdefault(entry["label_set"] or "value", []).append(entry["value"])
    return [
        (
            name,
            f"{sum(own) / len(own):.3g} (mean of {len(own)})" if len(own) > 1 else f"{own[0]:.3g}",
        )
        for name, own in sorted(values.items())
    ]
