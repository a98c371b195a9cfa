"""Scores of marked spans, such as the words that name the cause of a feeling, against gold spans.

Three ways to count, from strict to lenient, each over all rows together:
- exact: a span is right when gold has the same one (as in CoNLL 2003);
- overlap: a span is right when it overlaps one of the other side (Breck, Choi and Cardie, Identifying
  expressions of opinion in context, IJCAI 2007): a given one for precision, one of gold for recall;
- token: every token, or position, in a span counts by itself, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from schemas.errors import SourceError
from transforms.evaluate.annotations import Bools, Ints
from transforms.evaluate.figures import Figure, finite
from transforms.evaluate.sums import Figures, Floats, Sums, divide

Span = tuple[int, int] | tuple[int, int, str]  # start, end (not in it), label

SPAN_FIGURES: Final = tuple(
    f"{way}_{figure}"
    for way in ("exact", "overlap", "token")
    for figure in ("precision", "recall", "f1")
)
_BECAUSE: Final = {
    "precision": "nothing was given",
    "recall": "nothing is in gold",
    "f1": "nothing is in gold or given",
}


def span_figures(
    gold: Sequence[Sequence[Span]],
    given: Sequence[Sequence[Span]],
    tokens: Sequence[Sequence[tuple[int, int]]] | None = None,
) -> dict[str, Figure]:
    """exact_precision, exact_recall, exact_f1, and the same of overlap and token, of lists (rows) of spans.

    Spans are (start, end) or (start, end, label), end not included; those with unequal labels have
    nothing in common, and equal ones of a row count once. `tokens`: where each row's tokens start and
    end, in order; a token is in a span when the two overlap. Without them every position is a token:
    right for spans of token numbers, and a count of characters for spans of offsets.
    SourceError: a span or token that does not end after it starts, or rows that differ in number.
    """
    return figures_of(span_sums(gold, given, tokens))


def figures_of(sums: Sums) -> dict[str, Figure]:
    """The same from what `span_sums` gave."""
    figures = sums.whole()
    return {name: finite(figures[name], _BECAUSE[name.split("_")[1]]) for name in SPAN_FIGURES}


def span_sums(
    gold: Sequence[Sequence[Span]],
    given: Sequence[Sequence[Span]],
    tokens: Sequence[Sequence[tuple[int, int]]] | None = None,
) -> Sums:
    """`span_figures` as a statistic of sums: counts per row."""
    rows = len(gold)
    if len(given) != rows or (tokens is not None and len(tokens) != rows):
        raise SourceError(
            f"{rows} rows of gold spans and {len(given)} of given ones, or of tokens."
        )
    labels: dict[str | None, int] = {}
    ours, theirs = _flat(gold, labels, "gold"), _flat(given, labels, "the answers")
    counted = [
        ours.row[_equal(ours, theirs)],
        ours.row,
        theirs.row,
        ours.row[_overlaps(ours, theirs)],
        theirs.row[_overlaps(theirs, ours)],
    ]
    if tokens is not None:
        places = _flat(tokens, {}, "the tokens")
        ours, theirs = (_in_tokens(spans, places) for spans in (ours, theirs))
    held, answered, either = (
        np.bincount(spans.row, _covered(spans), rows)
        for spans in (ours, theirs, _joined(ours, theirs))
    )
    counts = [np.bincount(of, minlength=rows) for of in counted]
    terms = [*counts, held + answered - either, held, answered]
    return Sums(np.stack(terms, axis=1).astype(np.float64), _figures)


def _figures(sums: Floats) -> Figures:
    both, gold, given, hit_gold, hit_given, token_both, token_gold, token_given = sums.T
    precision, recall = divide(hit_given, given), divide(hit_gold, gold)
    # One side alone has nothing in common with the other: zero, not undefined.
    right, found = np.nan_to_num(precision), np.nan_to_num(recall)
    overlap = np.where(gold + given > 0, 0.0, np.nan)
    np.divide(2 * right * found, right + found, out=overlap, where=right + found > 0)
    return {
        "exact_precision": divide(both, given),
        "exact_recall": divide(both, gold),
        "exact_f1": divide(2 * both, gold + given),
        "overlap_precision": precision,
        "overlap_recall": recall,
        "overlap_f1": overlap,
        "token_precision": divide(token_both, token_given),
        "token_recall": divide(token_both, token_gold),
        "token_f1": divide(2 * token_both, token_gold + token_given),
    }


@dataclass(frozen=True)
class _Spans:
    """Spans (spans), sorted by label, row and start, each once; `reach`: every position is below it."""

    row: Ints
    label: Ints
    start: Ints
    end: Ints

    def keyed(self, reach: int, rows: int) -> tuple[Ints, Ints]:
        """Starts and ends on one line, where rows and labels lie `reach` apart."""
        offset = (self.label * rows + self.row) * reach
        return offset + self.start, offset + self.end


def _flat(spans: Sequence[Sequence[Span]], labels: dict[str | None, int], where: str) -> _Spans:
    """All spans; numbers the labels that it meets in `labels`."""
    found = [
        (labels.setdefault(span[2] if len(span) > 2 else None, len(labels)), row, span[0], span[1])
        for row, of in enumerate(spans)
        for span in of
    ]
    label, row, start, end = np.array(found, np.int64).reshape(-1, 4).T
    wrong = np.flatnonzero((start < 0) | (end <= start))
    if len(wrong):
        raise SourceError(
            f"A span of {where} in row {row[wrong[0]]} runs from {start[wrong[0]]} to {end[wrong[0]]}.",
            remedy="A span starts at 0 or later and ends after its start.",
        )
    return _sorted(row, label, start, end)


def _sorted(row: Ints, label: Ints, start: Ints, end: Ints) -> _Spans:
    order = np.lexsort((end, start, row, label))
    parts = np.stack([row, label, start, end])[:, order]
    new: Bools = np.ones(len(order), np.bool_)
    new[1:] = (parts[:, 1:] != parts[:, :-1]).any(axis=0)
    return _Spans(*parts[:, new])


def _joined(ours: _Spans, theirs: _Spans) -> _Spans:
    return _sorted(
        *(
            np.concatenate([getattr(ours, part), getattr(theirs, part)])
            for part in ("row", "label", "start", "end")
        )
    )


def _frame(*spans: _Spans) -> tuple[int, int]:
    """A reach and a number of rows that hold all spans."""
    reach = max(int(each.end.max(initial=0)) for each in spans) + 1
    return reach, max(int(each.row.max(initial=0)) for each in spans) + 1


def _equal(ours: _Spans, theirs: _Spans) -> Bools:
    """Which of ours they have too."""
    frame = _frame(ours, theirs)
    (starts, ends), (their_starts, their_ends) = ours.keyed(*frame), theirs.keyed(*frame)
    if not len(their_starts):
        return np.zeros(len(starts), np.bool_)
    both = np.concatenate([np.stack([starts, ends]), np.stack([their_starts, their_ends])], axis=1)
    order = np.lexsort((both[1], both[0]))
    code = np.empty(len(order), np.int64)
    code[order] = np.cumsum((np.diff(both[:, order], axis=1, prepend=-1) != 0).any(axis=0))
    return np.isin(code[: len(starts)], code[len(starts) :])


def _overlaps(ours: _Spans, theirs: _Spans) -> Bools:
    """Which of ours overlap one of theirs: one that starts before ours ends, and ends after ours starts."""
    frame = _frame(ours, theirs)
    (starts, ends), (their_starts, their_ends) = ours.keyed(*frame), theirs.keyed(*frame)
    furthest = np.concatenate([[-1], np.maximum.accumulate(their_ends)])
    hit: Bools = furthest[np.searchsorted(their_starts, ends)] > starts
    return hit


def _covered(spans: _Spans) -> Ints:
    """Positions that each span adds to those before it in its row."""
    starts, ends = spans.keyed(*_frame(spans))
    before = np.maximum.accumulate(np.concatenate([[-1], ends]))[:-1]
    added: Ints = np.maximum(ends - np.maximum(starts, before), 0)
    return added


def _in_tokens(spans: _Spans, tokens: _Spans) -> _Spans:
    """Spans from the first to past the last token that they overlap, by token number over all rows."""
    reach, _ = _frame(spans, tokens)
    starts, ends = (tokens.row * reach + at for at in (tokens.start, tokens.end))
    first = np.searchsorted(ends, spans.row * reach + spans.start, side="right")
    last = np.searchsorted(starts, spans.row * reach + spans.end)
    held = last > first
    return _sorted(spans.row[held], spans.label[held], first[held], last[held])
