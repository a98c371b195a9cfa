"""Statistics that can be computed for many resamples at once.

Most figures depend on their rows only through sums: F1 through counts, Pearson's r through sums of
products, kappa through a confusion table, calibration error through bins. How often each row was
drawn (a matrix of resamples x rows) times the rows' terms then gives all resamples in one product,
and so does exchanging the answers of two labelers on some rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Terms = NDArray[np.floating[Any]]
Figures = dict[str, Floats]  # a value per resample; NaN where the figure does not exist
Exchange = Callable[[NDArray[np.bool_]], tuple[Figures, Figures]]

_Self = TypeVar("_Self", contravariant=True)


class Statistic(Protocol[_Self]):
    """Figures of `rows` rows, for many resamples at once."""

    @property
    def rows(self) -> int:
        """How many rows it was made from."""

    def drawn(self, times: NDArray[np.int64]) -> Figures:
        """Figures of each resample; `times` (resamples, rows): how often each row was drawn."""

    def against(self, other: _Self) -> Exchange:
        """From where to exchange answers (resamples, rows) to the figures of self and of other then."""


@dataclass(frozen=True)
class Sums:
    """A statistic of sums.

    `terms` (rows, terms): what each row adds; `figures`: from sums (resamples, terms) to a value per
    resample and figure. Two labelers on the same rows must have the same terms in the same columns.
    """

    terms: Terms
    figures: Callable[[Floats], Figures]

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.terms)

    def whole(self) -> dict[str, float]:
        """Figures of all rows, each once; NaN where one does not exist."""
        sums = self.terms.sum(axis=0, dtype=np.float64)[None, :]
        return {name: float(values[0]) for name, values in self.figures(sums).items()}

    def grouped(self, codes: NDArray[np.int64]) -> Sums:
        """The same statistic with a row for each group; `codes` (rows): the groups as 0, 1, … ."""
        order = np.argsort(codes, kind="stable")
        starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
        return Sums(np.add.reduceat(self.terms[order], starts, axis=0), self.figures)

    def drawn(self, times: NDArray[np.int64]) -> Figures:
        """See Statistic."""
        return self.figures(_product(times, self.terms))

    def against(self, other: Sums) -> Exchange:
        """See Statistic."""
        between: Terms = other.terms - self.terms
        own = self.terms.sum(axis=0, dtype=np.float64)
        others = other.terms.sum(axis=0, dtype=np.float64)

        def exchange(swap: NDArray[np.bool_]) -> tuple[Figures, Figures]:
            moved = _product(swap, between)
            return self.figures(own + moved), other.figures(others - moved)

        return exchange


def divide(top: Floats, bottom: Floats) -> Floats:
    """`top / bottom`, NaN where the bottom is zero, without a warning."""
    top, bottom = np.broadcast_arrays(top, bottom)
    result: Floats = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=result, where=bottom != 0)
    return result


def nan_mean(values: Floats) -> Floats:
    """Mean over the last axis of what is not NaN; NaN where nothing is left."""
    there = ~np.isnan(values)
    return divide(np.where(there, values, 0.0).sum(axis=-1), there.sum(axis=-1).astype(np.float64))


def _product(rows: NDArray[np.int64] | NDArray[np.bool_], terms: Terms) -> Floats:
    product: Terms = rows.astype(terms.dtype) @ terms
    return product.astype(np.float64)
