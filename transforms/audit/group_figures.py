"""Figures of a labeler in groups of rows, and the gaps between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transforms.audit.answers import Answers
from transforms.audit.exchange import memberships
from transforms.audit.holm import holm
from transforms.audit.measured import Draw, Drawn, Interval, Measured
from transforms.evaluate.annotations import Bools
from transforms.evaluate.bootstrap import bootstrap
from transforms.evaluate.calibration import calibration_sums
from transforms.evaluate.figures import Figure, Undefined, finite
from transforms.evaluate.label_sums import label_sums
from transforms.evaluate.sums import Figures, Floats, Sums, divide

QUALITY: Final = ("macro_f1", "micro_f1", "recall", "false_positive_rate", "ece", "unanswered")
_BINS: Final = 10
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


def quality(gold: Bools, asked: Bools, answers: Answers, shared: Bools) -> Sums:
    """macro_f1 over the `shared` labels (labels), micro_f1, recall, false_positive_rate, ece and unanswered of rows.

    Recall and false-positive rate pool all labels: given cells among those that hold, and among asked ones that do
    not. Calibration error counts rows with probabilities.
    """
    given, own = answers.given & asked, gold & asked
    macro = label_sums(own[:, shared], given[:, shared], asked[:, shared])
    micro = label_sums(own, given, asked)
    counts = np.stack(
        [
            (own & given).sum(axis=1), own.sum(axis=1),
            (given & ~own).sum(axis=1), (asked & ~own).sum(axis=1),
            ~answers.answered, np.ones(len(own)),
        ],
        axis=1,
    ).astype(np.float64)  # fmt: skip
    bins = calibration_sums(answers.probability, gold, _BINS, asked=asked)
    parts = [macro, micro, bins]
    ends = np.cumsum([counts.shape[1], *(part.terms.shape[1] for part in parts)])[:-1]

    def figures(sums: Floats) -> Figures:
        count, *others = np.split(sums, ends, axis=1)
        overall = [part.figures(each) for part, each in zip(parts, others, strict=True)]
        return {
            "macro_f1": overall[0]["macro_f1"],
            "micro_f1": overall[1]["micro_f1"],
            "recall": divide(count[:, 0], count[:, 1]),
            "false_positive_rate": divide(count[:, 2], count[:, 3]),
            "ece": overall[2]["ece"],
            "unanswered": divide(count[:, 4], count[:, 5]),
        }

    return Sums(np.hstack([counts, *(part.terms for part in parts)]).astype(np.float64), figures)


def shares(answers: Answers, names: list[str]) -> Sums:
    """The share of the answered rows that each label is given to, and `unanswered` of all rows."""
    terms = np.hstack(
        [answers.given, answers.answered[:, None], np.ones((len(answers.given), 1))]
    ).astype(np.float64)

    def figures(sums: Floats) -> Figures:
        found = {name: divide(sums[:, at], sums[:, -2]) for at, name in enumerate(names)}
        return found | {"unanswered": 1 - divide(sums[:, -2], sums[:, -1])}

    return Sums(terms, figures)


def in_groups(
    statistic: Sums,
    code: NDArray[np.int64],
    names: list[str],
    draw: Draw,
    *,
    because: Callable[[str], str],
    units: NDArray[Any] | None = None,
) -> dict[str, dict[str, Measured]]:
    """Figures of each group: by group, then figure. `code` (rows): the place of a row's group among the names."""
    drawn = _by_group(statistic, code, len(names))
    intervals = bootstrap(
        drawn, len(code), groups=units, resamples=draw.resamples, level=draw.level, seed=draw.seed
    )
    once = drawn.drawn(np.ones((1, len(code)), np.int64))
    result: dict[str, dict[str, Measured]] = {}
    for key, values in once.items():
        place, _, figure = key.partition(".")
        value = finite(float(values[0]), because(figure))
        interval = None if isinstance(value, Undefined) else intervals.get(key)
        result.setdefault(names[int(place)], {})[figure] = Measured(value, interval)
    return result


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
        chosen[figure] = (max(known, key=known.__getitem__), min(known, key=known.__getitem__))
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


def _by_group(statistic: Sums, code: NDArray[np.int64], number: int) -> Drawn:
    """Figures `2.recall` of the third group and so on, drawn together."""
    members = [np.flatnonzero(code == place) for place in range(number)]

    def figures(times: NDArray[np.int64]) -> Figures:
        found: Figures = {}
        for place, rows in enumerate(members):
            sums = times[:, rows].astype(np.float64) @ statistic.terms[rows]
            found |= {f"{place}.{n}": v for n, v in statistic.figures(sums).items()}
        return found

    return Drawn(len(code), figures)


def _difference_bounds(
    statistic: Sums,
    code: NDArray[np.int64],
    number: int,
    chosen: dict[str, tuple[int, int]],
    draw: Draw,
    units: NDArray[Any] | None,
) -> dict[str, Interval]:
    drawn = _by_group(statistic, code, number)

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
