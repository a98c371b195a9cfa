"""The cross-validated figures of a trained head: with intervals, and by part where rows are of several kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from transforms.evaluate.bootstrap import Intervals, bootstrap_f1
from transforms.evaluate.figures import figure_json
from transforms.evaluate.metrics import count, scores_of
from transforms.evaluate.ordinals import bootstrap_ordinals, ordinal_figures
from transforms.evaluate.scalars import bootstrap_scalars, scalar_figures

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from transforms.label.student.training import HeldOut

_RESAMPLES = 1000


def figures(
    held_out: HeldOut,
    names: list[str],
    groups: NDArray[np.int64],
    parts: Mapping[str, pl.Series | None],
) -> dict[str, Any]:
    """Figures as JSON: `macro_f1` and others of labels, or one such dict a dimension; with `intervals` (95 %,
    bootstrap over groups) and, for each of `parts` (languages, sources) that has several values, those of each value.
    """
    found = _figures(held_out, names, groups)
    for part, column in parts.items():
        if column is None or column.drop_nulls().n_unique() < 2:
            continue
        values = column.cast(str).to_numpy()
        found[part] = {
            value: {"n": int((values == value).sum())}
            | _figures(_part(held_out, values == value), names, groups[values == value])
            for value in sorted(set(column.drop_nulls().cast(str)))
        }
    return found


def _part(held_out: HeldOut, rows: NDArray[np.bool_]) -> HeldOut:
    return type(held_out)(
        held_out.kind,
        held_out.gold[rows],
        held_out.asked[rows],
        held_out.given[rows],
        held_out.probability[rows],
    )


def _figures(held_out: HeldOut, names: list[str], groups: NDArray[np.int64]) -> dict[str, Any]:
    if held_out.kind in ("labels", "exclusive"):
        exclusive = held_out.kind == "exclusive"
        gold, given = held_out.gold.astype(np.bool_), held_out.given.astype(np.bool_)
        scores = scores_of(count(gold, given, held_out.asked), names, exclusive=exclusive)
        intervals = bootstrap_f1(
            gold, given, held_out.asked, exclusive=exclusive, groups=groups, resamples=_RESAMPLES
        )
        return {
            **scores.summary(),
            "intervals": _told(intervals),
            "per_label": {name: score.to_json() for name, score in scores.per_label.items()},
        }
    found: dict[str, Any] = {}
    for number, name in enumerate(names):
        rows = held_out.asked[:, number]
        gold = held_out.gold[rows, number].astype(np.float64)
        given = held_out.given[rows, number].astype(np.float64)
        if held_out.kind == "ordinals":
            levels = range(int(held_out.gold.max()) + 1)
            told = ordinal_figures(gold, given, levels)
            bounds = bootstrap_ordinals(
                gold, given, levels, groups=groups[rows], resamples=_RESAMPLES
            )
        else:
            told = scalar_figures(gold, given)
            bounds = bootstrap_scalars(gold, given, groups=groups[rows], resamples=_RESAMPLES)
        found[name] = {key: figure_json(figure) for key, figure in told.items()}
        found[name]["intervals"] = _told(bounds)
    return found


def _told(intervals: Intervals) -> dict[str, list[float]]:
    return {name: [round(low, 6), round(high, 6)] for name, (low, high) in intervals.items()}
