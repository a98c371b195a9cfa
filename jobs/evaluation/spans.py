"""Answers that are spans of the text, against gold spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from jobs.evaluation.answers import Answers
from jobs.evaluation.gold_columns import SPANS
from jobs.evaluation.measured import Draw, Figures, Measured, One
from jobs.evaluation.span_cells import WRONG, read_spans, words_of
from transforms.evaluate.annotations import Bools
from transforms.evaluate.bootstrap import Intervals, bootstrap
from transforms.evaluate.figures import Undefined
from transforms.evaluate.spans import SPAN_FIGURES, Span, figures_of, span_sums
from transforms.evaluate.sums import Sums
from transforms.evaluate.together import Together

Rows = Sequence[Sequence[Span]]
_UNNAMED = "(no label)"


@dataclass(frozen=True)
class Spans:
    """Spans of gold and answers, and where the words of the text are, all by row; `labeled` (rows).

    A row without an answer has nothing given.
    """

    gold: Rows
    given: Rows
    words: Sequence[Sequence[tuple[int, int]]]
    labeled: Bools

    def take(self, rows: Bools) -> Spans:
        """Some of the rows."""
        kept = np.flatnonzero(rows).tolist()
        return Spans(
            [self.gold[row] for row in kept], [self.given[row] for row in kept],
            [self.words[row] for row in kept], self.labeled[rows],
        )  # fmt: skip

    def overall(self, draw: Draw) -> tuple[Figures, Intervals]:
        """Precision, recall and F1 of exact spans, of overlaps, of words."""
        figures = figures_of(self._sums)
        found = bootstrap(self.statistic(), len(self.gold), **draw.arguments)
        return figures, _defined(found, figures)

    def measure(self, draw: Draw) -> Measured:
        """Overall, and per label with its intervals, where spans have labels."""
        figures, intervals = self.overall(draw)
        each = {name: self._of(name) for name in self._labels()}
        drawn: Intervals = {}
        if each:
            parts = Together({name: [one.statistic()] for name, one in each.items()})
            drawn = bootstrap(parts, len(self.gold), **draw.arguments)
        per_label = {}
        for name, one in each.items():
            own = figures_of(one._sums)
            spread = {of: drawn[f"{of}.{name}"] for of in SPAN_FIGURES if f"{of}.{name}" in drawn}
            per_label[name] = One(own, one.counts, _defined(spread, own))
        counts = {"gold_spans": self.counts["support"], "given_spans": self.counts["predicted"]}
        return Measured(figures, intervals, "per_label", per_label, more=counts)

    def shared(self, other: Spans) -> tuple[Spans, Spans]:
        """Both as they are: a row without an answer is an empty answer."""
        return self, other

    def statistic(self) -> Sums:
        """All figures."""
        return self._sums

    @cached_property
    def _sums(self) -> Sums:
        return span_sums(self.gold, self.given, self.words)

    @property
    def counts(self) -> dict[str, int]:
        """Spans of gold and of answers; equal ones of a row are one."""
        numbers = [sum(len(set(row)) for row in side) for side in (self.gold, self.given)]
        return {"support": numbers[0], "predicted": numbers[1]}

    def label_mismatch(self) -> bool:
        """Whether one side names labels and the other has spans, but never with a label: nothing can match."""
        gold, given = (
            [len(span) > 2 for row in side for span in row] for side in (self.gold, self.given)
        )
        return bool(gold and given) and any(gold) != any(given)

    def _labels(self) -> list[str]:
        names = {_label(span) for side in (self.gold, self.given) for row in side for span in row}
        return [] if names <= {_UNNAMED} else sorted(names)

    def _of(self, name: str) -> Spans:
        gold, given = (
            [[span for span in row if _label(span) == name] for row in side]
            for side in (self.gold, self.given)
        )
        return replace(self, gold=gold, given=given)


@dataclass(frozen=True)
class SpanGold:
    """Gold spans of some rows, None where a row was not annotated; `wrong`: rows refused, by what is wrong."""

    spans: Sequence[Sequence[Span] | None]
    words: Sequence[Sequence[tuple[int, int]]]
    wrong: dict[str, int]

    @property
    def about(self) -> dict[str, str]:
        """Spans are of no task and taxonomy of ours."""
        return {"task": SPANS, "answer": SPANS}

    @property
    def annotated(self) -> Bools:
        """Which rows have gold."""
        return np.array([row is not None for row in self.spans], np.bool_)

    @property
    def undecided(self) -> Bools:
        """None: spans are not put to the vote."""
        nothing: Bools = np.zeros(len(self.spans), np.bool_)
        return nothing

    @property
    def notes(self) -> list[str]:
        """What is wrong with rows that were refused."""
        if not self.wrong:
            return []
        told = ", ".join(f"{number:,} with {WRONG[of]}" for of, number in self.wrong.items())
        return [
            f"rows of gold left out: {told}; a span is text[start:end], counted in code points from 0"
        ]

    def take(self, rows: Bools) -> SpanGold:
        """Some of the rows."""
        kept = np.flatnonzero(rows).tolist()
        return SpanGold([self.spans[i] for i in kept], [self.words[i] for i in kept], self.wrong)

    def compared(self, answers: Answers) -> Spans:
        """Gold beside the spans that were given to the same rows."""
        told = answers.frame[SPANS].to_list()
        given: list[list[Span]] = [
            [_span(each) for each in of or []] if there else []
            for of, there in zip(told, answers.labeled, strict=True)
        ]
        return Spans([row or [] for row in self.spans], given, self.words, answers.labeled)


def span_gold(rows: pl.DataFrame) -> SpanGold:
    """Gold from the columns text and spans (JSON)."""
    spans, wrong = read_spans(rows[SPANS], rows["text"])
    counts = {of: wrong.count(of) for of in WRONG if of in wrong}
    return SpanGold(spans, [words_of(text or "") for text in rows["text"]], counts)


def _span(each: dict[str, int | str | None]) -> Span:
    start, end, label = int(each["start"] or 0), int(each["end"] or 0), each["label"]
    return (start, end) if label is None else (start, end, str(label))


def _label(span: Span) -> str:
    return span[2] if len(span) > 2 else _UNNAMED


def _defined(intervals: Intervals, figures: Figures) -> Intervals:
    return {
        name: bounds
        for name, bounds in intervals.items()
        if not isinstance(figures.get(name, Undefined("")), Undefined)
    }
