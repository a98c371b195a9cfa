"""Gaps between groups of rows: the largest of each figure, and whether exchanged members would differ as much."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transforms.audit.exchange import memberships
from transforms.audit.group_figures import by_group
from transforms.audit.holm import holm
from transforms.audit.measured import Draw, Drawn, Interval, Measured
from transforms.evaluate.annotations import Bools
from transforms.evaluate.bootstrap import bootstrap
from transforms.evaluate.figures import Figure, Undefined
from transforms.evaluate.sums import Figures, Floats, Sums

_CELLS: Final = 4_000_000  # of membership matrices held at a time


@dataclass(frozen=True)
class Gap:
    """The largest difference of a figure between two groups: `high` less `low`.

    `p`: how often groups drawn at random differ as much, somewhere; `pairs`: every two groups with their difference
    (first less second) and its p-value, corrected after Holm for the number of pairs.
    """

    high: str
    low: str
    measured: Measured
    pairs: dict[tuple[str, str], Measured]


def gaps(
    statistic: Sums,
    code: NDArray[np.int64],
    names: list[str],
    found: dict[str, dict[str, Measured]],
    draw: Draw,
    units: NDArray[Any] | None = None,
) -> dict[str, Gap | Undefined]:
    """The largest gap of every figure. Groups in which a figure does not exist are left out of it."""
    figures = list(next(iter(found.values())))
    chance = _chance(statistic, code, len(names), draw, units)
    chosen: dict[str, tuple[int, int]] = {}
    result: dict[str, Gap | Undefined] = {}
    for figure in figures:
        values = {at: found[name][figure].value for at, name in enumerate(names)}
        known = {at: v for at, v in values.items() if not isinstance(v, Undefined)}
        if len(known) < 2:
            result[figure] = Undefined("fewer than two groups have the figure")
            continue
        high = max(known, key=known.__getitem__)
        chosen[figure] = (high, min(known.keys() - {high}, key=lambda at: (known[at], at)))
    bounds = _difference_bounds(statistic, code, len(names), chosen, draw, units)
    pairs = _pairs(statistic, code, names, found, draw, units)
    for figure, (high, low) in chosen.items():
        top, bottom = (found[names[at]][figure].value for at in (high, low))
        assert not isinstance(top, Undefined)
        assert not isinstance(bottom, Undefined)
        gap = top - bottom
        measured = Measured(gap, bounds.get(figure), _p_value(gap, chance[figure]))
        result[figure] = Gap(names[high], names[low], measured, pairs[figure])
    return result


def _difference_bounds(
    statistic: Sums,
    code: NDArray[np.int64],
    number: int,
    chosen: dict[str, tuple[int, int]],
    draw: Draw,
    units: NDArray[Any] | None,
) -> dict[str, Interval]:
    drawn = by_group(statistic, code, number)

    def figures(times: NDArray[np.int64]) -> Figures:
        found = drawn.figures(times)
        return {n: found[f"{high}.{n}"] - found[f"{low}.{n}"] for n, (high, low) in chosen.items()}

    return bootstrap(
        Drawn(len(code), figures), len(code),
        groups=units, resamples=draw.resamples, level=draw.level, seed=draw.seed,
    )  # fmt: skip


def _chance(
    statistic: Sums,
    code: NDArray[np.int64],
    number: int,
    draw: Draw,
    units: NDArray[Any] | None,
) -> Figures:
    """Largest gaps (resamples) when groups are drawn at random."""
    parts: list[Figures] = []
    for codes in memberships(code, draw, units, _CELLS):
        of_groups = [
            statistic.figures((codes == at).astype(np.float64) @ statistic.terms)
            for at in range(number)
        ]
        part = {}
        for name in of_groups[0]:
            stacked = np.stack([each[name] for each in of_groups])
            known = np.isfinite(stacked)
            top = np.where(known, stacked, -np.inf).max(axis=0)
            bottom = np.where(known, stacked, np.inf).min(axis=0)
            part[name] = np.where(known.sum(axis=0) > 1, top - bottom, np.nan)
        parts.append(part)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _pairs(
    statistic: Sums,
    code: NDArray[np.int64],
    names: list[str],
    found: dict[str, dict[str, Measured]],
    draw: Draw,
    units: NDArray[Any] | None,
) -> dict[str, dict[tuple[str, str], Measured]]:
    figures = list(next(iter(found.values())))
    differences: dict[str, dict[tuple[str, str], tuple[Figure, Figure]]] = {n: {} for n in figures}
    for one, other in combinations(range(len(names)), 2):
        mine = (code == one) | (code == other)
        part = Sums(statistic.terms[mine], statistic.figures)
        of_units = None if units is None else units[mine]
        chance = _pair_chance(part, code[mine] == one, draw, of_units)
        for figure in figures:
            first, second = (found[names[at]][figure].value for at in (one, other))
            if isinstance(first, Undefined) or isinstance(second, Undefined):
                reason = Undefined("one of the groups has no such figure")
                differences[figure][names[one], names[other]] = (reason, reason)
                continue
            difference = first - second
            p = _p_value(abs(difference), np.abs(chance[figure]))
            differences[figure][names[one], names[other]] = (difference, p)
    result = {}
    for figure, of_pairs in differences.items():
        corrected = holm([p for _, p in of_pairs.values()])
        result[figure] = {
            pair: Measured(difference, p=p)
            for (pair, (difference, _)), p in zip(of_pairs.items(), corrected, strict=True)
        }
    return result


def _pair_chance(statistic: Sums, first: Bools, draw: Draw, units: NDArray[Any] | None) -> Figures:
    whole = statistic.terms.sum(axis=0)
    parts: list[Figures] = []
    for codes in memberships((~first).astype(np.int64), draw, units, _CELLS):
        sums = (codes == 0).astype(np.float64) @ statistic.terms
        one, other = statistic.figures(sums), statistic.figures(whole - sums)
        parts.append({name: one[name] - other[name] for name in one})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _p_value(observed: float, chance: Floats) -> Figure:
    there = chance[np.isfinite(chance)]
    if len(there) == 0:
        return Undefined("no exchange of members has the figure in both groups")
    return (1 + int((there >= observed - 1e-12).sum())) / (1 + len(there))
