"""Delimited tables (CSV, TSV): quoted cells with line ends in them, any usual encoding.

Options: `delimiter` (CSV: found from the header; TSV: tab), `quote` ('"' for CSV; none for TSV,
since published TSV files have loose quotes in their texts), `header` (true), `names` (for files
without a header), `encoding` (auto: UTF-8 or, with its mark, UTF-16). Columns without a name are
called `column_1` …; the second of two equal names gets `_2`. All cells are strings.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from schemas.config.corpus import Columns, GoldColumn
from schemas.errors import SourceError
from transforms.read.cells import record_strings, split_records
from transforms.read.chunk import MIB, POSITION, WANTED, BadUnit, Chunk, Limits, Parsed
from transforms.read.cutter import Ends, cut, scan_lines
from transforms.read.dialect import Dialect, dialect_of, open_utf8
from transforms.read.fill import Fill
from transforms.read.pieces import chunk_bytes, oversize
from transforms.read.quotes import Records, plain_records, quoted_records
from transforms.read.signatures import UTF16, signature
from transforms.read.source import SourceFile

_BOM = b"\xef\xbb\xbf"
_HEADS = (MIB, 16 * MIB, 64 * MIB)


@dataclass(frozen=True)
class Head:
    """The first record that is not blank: its unit number, its bytes, and the columns' names."""

    position: int
    record: bytes
    names: list[str]
    dialect: Dialect


class Delimited:
    """Reader of delimited tables."""

    version = 1

    def __init__(
        self, name: str, suffixes: tuple[str, ...], delimiters: str, quote: str | None
    ) -> None:
        self.name = name
        self._suffixes = suffixes
        self._delimiters = delimiters
        self._quote = quote

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the name says so and the bytes are no binary file (UTF-16 is text)."""
        return name.lower().endswith(self._suffixes) and signature(head) in (None, UTF16)

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """Names of the columns."""
        return self._head(source, options).names

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks of whole records; each knows the header."""
        head = self._head(source, options)
        stream, own = open_utf8(source, head.dialect)

        def scan(window: memoryview, known: Ends, old: int, final: bool) -> Ends:  # noqa: FBT001
            if head.dialect.quote is None:
                return scan_lines(window, known, old, final)
            return _records(window, head.dialect, limits, final=final).ends

        for chunk in cut(stream, limits, scan, carry=not own):
            known = chunk.position > head.position
            yield replace(chunk, header=head.record) if known else chunk

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """One batch per chunk."""
        if chunk.oversize:
            yield oversize(chunk, limits, [])
            return
        data = chunk_bytes(source, chunk)
        head = _head_of(chunk.header or data, self._dialect(chunk.header or data, options))
        if head is None:  # only blank lines
            units = len(plain_records(data, final=True).ends)
            yield Parsed(pl.DataFrame(schema={POSITION: pl.Int64}), units, {"blank_line": units})
            return
        skip = head.position if not chunk.header and head.dialect.header else -1
        yield _parse(data, chunk, head, skip, limits, options.get(WANTED))

    def columns(self, names: list[str]) -> Columns | None:
        """Never known."""
        return None

    def gold(self) -> tuple[GoldColumn, ...]:
        """None is known."""
        return ()

    def _head(self, source: SourceFile, options: Mapping[str, Any]) -> Head:
        dialect = dialect_of(options, ",", self._quote)
        for size in _HEADS:
            stream, _ = open_utf8(source, dialect)
            with stream:
                fill = Fill(stream)
                data = fill.read(size)
            head = _head_of(data, self._dialect(data, options), final=fill.done)
            if head is not None:
                return head
            if fill.done:
                if fill.error is not None:
                    raise fill.error
                return Head(-1, b"", [], dialect)
        raise SourceError(
            f"{source.shown} has no header within its first 64 MiB.",
            remedy="Check that it is a delimited table, and options.quote.",
        )

    def _dialect(self, data: bytes, options: Mapping[str, Any]) -> Dialect:
        """The delimiter that the first line has most of, unless the options say which it is."""
        line = data.removeprefix(_BOM).lstrip(b"\r\n").split(b"\n", 1)[0]
        counts = [line.count(each.encode()) for each in self._delimiters]
        return dialect_of(options, self._delimiters[counts.index(max(counts))], self._quote)


def _records(data: bytes | memoryview, dialect: Dialect, limits: Limits, *, final: bool) -> Records:
    if dialect.quote is None:
        return plain_records(data, final=final)
    delimiter, quote = ord(dialect.delimiter), ord(dialect.quote)
    return quoted_records(data, delimiter, quote, limits.record_bytes, final=final)


def _head_of(data: bytes, dialect: Dialect, *, final: bool = True) -> Head | None:
    records = _records(data, dialect, Limits(record_bytes=len(data)), final=final)
    start = 0
    for position, end in enumerate(records.ends.tolist()):
        record = data[start:end]
        start = end
        if record.strip(b"\r\n"):
            if records.bad[position]:
                raise SourceError(
                    "The header of the table has a quote that is not closed.",
                    remedy="Set options.quote to none if the table has no quoting.",
                )
            return Head(position, record, _names(record, dialect), dialect)
    return None


def _names(record: bytes, dialect: Dialect) -> list[str]:
    try:
        text = record.removeprefix(_BOM).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise SourceError(
            "The header of the table is not UTF-8.",
            remedy="Set options.encoding, for example to latin-1 or utf-16.",
        ) from None
    if dialect.quote is None:
        cells = text.split(dialect.delimiter)
    else:
        cells = next(csv.reader((text,), delimiter=dialect.delimiter, quotechar=dialect.quote))
    if not dialect.header:
        cells = list(dialect.names) or [""] * len(cells)
    names: list[str] = []
    for index, cell in enumerate(cells, start=1):
        name = cell.strip() or f"column_{index}"
        count = 2
        while name in names:
            name, count = f"{cell.strip() or f'column_{index}'}_{count}", count + 1
        names.append(name)
    return names


def _parse(data: bytes, chunk: Chunk, head: Head, skip: int, limits: Limits, wanted: Any) -> Parsed:
    """`skip`: the record that is the header, -1 where it is in an earlier chunk or nowhere."""
    records = _records(data, head.dialect, limits, final=True)
    text = record_strings(data, records)
    total = len(records.ends)
    if chunk.offset == 0 and data.startswith(_BOM):
        text = pl.concat([text.head(1).str.strip_prefix("\ufeff"), text.slice(1)])
    if skip >= 0:
        text = pl.concat([text.head(skip), pl.Series([""], dtype=pl.String), text.slice(skip + 1)])
    cells = split_records(text, records.bad, head.names, head.dialect.delimiter, head.dialect.quote)
    starts = np.concatenate(([0], records.ends[:-1]))
    bad = [
        BadUnit(
            chunk.position + row,
            chunk.offset + int(starts[row]),
            int(records.ends[row] - starts[row]),
            error_class,
            message,
        )
        for row, error_class, message in cells.bad
    ]
    frame = cells.frame
    if wanted:
        frame = frame.select([name for name in frame.columns if name in wanted])
    frame = frame.with_columns(pl.Series(POSITION, cells.kept + chunk.position, dtype=pl.Int64))
    blank = cells.blank - (skip >= 0)
    skipped = {
        name: count for name, count in (("header", skip >= 0), ("blank_line", blank)) if count
    }
    return Parsed(frame, total, {name: int(count) for name, count in skipped.items()}, bad)


CSV = Delimited("csv", (".csv",), ",;\t|", '"')
TSV = Delimited("tsv", (".tsv", ".tab"), "\t", None)
