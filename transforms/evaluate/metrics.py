"""Scores of multi-label answers against gold: counts first, every figure from counts.

A row without an answer (rejected, failed) is an empty prediction. A cell (row, label) that was not
asked, because the annotators of that row could not give that label, counts nowhere: an unannotated
label is not a zero. A figure whose denominator is zero is `Undefined`, with the reason, and means
leave it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from schemas.errors import SourceError
from transforms.evaluate.figures import Figure, figure_json, mean_figure, ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LONGEST = 40  # characters of a label in a message
_WORDS = 4


@dataclass(frozen=True)
class Counts:
    """Per label: rows with gold and answer (both), with gold, with the answer; and over rows."""

    both: NDArray[np.int64]
    gold: NDArray[np.int64]
    given: NDArray[np.int64]
    rows: int  # with at least one label asked
    equal_rows: int  # answer set = gold set
    gold_rows: int  # with a label in gold
    right_rows: int  # with a label in gold and answer set = gold set


@dataclass(frozen=True)
class LabelScore:
    """Figures of one label; support: rows with it in gold; predicted: rows given it."""

    precision: Figure
    recall: Figure
    f1: Figure
    support: int
    predicted: int

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        figures = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return {k: figure_json(v) for k, v in figures.items()} | {
            "support": self.support,
            "predicted": self.predicted,
        }


@dataclass(frozen=True)
class Scores:
    """Figures over all rows. `macro_f1` is the mean over the labels whose F1 is defined.

    `accuracy`, of an exclusive taxonomy only: the share of the rows with a gold label whose answer is
    that label.
    """

    macro_f1: Figure
    micro_f1: Figure
    subset_accuracy: Figure
    per_label: dict[str, LabelScore]
    accuracy: Figure | None = None

    @property
    def figures(self) -> dict[str, Figure]:
        """The overall figures by name; accuracy where there is one."""
        overall: dict[str, Figure] = {
            "macro_f1": self.macro_f1,
            "micro_f1": self.micro_f1,
            "subset_accuracy": self.subset_accuracy,
        }
        return overall if self.accuracy is None else overall | {"accuracy": self.accuracy}

    def summary(self) -> dict[str, Any]:
        """Return the overall figures as JSON."""
        return {name: figure_json(figure) for name, figure in self.figures.items()}


def indicator(labels: pl.Series, names: list[str]) -> NDArray[np.bool_]:
    """(rows, names) true where a row's list holds the name; null rows are empty.

    Accepts list<string> or string (one label). SourceError names labels that are not among `names`.
    """
    lists = (
        labels.cast(pl.String).reshape((-1, 1)).arr.to_list()
        if labels.dtype == pl.String
        else labels
    )
    flat = (
        pl.DataFrame({"row": np.arange(len(lists), dtype=np.uint32), "label": lists})
        .explode("label")
        .drop_nulls()
    )
    position = (
        flat["label"]
        .cast(pl.String)
        .replace_strict(names, range(len(names)), default=None, return_dtype=pl.Int64)
    )
    if position.null_count():
        strange = flat.filter(position.is_null())["label"].cast(pl.String).unique().sort()
        raise SourceError(
            f"Labels outside the taxonomy: {_quoted(strange.to_list())}.",
            remedy=f"It has: {', '.join(names)}.",
        )
    result = np.zeros((len(lists), len(names)), np.bool_)
    result[flat["row"].to_numpy(), position.to_numpy()] = True
    return result


def _quoted(labels: list[str]) -> str:
    """Labels for a message. What is long is no label but people's text in the wrong column: it is not told."""
    short = [label for label in labels if len(label) <= _LONGEST and label.count(" ") < _WORDS]
    told = [repr(label) for label in short[:10]]
    if len(short) < len(labels):
        told.append(f"{len(labels) - len(short):,} that read like texts (is it the right column?)")
    return ", ".join(told)


def count(
    gold: NDArray[np.bool_], given: NDArray[np.bool_], asked: NDArray[np.bool_] | None = None
) -> Counts:
    """Count in indicator matrices of one shape (rows, labels); only `asked` cells, where given."""
    if asked is not None:
        gold, given = gold & asked, given & asked
    equal, with_gold = (gold == given).all(axis=1), gold.any(axis=1)
    counted = np.ones(len(gold), np.bool_) if asked is None else asked.any(axis=1)
    return Counts(
        both=(gold & given).sum(axis=0),
        gold=gold.sum(axis=0),
        given=given.sum(axis=0),
        rows=int(counted.sum()),
        equal_rows=int((equal & counted).sum()),
        gold_rows=int(with_gold.sum()),
        right_rows=int((equal & with_gold).sum()),
    )


def scores_of(counts: Counts, names: list[str], *, exclusive: bool = False) -> Scores:
    """Every figure, from counts; `exclusive`: of a taxonomy of which exactly one label holds."""
    per_label = {
        name: _label_score(int(both), int(gold), int(given))
        for name, both, gold, given in zip(
            names, counts.both, counts.gold, counts.given, strict=True
        )
    }
    nothing = "no label occurs in gold or answers"
    return Scores(
        macro_f1=mean_figure([score.f1 for score in per_label.values()], nothing),
        micro_f1=ratio(
            2 * int(counts.both.sum()), int(counts.gold.sum() + counts.given.sum()), nothing
        ),
        subset_accuracy=ratio(counts.equal_rows, counts.rows, "there are no rows"),
        per_label=per_label,
        accuracy=ratio(counts.right_rows, counts.gold_rows, "no row has a gold label")
        if exclusive
        else None,
    )


def _label_score(both: int, gold: int, given: int) -> LabelScore:
    """Score one label; in gold but never given: recall and F1 zero, precision undefined."""
    return LabelScore(
        precision=ratio(both, given, "the label was never given"),
        recall=ratio(both, gold, "the label is not in gold"),
        f1=ratio(2 * both, gold + given, "the label is neither in gold nor given"),
        support=gold,
        predicted=given,
    )
