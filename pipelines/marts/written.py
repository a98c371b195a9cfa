"""Writes the rows of a mart as Parquet, with just the columns that the mart declares."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lake.commit import dictionary_columns, file_checksum
from pipelines.lake.lake import Lake
from pipelines.lake.mart_files import STAGE
from pipelines.lake.store import disk_trouble, sync_file
from pipelines.marts.needs import MADE
from pipelines.query.views import quoted
from pipelines.stages.database import query
from schemas.errors import TerminalError
from schemas.manifest import DataFile
from schemas.mart import Mart

_BATCH_ROWS: Final = 122_880
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


def write_mart(lake: Lake, mart: Mart, path: Path, rows: Iterable[pa.RecordBatch]) -> DataFile:
    """Writes `rows`, whose columns are the mart's; removes the file if that fails.

    Raises TerminalError where the rows have other columns, TransientError where the disk says no.
    """
    schema = mart_schema(mart)
    written = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=dictionary_columns(schema),
        ) as writer:
            for batch in rows:
                _check_columns(mart, batch.schema.names)
                writer.write_table(pa.Table.from_batches([batch]).cast(schema))
                written += batch.num_rows
        sync_file(path)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise disk_trouble("write", path, error) from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return DataFile(
        dataset=STAGE,
        variant=mart.name,
        corpus="",
        partition="",
        path=lake.relative(path),
        rows=written,
        bytes=path.stat().st_size,
        checksum=file_checksum(path),
        schema_version=1,
    )


def _check_columns(mart: Mart, names: list[str]) -> None:
    if names != [column.name for column in mart.columns]:
        raise TerminalError(
            f"The mart {mart.name} has other columns than it declares.",
            remedy="This is a defect of affectmine, please report it.",
        )


def queried(
    database: duckdb.DuckDBPyConnection, mart: Mart, parameters: dict[str, Any]
) -> pa.RecordBatchReader:
    """The rows of a mart's SQL, of the types that it declares; ids are strings again."""
    sql = MADE.get(mart.name) or query(f"marts/{mart.name}")
    found = {row[0]: row[1] for row in database.execute(f"DESCRIBE {sql}", parameters).fetchall()}
    columns = []
    for column in mart.columns:
        name = quoted(column.name)
        told = f"CAST({name} AS {column.type})"
        if found.get(column.name) == "UUID":
            told = f"replace(CAST({name} AS VARCHAR), '-', '')"
        columns.append(f"{told} AS {name}")
    told = f"SELECT {', '.join(columns)} FROM ({sql})"
    return database.sql(told, params=parameters).to_arrow_reader(_BATCH_ROWS)
