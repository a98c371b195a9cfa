"""Base tables on a cluster: each made at once, of all rows, by a database that spreads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

from pipelines.engines.database import Database, Parameters
from pipelines.marts.tables import EVERYTHING
from pipelines.stages.database import query


class Whole:
    """A pipelines.marts.tables.Tables: one part, which is everything. Ids stay strings, as files of the lake have
    them.
    """

    packed_ids = False

    def __init__(self, database: Database) -> None:
        self.database = database
        self._made: set[str] = set()

    def turns(self) -> None:
        """See Tables."""
        self.database.execute(
            "CREATE OR REPLACE VIEW placeable AS SELECT * FROM answers WHERE conversation_id IS NOT NULL"
        )
        self.keep("turns", query("marts/base_turns"))

    def bounds(self) -> Sequence[str]:
        """See Tables."""
        return [EVERYTHING]

    @contextmanager
    def part(self, bounds: str) -> Iterator[None]:
        """See Tables: there is nothing to narrow."""
        assert bounds == EVERYTHING
        yield

    def make(self, name: str, sql: str, *, view: bool = False) -> None:  # noqa: ARG002
        """See Tables. Once: a second time it would be the same. Never as a view: each look would make it anew."""
        if name not in self._made:
            self.keep(name, sql)
            self._made.add(name)

    def keep(self, name: str, sql: str) -> None:
        """See Tables."""
        self.database.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}")

    def save(self, kind: str, number: int, sql: str) -> None:
        """See Tables."""
        self.keep(f"{kind}_{number}", sql)

    def show(self, name: str, kind: str, number: int | None = None) -> None:
        """See Tables."""
        self.database.execute(
            f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM {kind}_{number or 0}"
        )

    def batches(self, sql: str, parameters: Parameters) -> Iterator[pa.RecordBatch]:
        """See Tables."""
        return self.database.batches(sql, parameters)
