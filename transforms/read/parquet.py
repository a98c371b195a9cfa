"""Parquet: chunks are ranges of rows that follow the row groups; columns keep their types.

A chunk's `offset` and `length` are rows, not bytes, and its checksum is that of the row groups it
lies in. A compressed or archived Parquet file cannot be read as a stream: it is held in memory
whole, up to 512 MiB, and its chunks carry their rows as Arrow data.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.config.corpus import Columns, GoldColumn
from schemas.errors import SourceError
from transforms.read.chunk import MIB, POSITION, WANTED, Chunk, Limits, Parsed, checksum
from transforms.read.fill import Fill
from transforms.read.source import SourceFile, open_stream

_IN_MEMORY = 512 * MIB
_MAGIC = b"PAR1"


@dataclass(frozen=True)
class _Range:
    """Rows `start` to `stop`, in row groups `first` to `last`, which begin at row `base`."""

    start: int
    stop: int
    first: int
    last: int
    base: int


class Parquet:
    """Reader of Parquet files."""

    name = "parquet"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the bytes begin as Parquet does."""
        return head.startswith(_MAGIC)

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """Names of the top-level columns."""
        with _opened(source) as file:
            return list(_parquet(file, source).schema_arrow.names)

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Ranges of rows: row groups put together or split until the limits hold."""
        with _opened(source) as file:
            parquet = _parquet(file, source)
            digest, digested = "", (-1, -1)
            for index, rows in enumerate(_ranges(parquet.metadata, limits)):
                if (rows.first, rows.last) != digested:
                    digest, digested = _digest(file, parquet, rows, source), (rows.first, rows.last)
                span = rows.stop - rows.start
                part = checksum(f"{digest} {rows.start - rows.base} {span}".encode())
                data = None if source.is_plain else _ipc(_read(parquet, rows, source))
                yield Chunk(index, rows.start, rows.start, span, part, data, units=span)

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """One batch per chunk."""
        frame = self._rows(source, chunk)
        wanted = options.get(WANTED)
        if wanted:
            frame = frame.select([name for name in frame.collect_schema() if name in wanted])
        try:
            rows = frame.collect()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise _broken(source, error) from None
        if rows.height != chunk.length:
            raise _broken(source, None)
        positions = pl.int_range(chunk.position, chunk.position + chunk.length, eager=True)
        yield Parsed(rows.with_columns(positions.alias(POSITION)), chunk.length)

    def _rows(self, source: SourceFile, chunk: Chunk) -> pl.LazyFrame:
        if chunk.data is None:
            # Polars reads only the pages of these rows, however big the row group.
            file = pl.scan_parquet(source.path, glob=False)
            return file.slice(chunk.offset, chunk.length)
        with pa.ipc.open_stream(chunk.data) as reader:
            frame = pl.from_arrow(reader.read_all())
        assert isinstance(frame, pl.DataFrame)
        return frame.lazy()

    def columns(self, names: list[str]) -> Columns | None:
        """Never known."""
        return None

    def gold(self) -> tuple[GoldColumn, ...]:
        """None is known."""
        return ()


def _broken(source: SourceFile, error: BaseException | None) -> SourceError:
    kind = f" ({type(error).__name__})" if error else ""
    return SourceError(
        f"{source.shown} is cut short or corrupt: it cannot be read as Parquet{kind}.",
        remedy="Fetch or write the file again, then rerun.",
    )


def _opened(source: SourceFile) -> BinaryIO:
    """The file, or its bytes in memory, to seek in."""
    if source.is_plain:
        try:
            return open(source.path, "rb")
        except OSError as error:
            raise SourceError(f"{source.path} cannot be read: {error.strerror}.") from None
    with open_stream(source) as stream:
        fill = Fill(stream)
        parts: list[bytes] = []
        while not fill.done and sum(map(len, parts)) <= _IN_MEMORY:
            parts.append(fill.read(16 * MIB))
    if fill.error is not None:
        raise fill.error
    if not fill.done:
        raise SourceError(
            f"{source.shown} is a compressed or archived Parquet file of more than 512 MiB.",
            remedy="Unpack it: Parquet is compressed inside.",
        )
    return io.BytesIO(b"".join(parts))


def _parquet(file: BinaryIO, source: SourceFile) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file)
    except (pa.ArrowException, OSError) as error:
        raise _broken(source, error) from None


def _ranges(metadata: Any, limits: Limits) -> Iterator[_Range]:
    """Greedy: whole groups as long as both limits hold; a bigger group is split evenly."""
    first, start, size, at = 0, 0, 0, 0
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        rows, size_here = group.num_rows, group.total_byte_size
        over = at + rows - start > limits.records or size + size_here > limits.bytes
        if over and at > start:
            yield _Range(start, at, first, index - 1, start)
            first, start, size = index, at, 0
        if rows > limits.records or size_here > limits.bytes:
            each = max(1, min(limits.records, rows * limits.bytes // max(size_here, 1)))
            for begin in range(at, at + rows, each):
                yield _Range(begin, min(begin + each, at + rows), index, index, at)
            first, start, size = index + 1, at + rows, 0
        else:
            size += size_here
        at += rows
    if at > start:
        yield _Range(start, at, first, metadata.num_row_groups - 1, start)


def _digest(file: BinaryIO, parquet: pq.ParquetFile, rows: _Range, source: SourceFile) -> str:
    """Checksum of the compressed bytes of the row groups, and of the schema."""
    parts = [str(parquet.schema_arrow).encode()]
    for index in range(rows.first, rows.last + 1):
        group = parquet.metadata.row_group(index)
        for number in range(group.num_columns):
            column = group.column(number)
            start = column.data_page_offset
            if column.dictionary_page_offset:
                start = min(start, column.dictionary_page_offset)
            file.seek(start)
            data = file.read(column.total_compressed_size)
            if len(data) < column.total_compressed_size:
                raise _broken(source, None)
            parts.append(checksum(data).encode())
    return checksum(b" ".join(parts))


def _read(parquet: pq.ParquetFile, rows: _Range, source: SourceFile) -> pa.Table:
    try:
        table = parquet.read_row_groups(list(range(rows.first, rows.last + 1)), use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise _broken(source, error) from None
    return table.slice(rows.start - rows.base, rows.stop - rows.start)


def _ipc(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())
