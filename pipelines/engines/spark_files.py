"""Parquet files as frames of Spark, and frames as Parquet files.

Spark's own reader and writer see folders that all machines mount. Object stores they see only with jars and settings
of their own, and some names they take for patterns: there Spark's Python workers read and write, as in other stages.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.engines.spark_arrow import as_spark_has
from pipelines.lake.place import Place, created_locally, open_parquet, place
from pipelines.lake.store import new_attempt

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

FILE = "_file"
ROW = "_row"
_BATCH_ROWS = 32_768
_NOT_SPARKS = set("*?[]{}:\\")  # in names, Spark takes these for patterns or schemes


def read_files(
    session: SparkSession, paths: Sequence[Place], wanted: Sequence[str] | None = None
) -> DataFrame:
    """The rows of files with equal columns, at least one: their columns (or the `wanted` ones), `_file` (number of the
    path in `paths`) and `_row` (number in the file).
    """
    if not all(map(_sparks_own, paths)):
        return _read_by_workers(session, paths, wanted)
    # Without the scheme a cluster would take its own default filesystem.
    found = session.read.parquet(*(f"file:{path}" for path in paths))
    columns = list(wanted) if wanted is not None else found.columns
    numbers = {str(path): number for number, path in enumerate(paths)}
    escaped = [urlsplit(name).path for name in found.inputFiles()]
    told = [(f"file:{name}", numbers[unquote(name)]) for name in escaped]  # as rows' metadata say
    names = session.createDataFrame(told, f"_name string, {FILE} int")
    rows = found.selectExpr(
        *map(_quoted, columns), "_metadata.file_path AS _name", f"_metadata.row_index AS {ROW}"
    )
    from pyspark.sql.functions import broadcast

    return rows.join(broadcast(names), "_name").drop("_name")


def write_files(frame: DataFrame, folder: Place) -> list[Place]:
    """Writes a frame below `folder`, which is not there yet; returns what `read_table` wants. Keeps its order."""
    if _sparks_own(folder):
        frame.write.parquet(f"file:{folder}")
        return [folder]
    names = frame.mapInArrow(_Writer(str(folder)), "name string").collect()
    return sorted(folder / name for (name,) in names)


def read_table(session: SparkSession, parts: Sequence[Place], schema: StructType) -> DataFrame:
    """The rows of what `write_files` wrote, any number of times."""
    if not parts:
        return session.createDataFrame([], schema)
    if not all(map(_sparks_own, parts)):
        return _frame(session, [str(part) for part in parts], schema, _Reader(schema.names))
    return session.read.schema(schema).parquet(*(f"file:{part}" for part in parts))


def read_batches(parts: Sequence[Place]) -> Iterator[pa.RecordBatch]:
    """The rows of what `write_files` wrote, here and in order."""
    for part in parts:
        for file in sorted(part.glob("*.parquet")) if _sparks_own(part) else [part]:
            with open_parquet(file) as parquet:
                yield from parquet.iter_batches(batch_size=_BATCH_ROWS)


def _read_by_workers(
    session: SparkSession, paths: Sequence[Place], wanted: Sequence[str] | None
) -> DataFrame:
    from pyspark.sql.pandas.types import from_arrow_schema

    with open_parquet(paths[0]) as parquet:
        kinds = parquet.schema_arrow
    columns = kinds.names if wanted is None else list(wanted)
    empty = pa.schema([kinds.field(name) for name in columns]).empty_table()
    schema = from_arrow_schema(as_spark_has(empty).schema).add(FILE, "integer").add(ROW, "long")
    return _frame(session, list(map(str, paths)), schema, _Reader(columns, numbered=True))


def _frame(
    session: SparkSession, paths: Sequence[str], schema: StructType, reader: _Reader
) -> DataFrame:
    slots = min(len(paths), 4 * session.sparkContext.defaultParallelism)
    listed = session.sparkContext.parallelize(list(enumerate(paths)), slots)
    return session.createDataFrame(listed, "number int, path string").mapInArrow(reader, schema)


@dataclass(frozen=True)
class _Reader:
    """In a worker: the rows of the files that it is told."""

    columns: Sequence[str]
    numbered: bool = False

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for told in batches:
            for number, path in zip(*(column.to_pylist() for column in told.columns), strict=True):
                row = 0
                with open_parquet(place(path)) as parquet:
                    for batch in parquet.iter_batches(_BATCH_ROWS, columns=list(self.columns)):
                        table = as_spark_has(pa.Table.from_batches([batch])).select(self.columns)
                        if self.numbered:
                            rows = pa.array(range(row, row + batch.num_rows), pa.int64())
                            files = pa.repeat(pa.scalar(number, pa.int32()), batch.num_rows)
                            table = table.append_column(FILE, files).append_column(ROW, rows)
                        row += batch.num_rows
                        yield from table.to_batches()


@dataclass(frozen=True)
class _Writer:
    """In a worker: puts the rows that come into one file; tells its name. A second attempt writes another file."""

    folder: str

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        first = next((batch for batch in batches if batch.num_rows), None)
        context = TaskContext.get()
        if first is None or context is None:
            return
        name = f"part-{context.partitionId():06d}-{new_attempt()}.parquet"
        with (
            created_locally(place(self.folder) / name) as path,
            pq.ParquetWriter(os.fspath(path), first.schema, compression="zstd") as writer,
        ):
            writer.write_batch(first)
            for batch in batches:
                writer.write_batch(batch)
        yield pa.RecordBatch.from_pydict({"name": [name]})


def _sparks_own(where: Place) -> bool:
    """Whether Spark's own reader and writer see this place."""
    return isinstance(where, Path) and not _NOT_SPARKS & set(str(where))


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
