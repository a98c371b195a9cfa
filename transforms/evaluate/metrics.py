"""Scores of multi-label answers against gold: counts first, every figure from counts.

A row without an answer (rejected, failed) is an empty prediction. A figure whose denominator is
zero is not a number in disguise: it is `Undefined`, with the reason, and means leave it out and
say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from schemas.errors import SourceError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Undefined:
    """A figure that does not exist, and why."""

    because: str

    def to_json(self) -> dict[str, str]:
        """`{"undefined": reason}`."""
        return {"undefined": self.because}


Figure = float | Undefined


def figure_json(figure: Figure) -> float | dict[str, str]:
    """Turn a figure into JSON."""
    return figure.to_json() if isinstance(figure, Undefined) else figure


@dataclass(frozen=True)
class Counts:
    """Per label: rows with gold and answer (both), with gold, with the answer; and over rows."""

    both: NDArray[np.int64]
    gold: NDArray[np.int64]
    given: NDArray[np.int64]
    rows: int
    equal_rows: int  # answer set = gold set


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
    """Figures over all rows. `macro_f1` is the mean over the labels whose F1 is defined."""

    macro_f1: Figure
    micro_f1: Figure
    subset_accuracy: Figure
    per_label: dict[str, LabelScore]

    def summary(self) -> dict[str, Any]:
        """Return the three overall figures as JSON."""
        figures = {
            "macro_f1": self.macro_f1,
            "micro_f1": self.micro_f1,
            "subset_accuracy": self.subset_accuracy,
        }
        return {name: figure_json(figure) for name, figure in figures.items()}


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
        strange = flat.filter(position.is_null())["label"].unique().sort().head(10).to_list()
        raise SourceError(
            f"Labels outside the taxonomy: {', '.join(map(repr, strange))}.",
            remedy=f"It has: {', '.join(names)}.",
        )
    result = np.zeros((len(lists), len(names)), np.bool_)
    result[flat["row"].to_numpy(), position.to_numpy()] = True
    return result


def count(gold: NDArray[np.bool_], given: NDArray[np.bool_]) -> Counts:
    """Count in two indicator matrices of one shape (rows, labels)."""
    return Counts(
        (gold & given).sum(axis=0),
        gold.sum(axis=0),
        given.sum(axis=0),
        len(gold),
        int((gold == given).all(axis=1).sum()),
    )


def scores_of(counts: Counts, names: list[str]) -> Scores:
    """Every figure, from counts."""
    per_label = {
        name: _label_score(int(both), int(gold), int(given))
        for name, both, gold, given in zip(
            names, counts.both, counts.gold, counts.given, strict=True
        )
    }
    defined = [score.f1 for score in per_label.values() if not isinstance(score.f1, Undefined)]
    total = int(counts.gold.sum() + counts.given.sum())
    return Scores(
        macro_f1=float(np.mean(defined))
        if defined
        else Undefined("no label occurs in gold or answers"),
        micro_f1=2 * int(counts.both.sum()) / total
        if total
        else Undefined("no label occurs in gold or answers"),
        subset_accuracy=counts.equal_rows / counts.rows
        if counts.rows
        else Undefined("there are no rows"),
        per_label=per_label,
    )


def _label_score(both: int, gold: int, given: int) -> LabelScore:
    """Score one label; in gold but never given: recall and F1 zero, precision undefined."""
    return LabelScore(
        precision=both / given if given else Undefined("the label was never given"),
        recall=both / gold if gold else Undefined("the label is not in gold"),
        f1=2 * both / (gold + given)
        if gold + given
        else Undefined("the label is neither in gold nor given"),
        support=gold,
        predicted=given,
    )
