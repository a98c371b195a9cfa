"""Figures, and what stands in their place where there is none.

A figure is a finite number or `Undefined` with the reason: never NaN, which would travel on through
means and pages as if it said something.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


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


def ratio(top: float, bottom: float, because: str) -> Figure:
    """`top / bottom`, undefined because `because` when the bottom is zero."""
    return top / bottom if bottom else Undefined(because)


def finite(value: float, because: str) -> Figure:
    """`value` as a plain float; undefined because `because` when it is not finite."""
    return float(value) if math.isfinite(value) else Undefined(because)


def mean_figure(figures: list[Figure], because: str) -> Figure:
    """Mean of the figures that exist; undefined because `because` when none does."""
    defined = [figure for figure in figures if not isinstance(figure, Undefined)]
    return math.fsum(defined) / len(defined) if defined else Undefined(because)
