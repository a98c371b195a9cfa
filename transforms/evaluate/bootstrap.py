"""Percentile bootstrap intervals: over rows, or over whole groups of rows such as conversations.

Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13; rows of one group depend on
each other, so groups are drawn whole (Davison and Hinkley, Bootstrap Methods and their Application,
1997, section 3.8). Seeded: equal input gives equal intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transforms.evaluate.figures import Figure, Undefined
from transforms.evaluate.label_sums import label_sums
from transforms.evaluate.sums import Statistic, Sums

Intervals = dict[str, tuple[float, float]]

_CHUNK: Final = 2_000_000  # cells of the draw matrix held at a time


def bootstrap(
    figures: Callable[[NDArray[np.int64]], dict[str, Figure]] | Statistic[Any],
    n: int,
    *,
    groups: NDArray[Any] | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Intervals:
    """Lower and upper bounds of each figure of `n` rows.

    `figures` is a function from drawn row numbers to figures, or a Statistic (label_sums, scalar_sums
    …), which takes seconds where the function takes minutes; both draw the same resamples. `groups`
    (n): rows with equal values are drawn together. A resample in which a figure is undefined does not
    count for it; a figure that is undefined in more than half of them has no interval, and neither
    has anything when there are fewer than two rows or groups to draw from.
    """
    codes = None if groups is None else np.unique(groups, return_inverse=True)[1].reshape(-1)
    units = n if codes is None else int(codes.max(initial=-1)) + 1
    if units < 2 or resamples < 1:
        return {}
    if codes is not None and isinstance(figures, Sums):
        figures, n, codes = figures.grouped(codes), units, None  # the same sums from fewer rows
    rng = np.random.default_rng(seed)
    found: dict[str, list[NDArray[np.float64]]] = {}
    for drawn in _draws(units, max(n, units), resamples, rng):
        if callable(figures):
            values = _one_by_one(figures, drawn, codes)
        else:
            times = _times(drawn, units)
            values = figures.drawn(times if codes is None else times[:, codes])
        for name, part in values.items():
            found.setdefault(name, []).append(part)
    return _intervals({name: np.concatenate(parts) for name, parts in found.items()}, level)


def bootstrap_f1(
    gold: NDArray[np.bool_],
    given: NDArray[np.bool_],
    asked: NDArray[np.bool_] | None = None,
    *,
    exclusive: bool = False,
    groups: NDArray[Any] | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Intervals:
    """Bounds of `macro_f1`, `micro_f1` and `subset_accuracy` (and `accuracy` of an exclusive taxonomy)
    from (rows, labels) indicators.

    Cells that are not `asked` do not count. In a resample, macro-F1 is the mean over the labels that
    occur in it. Empty when nothing is in gold and answers.
    """
    counted = gold | given if asked is None else (gold | given) & asked
    if not counted.any():
        return {}
    statistic = label_sums(gold, given, asked, exclusive=exclusive)
    return bootstrap(
        statistic, len(gold), groups=groups, resamples=resamples, level=level, seed=seed
    )


def _draws(
    units: int, rows: int, resamples: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Yield unit numbers (some resamples, units), so many at a time as memory allows."""
    step = max(1, _CHUNK // rows)
    for first in range(0, resamples, step):
        yield rng.integers(0, units, (min(step, resamples - first), units))


def _times(drawn: NDArray[np.int64], units: int) -> NDArray[np.int64]:
    """How often each unit was drawn (resamples, units)."""
    number = len(drawn)
    places = drawn + np.arange(number)[:, None] * units
    return np.bincount(places.reshape(-1), minlength=number * units).reshape(number, units)


def _one_by_one(
    figures: Callable[[NDArray[np.int64]], dict[str, Figure]],
    drawn: NDArray[np.int64],
    codes: NDArray[np.int64] | None,
) -> dict[str, NDArray[np.float64]]:
    if codes is not None:
        order = np.argsort(codes, kind="stable")
        members = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    found: dict[str, NDArray[np.float64]] = {}
    for number, units in enumerate(drawn):
        rows = units if codes is None else np.concatenate([members[unit] for unit in units])
        for name, figure in figures(rows).items():
            values = found.setdefault(name, np.full(len(drawn), np.nan))
            values[number] = np.nan if isinstance(figure, Undefined) else figure
    return found


def _intervals(found: dict[str, NDArray[np.float64]], level: float) -> Intervals:
    tail = (1 - level) / 2
    result: Intervals = {}
    for name, values in found.items():
        there = values[np.isfinite(values)]
        if 2 * len(there) > len(values):
            low, high = np.quantile(there, [tail, 1 - tail])
            result[name] = (float(low), float(high))
    return result
