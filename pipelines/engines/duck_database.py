"""DuckDB as the database of this machine's engines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from pipelines.engines.database import PLACES, Parameters, Rows
from pipelines.lake.place import Place, register
from pipelines.stages.database import open_database

Result = TypeVar("Result")

_BATCH_ROWS = 32_768


@contextmanager
def open_duck_database(memory_limit: str, threads: int, doing: str) -> Iterator[DuckDatabase]:
    """An empty one: see pipelines.stages.database.open_database."""
    with open_database(memory_limit, threads, doing) as connection:
        yield DuckDatabase(connection)


class DuckDatabase:
    """A pipelines.engines.database.Database over a connection of DuckDB."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def execute(self, text: str, parameters: Parameters | None = None) -> None:
        """See Database."""
        self.connection.execute(text, parameters)

    def rows(self, text: str, parameters: Parameters | None = None) -> list[tuple[Any, ...]]:
        """See Database."""
        return self.connection.execute(text, parameters).fetchall()

    def batches(self, text: str, parameters: Parameters | None = None) -> Iterator[pa.RecordBatch]:
        """See Database."""
        # A cursor of its own: other statements may run before the last batch is taken.
        found = self.connection.cursor().sql(text, params=parameters)
        reader = found.to_arrow_reader(_BATCH_ROWS)
        empty = True
        for batch in reader:
            empty = False
            yield batch
        if empty:
            yield pa.RecordBatch.from_pylist([], schema=reader.schema)

    def register(self, name: str, table: pa.Table) -> None:
        """See Database."""
        self.connection.register(name, table)

    def unregister(self, name: str) -> None:
        """See Database."""
        self.connection.unregister(name)

    def view_files(self, name: str, paths: Sequence[Place | str], columns: str = "*") -> None:
        """See Database."""
        register(self.connection, paths)
        listed = _listed(str(path) for path in paths)
        self.connection.execute(
            f"CREATE OR REPLACE VIEW {name} AS SELECT {columns} FROM read_parquet([{listed}])"
        )

    def view_rows(self, name: str, shards: Sequence[Rows], columns: str) -> None:
        """See Database."""
        register(self.connection, [each.path for each in shards])
        names = [str(each.path) for each in shards]
        table = {
            "filename": names,
            "shard": [each.number for each in shards],
            "first_row": [each.first for each in shards],
            "after_row": [each.first + each.count for each in shards],
        }
        self.connection.register(f"{name}_shards", pa.table(table))
        self.connection.execute(
            f"CREATE OR REPLACE VIEW {name} AS SELECT "
            f"shards.shard * {PLACES} + file_row_number - shards.first_row AS place, shards.shard, {columns} "
            f"FROM read_parquet([{_listed(sorted(set(names)))}], filename = true, "
            f"file_row_number = true) AS stored "
            f"INNER JOIN {name}_shards AS shards ON stored.filename = shards.filename "
            "AND file_row_number >= shards.first_row AND file_row_number < shards.after_row"
        )

    def each_shard(
        self, text: str, numbers: Sequence[int], function: Callable[[int, pa.Table], Result]
    ) -> list[Result]:
        """See Database. Where the query reads a table that is sorted by place, each shard reads its part only."""
        return [
            function(
                number,
                self.connection.sql(
                    f"SELECT * FROM ({text}) WHERE place >= {number * PLACES} "
                    f"AND place < {(number + 1) * PLACES} ORDER BY place"
                ).to_arrow_table(),
            )
            for number in numbers
        ]


def _listed(paths: Iterable[str]) -> str:
    return ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
