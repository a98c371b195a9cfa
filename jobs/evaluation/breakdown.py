"""The same figures for parts of the rows: by language, corpus, role, length of the text, or any column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from jobs.evaluation.measured import (
    Compared,
    Draw,
    Figures,
    plain_figures,
    plain_intervals,
    share,
)  # fmt: skip
from transforms.evaluate.bootstrap import Intervals
from transforms.evaluate.figures import Undefined

UNKNOWN: Final = "(unknown)"
MIN_ROWS: Final = 20
# Upper ends, in characters. Characters, because not every script has spaces between words.
_LENGTHS: Final = (25, 50, 100, 200, 400)


@dataclass(frozen=True)
class Part:
    """Some of the rows: those with one value. `figures` is Undefined where they are too few."""

    value: str
    n: int
    coverage: float
    figures: Figures | Undefined
    intervals: Intervals

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        told: dict[str, Any] = {"value": self.value, "n": self.n, "coverage": self.coverage}
        if isinstance(self.figures, Undefined):
            return told | self.figures.to_json()
        return told | plain_figures(self.figures) | {"intervals": plain_intervals(self.intervals)}


def break_down(
    compared: Compared, values: pl.Series, draw: Draw, *, min_rows: int = MIN_ROWS
) -> list[Part]:
    """One part for each of the `values` (rows); the largest first, lengths from short to long.

    A part of fewer than `min_rows` rows is told with its n, without figures.
    """
    names = values.cast(pl.String).fill_null(UNKNOWN)
    counts = names.rename("value").value_counts().sort(["count", "value"], descending=[True, False])
    order = counts["value"].to_list()
    if values.name == "length":
        order = [name for name in length_names() if name in set(order)] + (
            [UNKNOWN] if UNKNOWN in order else []
        )
    found = []
    for value in order:
        rows = (names == value).to_numpy()
        part = compared.take(rows)
        n = int(rows.sum())
        figures: Figures | Undefined = Undefined(_too_few(n, min_rows))
        intervals: Intervals = {}
        if n >= min_rows:
            figures, intervals = part.overall(draw.take(rows))
        found.append(Part(str(value), n, share(part.labeled), figures, intervals))
    return found


def lengths(characters: pl.Series) -> pl.Series:
    """The length of each text (in characters) as one of `length_names`; null stays null."""
    place = pl.Series(list(_LENGTHS), dtype=pl.Int64).search_sorted(
        characters.cast(pl.Int64).fill_null(0), side="left"
    )
    names = pl.Series(length_names(), dtype=pl.String).gather(place)
    return names.set(characters.is_null(), None).alias("length")


def length_names() -> Sequence[str]:
    """Names of the bins of lengths, from short to long."""
    low, names = 0, []
    for high in _LENGTHS:
        names.append(f"{low}-{high} characters")
        low = high + 1
    return [*names, f"{low} or more characters"]


def _too_few(n: int, min_rows: int) -> str:
    return f"{n:,} {'row is' if n == 1 else 'rows are'} too few for a figure (under {min_rows:,})"
