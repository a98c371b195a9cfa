"""Records of a delimited table to columns: split by kernels; the csv module where quotes are."""

import contextlib
import csv
import gc
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from transforms.read.quotes import Records

csv.field_size_limit(1 << 31)  # the reader bounds records itself; the default stops at 128 KiB


_PIECE = 4 << 20  # bytes of text


@dataclass
class Cells:
    """`frame`: one column of strings per name, for the rows `kept` (indices of records).

    `bad`: (record, error class, message); `blank`: how many records are blank lines.
    """

    frame: pl.DataFrame
    kept: NDArray[np.int64]
    bad: list[tuple[int, str, str]]
    blank: int


def record_strings(data: bytes, records: Records) -> pl.Series:
    """The records without their line ends; null where one is not UTF-8."""
    offsets = pa.py_buffer(np.concatenate(([0], records.ends)).astype(np.int64))
    buffers = [None, offsets, pa.py_buffer(data)]
    array = pa.Array.from_buffers(pa.large_binary(), len(records.ends), buffers)
    series = pl.from_arrow(array)
    assert isinstance(series, pl.Series)
    try:
        text = series.cast(pl.String)
    except pl.exceptions.PolarsError:
        text = pl.Series([_decoded(record) for record in series.to_list()], dtype=pl.String)
    return text.str.strip_suffix("\n").str.strip_suffix("\r")


def _decoded(record: bytes) -> str | None:
    try:
        return record.decode()
    except UnicodeDecodeError:
        return None


def split_records(
    text: pl.Series, broken: NDArray[np.bool_], names: list[str], delimiter: str, quote: str | None
) -> Cells:
    """Cells of records; `broken` marks those that break the rules of quoting."""
    valid = text.is_not_null().to_numpy()
    blank = (text == "").fill_null(value=False).to_numpy() & ~broken
    bad = [
        (int(row), "bad_quote", "a quoted cell is not closed, or text follows its closing quote")
        for row in np.flatnonzero(broken)
    ]
    bad += [(int(row), "invalid_utf8", "not UTF-8") for row in np.flatnonzero(~valid & ~broken)]
    usable = valid & ~blank & ~broken
    quoted = usable & False
    if quote is not None:
        quoted = usable & text.str.contains(quote, literal=True).fill_null(value=False).to_numpy()
    plain, plain_rows, ragged = _split(text, np.flatnonzero(usable & ~quoted), names, delimiter)
    bad += ragged
    frame, kept = plain, plain_rows
    if quoted.any():
        assert quote is not None
        other, other_rows, wrong = _unquote(text, np.flatnonzero(quoted), names, delimiter, quote)
        bad += wrong
        kept = np.concatenate((plain_rows, other_rows))
        order = np.argsort(kept, kind="stable")
        frame, kept = pl.concat([plain, other])[order], kept[order]
    return Cells(frame, kept, sorted(bad), int(blank.sum()))


_Part = tuple[pl.DataFrame, NDArray[np.int64], list[tuple[int, str, str]]]


def _split(text: pl.Series, rows: NDArray[np.int64], names: list[str], delimiter: str) -> _Part:
    mine = text.gather(rows) if len(rows) != len(text) else text
    count = mine.str.count_matches(delimiter, literal=True).to_numpy() + 1
    fits = count == len(names)
    bad = [
        _ragged(int(row), int(n), names) for row, n in zip(rows[~fits], count[~fits], strict=True)
    ]
    if bad:
        mine, rows = mine.filter(pl.Series(fits)), rows[fits]
    if len(names) == 1:
        return pl.DataFrame({names[0]: mine}), rows, bad
    frame = mine.str.split_exact(delimiter, len(names) - 1).struct.unnest()
    frame.columns = names
    return frame, rows, bad


def _unquote(
    text: pl.Series, rows: NDArray[np.int64], names: list[str], delimiter: str, quote: str
) -> _Part:
    mine = text.gather(rows)
    # Cells as Python objects take many times the memory of the text: a piece at a time.
    piece = np.cumsum(mine.str.len_bytes().to_numpy()) // _PIECE
    starts = [0, *(np.flatnonzero(np.diff(piece)) + 1).tolist(), len(rows)]
    collects = gc.isenabled()
    gc.disable()  # many lists at once, none of them garbage: collecting would cost twice the work
    try:
        parts = [
            _unquoted(mine[start:end].to_list(), rows[start:end], names, delimiter, quote)
            for start, end in itertools.pairwise(starts)
        ]
    finally:
        if collects:
            gc.enable()
    frames, places, bad = zip(*parts, strict=True)
    return pl.concat(frames), np.concatenate(places), list(itertools.chain.from_iterable(bad))


def _unquoted(
    records: list[str], rows: NDArray[np.int64], names: list[str], delimiter: str, quote: str
) -> _Part:
    bad: list[tuple[int, str, str]] = []
    kept: list[int] = []
    cells: list[list[str]] = []
    for row, values in zip(rows.tolist(), _read(records, delimiter, quote), strict=True):
        if values is None:
            bad.append((row, "bad_cell", "a cell holds a carriage return outside of quotes"))
        elif len(values) != len(names):
            bad.append(_ragged(row, len(values), names))
        else:
            kept.append(row)
            cells.append(values)
    columns: Iterable[Sequence[str]] = zip(*cells, strict=True) if cells else ((),) * len(names)
    frame = pl.DataFrame(
        [
            pl.Series(name, values, dtype=pl.String)
            for name, values in zip(names, columns, strict=True)
        ]
    )
    return frame, np.array(kept, dtype=np.int64), bad


def _read(records: list[str], delimiter: str, quote: str) -> Sequence[list[str] | None]:
    """The cells of each record; None for one that the csv module refuses."""

    def cells_of(given: Iterable[str]) -> list[list[str]]:
        return list(csv.reader(given, delimiter=delimiter, quotechar=quote, strict=True))

    with contextlib.suppress(csv.Error):
        found = cells_of(records)
        if len(found) == len(records):
            return found
    singly: list[list[str] | None] = []
    for record in records:
        try:
            singly.append(cells_of((record,))[0])
        except csv.Error:
            singly.append(None)
    return singly


def _ragged(row: int, count: int, names: list[str]) -> tuple[int, str, str]:
    return row, "ragged_row", f"{count} cells, where the table has {len(names)} columns"
