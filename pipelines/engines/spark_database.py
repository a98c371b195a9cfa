"""Spark as the database for what needs all rows.

Semantics: the statements of DuckDB's SQL that Database names, with the same rows. A table is Parquet in scratch,
written when it is made: what is read of it later is not computed again. A view is its text. Both are of this database
alone.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
from sqlglot import exp

from pipelines.engines.database import PLACES, Parameters, Rows
from pipelines.engines.local import attempt
from pipelines.engines.scratch import remove_tree
from pipelines.engines.spark_arrow import as_lake_has, as_spark_has
from pipelines.engines.spark_errors import explained
from pipelines.engines.spark_files import (
    FILE,
    ROW,
    read_batches,
    read_files,
    read_table,
    write_files,
)
from pipelines.engines.spark_sql import columns_of, expressions, parsed, spark_sql
from pipelines.lake.place import Place, place

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

Result = TypeVar("Result")

_SETTINGS = {
    "spark.sql.ansi.enabled": "true",  # as DuckDB: an error where a number does not fit, never another number
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.caseSensitive": "false",
}
_RETRIES = 3


@contextmanager
def open_spark_database(
    session: SparkSession, scratch: Place, doing: str
) -> Iterator[SparkDatabase]:
    """An empty database, whose tables lie in `scratch`, a folder that all workers reach.

    What Spark says is told as an error of ours, which names what the database was `doing`.
    """
    with explained(doing):
        yield SparkDatabase(session, scratch)


@dataclass
class _Table:
    schema: StructType
    parts: list[Place] = field(default_factory=list)


class SparkDatabase:
    """A pipelines.engines.database.Database over a session of Spark."""

    def __init__(self, session: SparkSession, scratch: Place) -> None:
        self.session = session.newSession()  # views and settings of its own
        for name, value in _SETTINGS.items():
            self.session.conf.set(name, value)
        self._scratch = scratch
        self._tables: dict[str, _Table] = {}
        self._written = 0

    def execute(self, text: str, parameters: Parameters | None = None) -> None:
        """See Database."""
        statement = parsed(text, parameters)
        if isinstance(statement, exp.Create) and statement.kind == "VIEW":
            self._create_view(statement)
        elif isinstance(statement, exp.Create) and statement.kind == "TABLE":
            self._create_table(statement)
        elif isinstance(statement, exp.Insert):
            self._insert(statement.this.name, self._query(statement.expression))
        elif isinstance(statement, exp.Drop):
            for name in (each.name for each in statement.args["tables"]):
                self._drop(name, must_be_there=not statement.args["exists"])
        elif isinstance(statement, exp.Alter):
            (action,) = statement.args["actions"]
            self._rename(statement.this.name, action.this.name)
        else:
            raise NotImplementedError(f"{type(statement).__name__} is no statement of a database.")

    def rows(self, text: str, parameters: Parameters | None = None) -> list[tuple[Any, ...]]:
        """See Database."""
        return [tuple(row) for row in self.frame(text, parameters).collect()]

    def batches(self, text: str, parameters: Parameters | None = None) -> Iterator[pa.RecordBatch]:
        """See Database. They go through scratch: this process holds one at a time."""
        from pyspark.sql.pandas.types import to_arrow_schema

        frame = self.frame(text, parameters)
        schema = as_lake_has(to_arrow_schema(frame.schema).empty_table()).schema
        folder = self._folder("batches")
        try:
            empty = True
            for batch in read_batches(write_files(frame, folder)):
                told = pa.Table.from_batches([batch]).cast(schema)
                for each in told.combine_chunks().to_batches():
                    empty = False
                    yield each
            if empty:
                yield pa.RecordBatch.from_pylist([], schema=schema)
        finally:
            remove_tree(folder)

    def register(self, name: str, table: pa.Table) -> None:
        """See Database."""
        given = as_spark_has(table)
        if (
            given.num_rows
        ):  # in one piece: of a table whose first chunk is empty, Spark takes nothing
            frame = self.session.createDataFrame(given.combine_chunks())
        else:
            from pyspark.sql.pandas.types import from_arrow_schema

            frame = self.session.createDataFrame([], from_arrow_schema(given.schema))
        frame.createOrReplaceTempView(name)

    def unregister(self, name: str) -> None:
        """See Database."""
        self.session.catalog.dropTempView(name)

    def view_files(self, name: str, paths: Sequence[Place | str], columns: str = "*") -> None:
        """See Database."""
        wanted = columns_of(columns)
        found = read_files(self.session, [place(path) for path in paths], wanted)
        found.drop(FILE, ROW).selectExpr(*expressions(columns)).createOrReplaceTempView(name)

    def view_rows(self, name: str, shards: Sequence[Rows], columns: str) -> None:
        """See Database."""
        from pyspark.sql.functions import broadcast

        paths = {str(each.path): each.path for each in shards}
        files = {path: number for number, path in enumerate(paths)}
        told = [
            (files[str(each.path)], each.number, each.first, each.first + each.count)
            for each in shards
        ]
        numbers = self.session.createDataFrame(
            told, "_of int, shard long, _first long, _after long"
        )
        rows = read_files(self.session, list(paths.values()), columns_of(columns))
        inside = (rows[FILE] == numbers["_of"]) & rows[ROW].between(
            numbers["_first"], numbers["_after"] - 1
        )
        rows.join(broadcast(numbers), inside).selectExpr(
            f"shard * {PLACES} + {ROW} - _first AS place", "shard", *expressions(columns)
        ).createOrReplaceTempView(name)

    def each_shard(
        self, text: str, numbers: Sequence[int], function: Callable[[int, pa.Table], Result]
    ) -> list[Result]:
        """See Database. One pass over the rows, which Spark sorts by shard."""
        of = self.frame(text).selectExpr(f"place DIV {PLACES} AS _of", "*").groupBy("_of")
        all_of = self.session.createDataFrame([(each,) for each in numbers], "_of long")
        found = (
            all_of.groupBy("_of")
            .cogroup(of)
            .applyInArrow(_each(function), "number long, told binary")
            .collect()
        )
        told = {number: pickle.loads(answer) for number, answer in found}  # noqa: S301 - from our own workers
        for _, error in told.values():
            if error is not None:
                raise error
        return [told[number][0] for number in numbers]

    def frame(self, text: str, parameters: Parameters | None = None) -> DataFrame:
        """A query as a frame of this database's session."""
        return self._query(parsed(text, parameters))

    def create(self, name: str, frame: DataFrame) -> None:
        """Makes a table of a frame of this session."""
        parts = write_files(frame, self._folder(name))
        self._replace(name, _Table(frame.schema, parts))

    def _query(self, node: exp.Expr) -> DataFrame:
        return self.session.sql(spark_sql(node))

    def _create_view(self, statement: exp.Create) -> None:
        name = statement.this.name
        self._refuse_double(statement, name)
        self.session.sql(
            f"CREATE OR REPLACE TEMPORARY VIEW {name} AS {spark_sql(statement.expression)}"
        )

    def _create_table(self, statement: exp.Create) -> None:
        if isinstance(statement.this, exp.Schema):
            name = statement.this.this.name
            self._refuse_double(statement, name)
            columns = ", ".join(spark_sql(column) for column in statement.this.expressions)
            self._replace(name, _Table(self.session.createDataFrame([], columns).schema))
            return
        name = statement.this.name
        self._refuse_double(statement, name)
        self.create(name, self._query(statement.expression))

    def _refuse_double(self, statement: exp.Create, name: str) -> None:
        if not statement.args.get("replace") and self.session.catalog.tableExists(name):
            raise ValueError(f"There is a {name} already.")

    def _insert(self, name: str, frame: DataFrame) -> None:
        table = self._tables[name]
        named = frame.toDF(*table.schema.names)
        cast = [named[each.name].cast(each.dataType) for each in table.schema]
        table.parts += write_files(named.select(*cast), self._folder(name))
        self._show(name)

    def _drop(self, name: str, *, must_be_there: bool) -> None:
        there = self.session.catalog.dropTempView(name)
        if must_be_there and not there:
            raise ValueError(f"There is no {name}.")
        self._remove(self._tables.pop(name, None))

    def _rename(self, old: str, new: str) -> None:
        if self.session.catalog.tableExists(new):
            raise ValueError(f"There is a {new} already.")
        self._tables[new] = self._tables.pop(old)
        self.session.catalog.dropTempView(old)
        self._show(new)

    def _replace(self, name: str, table: _Table) -> None:
        before = self._tables.get(name)
        self._tables[name] = table
        self._show(name)
        self._remove(before)

    def _show(self, name: str) -> None:
        table = self._tables[name]
        read_table(self.session, table.parts, table.schema).createOrReplaceTempView(name)

    def _remove(self, table: _Table | None) -> None:
        for part in table.parts if table else ():
            remove_tree(part)

    def _folder(self, name: str) -> Place:
        self._written += 1
        return self._scratch / f"{self._written:05d}-{name}"


def _each(
    function: Callable[[int, pa.Table], Any],
) -> Callable[[tuple[pa.Scalar, ...], pa.Table, pa.Table], pa.Table]:
    """For a worker: what the function makes of one shard, or the error that ended it."""

    def made(key: tuple[pa.Scalar, ...], _: pa.Table, rows: pa.Table) -> pa.Table:
        number = key[0].as_py()
        table = as_lake_has(rows.drop_columns("_of")).sort_by("place")
        answer: Any = attempt(lambda _: function(number, table), number, _RETRIES)
        told = pickle.dumps((answer.result, answer.error))
        return pa.table(
            {"number": pa.array([number], pa.int64()), "told": pa.array([told], pa.binary())}
        )

    return made
