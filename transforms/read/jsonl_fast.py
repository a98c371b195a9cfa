"""JSON lines at Polars' speed, with every line that Polars could alter or that it may misread
marked.

Polars reads each wanted column as a string and, silently, writes numbers, booleans, lists and
objects as their JSON text, and turns half a surrogate pair into NUL. Each of these leaves a trace:
a value that looks like JSON, an escape in the raw line. Lines with a trace are `suspects`: they are
read again one by one. On any error of Polars the caller reads the whole piece that way. (Of
duplicate keys Polars keeps the first; so do we, and tests hold it there.)
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from transforms.read.chunk import Kind
from transforms.read.cutter import line_ends
from transforms.read.jsonl_slow import MAX_DEPTH

_SURROGATE = r"\\u[dD][89a-fA-F]"
_NESTED = r'(?s)^(?:\[\s*(?:(?:["\d\-\[{]|true|false|null).*)?\]|\{\s*(?:".*)?\})$'
_NUMBER = r"^-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?$"
# Numbers that two correct writers may write differently, or that 64 bits do not hold.
_ODD_NUMBER = r"^(?:-0|-?\d{16,}|-?0\.000\d*|-?\d+\.\d{10,}|-?\d{6,}\.\d+|-?[\d.]+[eE][+-]?\d+)$"
_FRACTION = r"^-?\d+\.\d*$"


@dataclass
class FastRows:
    """`frame`: wanted columns as strings, one row per line that is not blank; `lines`: which lines
    these are; `suspects`: rows to read again; `ends`: byte offsets behind all lines.
    """

    frame: pl.DataFrame
    lines: NDArray[np.int64]
    suspects: NDArray[np.int64]
    ends: NDArray[np.int64]

    @property
    def total(self) -> int:
        """Lines, blank ones included."""
        return len(self.ends)

    def line(self, piece: bytes, line: int) -> tuple[int, bytes]:
        r"""Offset in the piece and bytes, without b"\n", of a line."""
        start = int(self.ends[line - 1]) if line else 0
        return start, piece[start : int(self.ends[line])].removesuffix(b"\n")


def read_fast(piece: bytes, wanted: Mapping[str, Kind]) -> FastRows | None:
    """Rows of a piece of whole lines; None when it must be read line by line."""
    names = list(wanted)
    if not names:
        return None
    ends = line_ends(piece)
    if not len(ends) or ends[-1] != len(piece):
        ends = np.append(ends, len(piece))
    if _maybe_deep(piece, ends):
        return None
    try:
        frame = pl.read_ndjson(piece, schema=dict.fromkeys(names, pl.String))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    if frame.columns != names or not frame.height:
        return None
    # Valid UTF-8 from here on: Polars checks every line.
    raw = _Raw(piece, ends)
    lines = np.arange(len(ends), dtype=np.int64)
    if frame.height != len(ends):
        lines = raw.not_blank()
        if len(lines) != frame.height:
            return None
    marked = np.zeros(frame.height, dtype=bool)
    if b"\\" in piece:
        marked |= raw.rows(lines).str.contains(_SURROGATE).to_numpy()
    for name, kind in wanted.items():
        found = _lookalikes(frame[name], kind)
        if kind != "text" and len(found):
            found = found[~_verbatim(frame[name].gather(found), raw.rows(lines).gather(found))]
        marked[found] = True
    return FastRows(frame, lines, np.flatnonzero(marked), ends)


class _Raw:
    """The piece as strings without copying it: whole, or its lines."""

    def __init__(self, piece: bytes, ends: NDArray[np.int64]) -> None:
        self._buffer = pa.py_buffer(piece)
        self._ends = ends
        self._lines: pl.Series | None = None

    def rows(self, lines: NDArray[np.int64]) -> pl.Series:
        if self._lines is None:
            self._lines = self._series(self._ends)
        return self._lines if len(lines) == len(self._lines) else self._lines.gather(lines)

    def not_blank(self) -> NDArray[np.int64]:
        every = self.rows(np.arange(len(self._ends)))
        return (every.str.strip_chars(" \t\r\n") != "").arg_true().to_numpy().astype(np.int64)

    def _series(self, ends: NDArray[np.int64]) -> pl.Series:
        offsets = pa.py_buffer(np.concatenate(([0], ends)).astype(np.int64))
        array = pa.LargeStringArray.from_buffers(len(ends), offsets, self._buffer)
        series = pl.from_arrow(array)
        assert isinstance(series, pl.Series)
        return series


def _maybe_deep(piece: bytes, ends: NDArray[np.int64]) -> bool:
    """Whether a line has as many brackets as a hostile depth needs: Polars' recursion may crash."""
    starts = np.concatenate(([0], ends[:-1]))
    for line in np.flatnonzero(ends - starts > 2 * MAX_DEPTH).tolist():
        start, end = int(starts[line]), int(ends[line])
        if piece.count(b"[", start, end) + piece.count(b"{", start, end) > MAX_DEPTH:
            return True
    return False


def _lookalikes(values: pl.Series, kind: Kind) -> NDArray[np.int64]:
    """Rows whose string may be the JSON text of a value that the kind does not allow or that has
    several spellings.
    """
    nested = ((values >= "[") & (values < "\\")) | ((values >= "{") & (values < "|"))
    number = ((values >= "-") & (values < ".")) | ((values >= "0") & (values < ":"))
    found = [_of(values, nested, _NESTED)]
    if kind != "any":
        found.append(((values == "true") | (values == "false")).arg_true().to_numpy())
    found.append(_of(values, number, _NUMBER if kind == "text" else _ODD_NUMBER))
    if kind == "key":
        found.append(_of(values, number, _FRACTION))
    return np.concatenate(found).astype(np.int64)


def _verbatim(values: pl.Series, lines: pl.Series) -> NDArray[np.bool_]:
    """Which long whole numbers (Twitter ids) stand in their line digit by digit."""
    table = pl.DataFrame({"v": values, "line": lines})
    value, line = pl.col("v"), pl.col("line")
    forms = [('"', '"'), (":", ","), (": ", ","), (":", "}"), (": ", "}")]
    shown = [
        line.str.contains(pl.concat_str(pl.lit(a), value, pl.lit(b)), literal=True)
        for a, b in forms
    ]
    sure = value.str.contains(r"^-?[1-9]\d{15,}$") & pl.any_horizontal(shown)
    return table.select(sure).to_series().to_numpy()


def _of(values: pl.Series, candidates: pl.Series, pattern: str) -> NDArray[np.uint32]:
    where = candidates.arg_true()
    if not len(where):
        return np.empty(0, dtype=np.uint32)
    return where.filter(values.gather(where).str.contains(pattern)).to_numpy()
