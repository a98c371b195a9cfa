"""F1 and accuracy of sets of labels as a statistic of sums: what bootstrap and paired test resample."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from transforms.evaluate.sums import Figures, Floats, Sums, divide, nan_mean

_EXACT: Final = (
    2**22
)  # rows: counts stay below 2**24, where float32 sums of whole numbers are exact


def label_sums(
    gold: NDArray[np.bool_],
    given: NDArray[np.bool_],
    asked: NDArray[np.bool_] | None = None,
    *,
    exclusive: bool = False,
) -> Sums:
    """macro_f1, micro_f1, subset_accuracy (and accuracy, if exclusive) of (rows, labels) indicators.

    The same definitions as `metrics.scores_of`: cells that are not asked do not count; macro-F1 is
    the mean over the labels that occur in gold or answers.
    """
    kind = np.float32 if len(gold) < _EXACT else np.float64
    counts: NDArray[np.bool_] = np.ones(len(gold), np.bool_)
    if asked is not None:
        gold, given, counts = gold & asked, given & asked, np.asarray(asked.any(axis=1))
    equal, has_gold = (gold == given).all(axis=1), gold.any(axis=1)
    ends = [counts, counts & equal, has_gold, has_gold & equal]
    # F1 = 2 both / (gold + given): two numbers per row and label.
    terms = np.hstack(
        [2 * (gold & given).astype(kind), gold.astype(kind) + given.astype(kind)]
        + [end[:, None].astype(kind) for end in ends]
    )
    return Sums(terms, _exclusive if exclusive else _figures)


def _figures(sums: Floats) -> Figures:
    cells, rows = sums[:, :-4], sums[:, -4:]
    labels = cells.shape[1] // 2
    both, total = cells[:, :labels], cells[:, labels:]
    return {
        "macro_f1": nan_mean(divide(both, total)),
        "micro_f1": divide(both.sum(axis=1), total.sum(axis=1)),
        "subset_accuracy": divide(rows[:, 1], rows[:, 0]),
    }


def _exclusive(sums: Floats) -> Figures:
    return _figures(sums) | {"accuracy": divide(sums[:, -1], sums[:, -2])}
