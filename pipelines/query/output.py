"""Results of the SQL door for eyes (a table with a row limit) and for machines (CSV, JSON lines,
Parquet).
"""

from __future__ import annotations

import csv
import io
import os
import re
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.errors import ConfigError

Format = Literal["csv", "json", "parquet"]
# Control and direction characters: text of people must not steer the terminal it is shown on.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def print_table(
    reader: pa.RecordBatchReader, *, limit: int = 40, console: Console | None = None
) -> None:
    """Prints the first `limit` rows as a table, and says so when there are more."""
    console = console or Console()
    table = Table(show_edge=False, header_style="bold")
    for field in reader.schema:
        numeric = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
        table.add_column(
            _visible(field.name), justify="right" if numeric else "left", overflow="fold"
        )
    rows, more = _first(reader, limit)
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console.print(table)
    shown = f"{len(rows):,} row{'' if len(rows) == 1 else 's'}"
    note = f"The first {shown}; there are more (--limit, or --format for all)." if more else shown
    console.print(Text(note, style="dim"))


def write_result(
    reader: pa.RecordBatchReader, kind: Format, output: str | Path | None = None
) -> int:
    """Writes all rows to a file, whole or not at all, or to stdout; returns how many.

    `json` is JSON lines: one object per row. Lists and structs are JSON inside CSV cells.
    """
    with _target(kind, output) as target:
        if kind == "parquet":
            return _parquet(reader, target)
        return _csv(reader, target) if kind == "csv" else _json(reader, target)


def _first(reader: pa.RecordBatchReader, limit: int) -> tuple[list[tuple[Any, ...]], bool]:
    rows: list[tuple[Any, ...]] = []
    for batch in reader:
        rows += zip(
            *(column.slice(0, limit + 1).to_pylist() for column in batch.columns), strict=True
        )
        if len(rows) > limit:
            return rows[:limit], True
    return rows, False


def _cell(value: object) -> Text:
    if value is None:
        return Text("·", style="dim")
    if isinstance(value, float):
        return Text(f"{value:.6g}")
    if isinstance(value, list | dict | tuple):
        return Text(_visible(_plain(value)))
    return Text(_visible(str(value)))


def _visible(text: str) -> str:
    return _CONTROL.sub("\ufffd", text)


def _plain(value: object) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _names(schema: pa.Schema) -> list[str]:
    # SELECT a.x, b.x has the name x twice; a JSON object or a Parquet file holds it once.
    names: list[str] = []
    for name in schema.names:
        candidate, number = name, 1
        while candidate in names:
            candidate, number = f"{name}_{number}", number + 1
        names.append(candidate)
    return names


def _rows(reader: pa.RecordBatchReader) -> Iterator[tuple[Any, ...]]:
    for batch in reader:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _csv(reader: pa.RecordBatchReader, target: IO[bytes]) -> int:
    text = io.TextIOWrapper(target, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(_names(reader.schema))
    count = 0
    for row in _rows(reader):
        writer.writerow([_plain(v) if isinstance(v, list | dict | tuple) else v for v in row])
        count += 1
    text.flush()
    text.detach()
    return count


def _json(reader: pa.RecordBatchReader, target: IO[bytes]) -> int:
    names, count = _names(reader.schema), 0
    for row in _rows(reader):
        line = dict(zip(names, row, strict=True))
        target.write(
            orjson.dumps(
                line, default=str, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
            )
        )
        count += 1
    return count


def _parquet(reader: pa.RecordBatchReader, target: IO[bytes]) -> int:
    schema = pa.schema(
        [f.with_name(n) for f, n in zip(reader.schema, _names(reader.schema), strict=True)]
    )
    count = 0
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
            count += batch.num_rows
    return count


@contextmanager
def _target(kind: Format, output: str | Path | None) -> Iterator[IO[bytes]]:
    if output is None:
        if kind == "parquet" and sys.stdout.isatty():
            raise ConfigError(
                "Parquet is not for the screen.", remedy="Name a file: -o result.parquet"
            )
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(output)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        temporary.unlink(missing_ok=True)
