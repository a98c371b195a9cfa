"""Rows that come in batches, each kept once."""

from collections.abc import Mapping

import polars as pl

_FEW = 1 << 20


class Distinct:
    """Holds at most about twice the distinct rows, and a million; the columns come in any order."""

    def __init__(self, schema: Mapping[str, type[pl.DataType]]) -> None:
        self._parts = [pl.DataFrame(schema=dict(schema))]
        self._height, self._most = 0, _FEW

    def add(self, rows: pl.DataFrame) -> None:
        """More rows, which have the schema's columns."""
        self._parts.append(rows.select(self._parts[0].columns))
        self._height += rows.height
        if self._height > self._most:
            self._fold()
            self._most = max(_FEW, 2 * self._height)

    def rows(self) -> pl.DataFrame:
        """The rows, sorted by all their columns."""
        self._fold()
        return self._parts[0]

    def _fold(self) -> None:
        together = pl.concat(self._parts).unique().sort(pl.all())
        self._parts, self._height = [together], together.height
