"""What evaluation finds out about rows: figures, their intervals, and how the rows are drawn for these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from transforms.evaluate.annotations import Bools
from transforms.evaluate.bootstrap import Intervals
from transforms.evaluate.calibration import Reliability
from transforms.evaluate.figures import Figure, figure_json
from transforms.evaluate.sums import Statistic

Figures = dict[str, Figure]
_Self = TypeVar("_Self", bound="Compared")


@dataclass(frozen=True)
class Draw:
    """How rows are resampled; `groups` (rows): rows with equal values are drawn together."""

    resamples: int = 1000
    level: float = 0.95
    seed: int = 0
    groups: NDArray[Any] | None = None

    def take(self, rows: Bools) -> Draw:
        """The same for some of the rows."""
        return self if self.groups is None else replace(self, groups=self.groups[rows])

    @property
    def plain(self) -> dict[str, Any]:
        """Arguments without the groups."""
        return {"resamples": self.resamples, "level": self.level, "seed": self.seed}

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments of bootstrap and paired test."""
        return self.plain | {"groups": self.groups}


@dataclass(frozen=True)
class One:
    """One label or dimension: counts, figures, intervals."""

    figures: Figures
    counts: dict[str, int]
    intervals: Intervals
    more: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Figures, counts and what else is known side by side; the intervals under their name."""
        return {
            **plain_figures(self.figures),
            **self.counts,
            **self.more,
            "intervals": plain_intervals(self.intervals),
        }


@dataclass(frozen=True)
class Measured:
    """Figures over all rows, and per label or dimension. `section`: what JSON calls the latter."""

    figures: Figures
    intervals: Intervals
    section: str
    per_name: Mapping[str, One]
    calibration: Reliability | None = None
    more: dict[str, Any] = field(default_factory=dict)


class Compared(Protocol):
    """Gold and the answers of one labeler, row by row."""

    @property
    def labeled(self) -> Bools:
        """Which rows got an answer."""

    def take(self: _Self, rows: Bools) -> _Self:
        """Some of the rows."""

    def overall(self, draw: Draw) -> tuple[Figures, Intervals]:
        """The figures over all rows alone."""

    def measure(self, draw: Draw) -> Measured:
        """All figures."""

    def shared(self: _Self, other: _Self) -> tuple[_Self, _Self]:
        """Both, fit to be compared with each other."""

    def statistic(self) -> Statistic[Any]:
        """What the paired test exchanges."""


def plain_figures(figures: Mapping[str, Figure]) -> dict[str, Any]:
    """Figures as JSON."""
    return {name: figure_json(figure) for name, figure in figures.items()}


def plain_intervals(intervals: Intervals) -> dict[str, list[float]]:
    """Intervals as JSON."""
    return {name: list(bounds) for name, bounds in intervals.items()}


def share(rows: Bools) -> float:
    """Share of rows that are true; 1.0 of no rows."""
    return float(np.mean(rows)) if len(rows) else 1.0
