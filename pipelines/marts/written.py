"""Writes the rows of a mart as Parquet, with just the columns that the mart declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lake.commit import dictionary_columns, file_checksum
from pipelines.lake.lake import Lake
from pipelines.lake.mart_files import STAGE
from pipelines.lake.place import Place, created_locally
from pipelines.lake.store import disk_trouble
from pipelines.marts.needs import MADE
from pipelines.marts.tables import Tables
from pipelines.query.views import quoted
from pipelines.stages.database import query
from schemas.errors import TerminalError
from schemas.manifest import DataFile
from schemas.mart import Mart

_ARROW: Final[dict[str, pa.DataType]] = {
    "VARCHAR": pa.string(),
    "VARCHAR[]": pa.list_(pa.string()),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
    "BOOLEAN": pa.bool_(),
}


def mart_schema(mart: Mart) -> pa.Schema:
    """The Arrow schema of a mart's files."""
    return pa.schema([(column.name, _ARROW[column.type]) for column in mart.columns])


def write_mart(lake: Lake, mart: Mart, path: Place, rows: Iterable[pa.RecordBatch]) -> DataFile:
    """Writes `rows`, whose columns are the mart's; there is no file if that fails.

    Raises TerminalError where the rows have other columns, TransientError where the disk says no.
    """
    schema = mart_schema(mart)
    written = 0
    try:
        with created_locally(path) as local:
            with pq.ParquetWriter(
                local,
                schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=dictionary_columns(schema),
            ) as writer:
                for batch in rows:
                    _check_columns(mart, batch.schema.names)
                    writer.write_table(pa.Table.from_batches([batch]).cast(schema))
                    written += batch.num_rows
            size, checksum = local.stat().st_size, file_checksum(local)
    except OSError as error:
        raise disk_trouble("write", path, error) from None
    return DataFile(
        dataset=STAGE,
        variant=mart.name,
        corpus="",
        partition="",
        path=lake.relative(path),
        rows=written,
        bytes=size,
        checksum=checksum,
        schema_version=1,
    )


def _check_columns(mart: Mart, names: list[str]) -> None:
    if names != [column.name for column in mart.columns]:
        raise TerminalError(
            f"The mart {mart.name} has other columns than it declares.",
            remedy="This is a defect of affectmine, please report it.",
        )


def queried(
    tables: Tables, mart: Mart, parameters: dict[str, int | float]
) -> Iterator[pa.RecordBatch]:
    """The rows of a mart's SQL, of the types that it declares; ids are strings again."""
    sql = MADE.get(mart.name) or query(f"marts/{mart.name}")
    packed: set[str] = set()
    if tables.packed_ids:
        described = tables.database.rows(f"DESCRIBE {sql}", parameters)
        packed = {name for name, kind, *_ in described if kind == "UUID"}
    columns = []
    for column in mart.columns:
        name = quoted(column.name)
        told = f"CAST({name} AS {column.type})"
        if column.name in packed:
            told = f"replace(CAST({name} AS VARCHAR), '-', '')"
        columns.append(f"{told} AS {name}")
    return tables.batches(f"SELECT {', '.join(columns)} FROM ({sql})", parameters)
