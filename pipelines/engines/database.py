"""What code that needs all rows at once asks of its database: DuckDB on one machine, or Spark's SQL.

The texts are written once, in DuckDB's SQL: see pipelines.engines.spark_sql for what Spark makes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import pyarrow as pa

from pipelines.lake.place import Place

Result = TypeVar("Result")
Parameters = Mapping[str, object]

PLACES = 1 << 32
"""Places of a shard: its number times this, plus the row in it."""


@dataclass(frozen=True)
class Rows:
    """The rows of a numbered shard: where they lie, the first one's number in that file, and how many they are."""

    number: int
    path: Place
    first: int
    count: int


class Database(Protocol):
    """Tables and views that live as long as it is open. Parameters stand in the text as `$name`."""

    def execute(self, text: str, parameters: Parameters | None = None) -> None:
        """Runs CREATE [OR REPLACE] TABLE or VIEW, INSERT INTO … SELECT, DROP, or ALTER TABLE … RENAME TO."""

    def rows(self, text: str, parameters: Parameters | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query: few of them, for they all come here."""

    def batches(self, text: str, parameters: Parameters | None = None) -> Iterator[pa.RecordBatch]:
        """The rows of a query, in its order, as Arrow; at least one batch, which may be empty."""

    def register(self, name: str, table: pa.Table) -> None:
        """Makes a table of this process a view. Replaces one of that name."""

    def unregister(self, name: str) -> None:
        """Takes such a view away."""

    def view_files(self, name: str, paths: Sequence[Place | str], columns: str = "*") -> None:
        """A view of `columns` (SQL) of Parquet files that have equal columns. Replaces one of that name."""

    def view_rows(self, name: str, shards: Sequence[Rows], columns: str) -> None:
        """A view of numbered shards: `columns` (SQL), `shard` and `place`. Replaces one of that name."""

    def each_shard(
        self, text: str, numbers: Sequence[int], function: Callable[[int, pa.Table], Result]
    ) -> list[Result]:
        """What `function` makes of each shard's rows of a query, which has a column `place`; by `numbers`.

        The table has the query's columns, by `place`, in no further order; it may be empty. The function may run
        on another machine, and twice.
        """
