"""Numbers and names as people read them on the page."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from jobs.evaluation.screen import visible
from jobs.report.model import Numbers

NONE: Final = "(none)"
Z_RANKS: Final = "z is a rank, not a test: rows of one conversation are not independent."
_LONGEST: Final = 60
_LONGEST_CELL: Final = 240
_SHOWN_ROWS: Final = 50
_NO_XML: Final = re.compile(r"[\ufffe\uffff\ud800-\udfff]")


def name(value: Any, longest: int = _LONGEST) -> str:
    """A name from outside as it is shown: nothing is `(none)`, no control characters, not longer than a line."""
    if value is None:
        return NONE
    text = _NO_XML.sub("\ufffd", visible(str(value)))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def role(value: str | None) -> str:
    """A role as it is shown."""
    return "(no role)" if value is None else name(value)


def between(one: str | None, other: str | None) -> str:
    """From one role to another; without any roles, every speaker is meant."""
    return "(any speaker)" if one is None and other is None else f"{role(one)} → {role(other)}"


def percent(share: float | None) -> str:
    """A share as 12.3 %; small ones with two digits."""
    if share is None:
        return "–"
    value = share * 100
    return f"{value:.2f} %" if 0 < abs(value) < 0.995 else f"{value:.1f} %"


def number(value: float | None, digits: int = 2) -> str:
    """A number with so many digits behind the point."""
    return "–" if value is None or not math.isfinite(value) else f"{value:,.{digits}f}"


def count(value: int | float | None) -> str:
    """A count with commas."""
    return "–" if value is None else f"{value:,.0f}"


def many(n: int, one: str, more: str = "") -> str:
    """`1 row`, `2 rows`."""
    return f"{n:,} {one if n == 1 else more or one + 's'}"


def cell(value: Any) -> str:
    """A value of a table."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if not math.isfinite(value):
            return "–"
        return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        value = ", ".join(str(each) for each in value)
    return name(value, _LONGEST_CELL)


def numbers(frame: pl.DataFrame, columns: Sequence[str] = ()) -> Numbers:
    """The numbers behind a picture: at most 50 rows."""
    shown = frame.select(columns) if columns else frame
    rows = tuple(shown.head(_SHOWN_ROWS).iter_rows())
    return Numbers(tuple(shown.columns), rows, max(0, shown.height - _SHOWN_ROWS))


def listed(names: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
