"""A figure with its interval: what every audit is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.evaluate.bootstrap import bootstrap
from transforms.evaluate.figures import Figure, Undefined, figure_json, finite
from transforms.evaluate.sums import Exchange, Figures, Statistic

Interval = tuple[float, float]


@dataclass(frozen=True)
class Draw:
    """How intervals are drawn: resamples, level, seed."""

    resamples: int = 1000
    level: float = 0.95
    seed: int = 0


@dataclass(frozen=True)
class Measured:
    """A figure, its interval (None: none can be drawn) and, where it was tested, the p-value of no difference."""

    value: Figure
    interval: Interval | None = None
    p: Figure | None = None

    def to_json(self) -> dict[str, Any]:
        """`value`, `interval`, and `p` where there is one."""
        found: dict[str, Any] = {
            "value": figure_json(self.value),
            "interval": None if self.interval is None else list(self.interval),
        }
        return found if self.p is None else found | {"p": figure_json(self.p)}


def undefined(because: str) -> Measured:
    """A figure that does not exist."""
    return Measured(Undefined(because))


@dataclass(frozen=True)
class Drawn:
    """A statistic of `rows` rows from a function of how often each was drawn (resamples, rows)."""

    rows: int
    figures: Callable[[NDArray[np.int64]], Figures]

    def drawn(self, times: NDArray[np.int64]) -> Figures:
        """See Statistic."""
        return self.figures(times)

    def against(self, other: Drawn) -> Exchange:
        """Not needed: what is compared here is compared within one draw."""
        raise NotImplementedError("Figures of an audit are drawn, never exchanged.")


def together(
    parts: Mapping[str, Statistic[Any]], derived: Callable[[Figures], Figures] = lambda _: {}
) -> Drawn:
    """The figures of several statistics of the same rows, drawn together, so that differences are paired.

    Figure f of the part p is named `p.f`; `derived` adds figures made from these.
    """
    rows = next(iter(parts.values())).rows

    def figures(times: NDArray[np.int64]) -> Figures:
        found = {
            f"{part}.{name}": values
            for part, statistic in parts.items()
            for name, values in statistic.drawn(times).items()
        }
        return found | derived(found)

    return Drawn(rows, figures)


def measure(
    statistic: Statistic[Any],
    draw: Draw,
    *,
    because: str | Mapping[str, str],
    groups: NDArray[Any] | None = None,
) -> dict[str, Measured]:
    """Every figure of a statistic with its interval; `groups`: rows that are drawn together.

    `because` says why a figure does not exist, for all or by name ("" for the others).
    """
    if statistic.rows == 0:
        return {}
    once = statistic.drawn(np.ones((1, statistic.rows), np.int64))
    intervals = bootstrap(
        statistic, statistic.rows,
        groups=groups, resamples=draw.resamples, level=draw.level, seed=draw.seed,
    )  # fmt: skip
    found = {}
    for name, values in once.items():
        reason = because if isinstance(because, str) else because.get(name, because.get("", ""))
        value = finite(float(values[0]), reason)
        there = not isinstance(value, Undefined)
        found[name] = Measured(value, intervals.get(name) if there else None)
    return found
