"""Base tables on one machine: conversations whole, as many at a time as fit in memory; what is made lies in files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa

from pipelines.engines.database import Parameters
from pipelines.engines.duck_database import DuckDatabase
from pipelines.marts.tables import IDS
from pipelines.query.views import literal
from pipelines.stages.database import query

_SORTED_BYTES: Final = 600  # what sorting takes of each row
_COUNTED_BYTES: Final = 1_000  # what counting the words of a record takes
_KEY: Final = "coalesce(conversation_id, record_id)"
_BATCH_ROWS: Final = 122_880
# Few different strings: as numbers they make the rows that are sorted a third as wide.
_NAMES: Final = ("corpus", "task", "taxonomy", "labeler", "role", "state")
_OTHER: Final = (
    "day",
    "turn",
    "created_at",
    "confidence",
    "valence",
    "arousal",
    "hostile",
    "bucket",
)


class Pieces:
    """A pipelines.marts.tables.Tables. Ids are UUIDs, half as wide as strings."""

    packed_ids = True

    def __init__(self, database: DuckDatabase, folder: Path, *, rows: int, memory: int) -> None:
        """`rows` of answers; `memory` in bytes."""
        self.database = database
        self._connection = database.connection
        self._folder = folder
        self._rows = rows
        self._memory = memory
        self._connection.execute("SET TimeZone = 'UTC'")

    def turns(self) -> None:
        """See Tables. Over files, each of some conversations, so that what is sorted fits in memory."""
        selected = [name for name in IDS if name != "reply_to"] + list(_OTHER)
        for name in _NAMES:
            values = self.database.rows(f"SELECT DISTINCT {name} FROM answers ORDER BY ALL")
            known = ", ".join(literal(value) for (value,) in values if value is not None)
            self._connection.execute(
                f"DROP TYPE IF EXISTS {name}_name"
            )  # of an attempt that failed
            self._connection.execute(f"CREATE TYPE {name}_name AS ENUM ({known or literal('')})")
            selected.append(f"CAST({name} AS {name}_name) AS {name}")
        for number, bounds in enumerate(self._bounds(_SORTED_BYTES, "conversation_id")):
            self._connection.execute(
                f"CREATE OR REPLACE TEMP VIEW placeable AS SELECT {', '.join(selected)} "
                f"FROM answers WHERE conversation_id IS NOT NULL AND {bounds}"
            )
            self.save("turns", number, query("marts/base_turns"))
        self.show("turns", "turns")

    def bounds(self) -> Sequence[str]:
        """See Tables."""
        return self._bounds(_COUNTED_BYTES, _KEY)

    @contextmanager
    def part(self, bounds: str) -> Iterator[None]:
        """See Tables.

        The joins of these queries are done in the order in which they are written: what unnest gives is always taken
        for smaller than it is, so that hash tables would be made of the texts.
        """
        connection = self._connection
        connection.execute("CREATE SCHEMA IF NOT EXISTS piece")
        try:
            for name in ("answers", "turns"):
                connection.execute(
                    f"CREATE OR REPLACE VIEW piece.{name} AS SELECT * FROM main.{name} WHERE {bounds}"
                )
            connection.execute("SET search_path = 'piece,main'")
            connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
            yield
        finally:
            connection.execute("RESET disabled_optimizers")
            connection.execute("SET search_path = 'main'")
            connection.execute("DROP SCHEMA piece CASCADE")

    def make(self, name: str, sql: str, *, view: bool = False) -> None:
        """See Tables."""
        kind = "VIEW" if view else "TABLE"
        self._connection.execute(f"CREATE OR REPLACE {kind} {name} AS {sql}")

    def keep(self, name: str, sql: str) -> None:
        """See Tables."""
        self._connection.execute(f"CREATE OR REPLACE TABLE main.{name} AS {sql}")

    def save(self, kind: str, number: int, sql: str) -> None:
        """See Tables."""
        path = literal(str(self._folder / f"{kind}-{number:03d}.parquet"))
        self._connection.execute(f"COPY ({sql}) TO {path} (FORMAT parquet, COMPRESSION lz4_raw)")

    def show(self, name: str, kind: str, number: int | None = None) -> None:
        """See Tables."""
        files = f"{kind}-*.parquet" if number is None else f"{kind}-{number:03d}.parquet"
        self._connection.execute(
            f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet({literal(str(self._folder / files))})"
        )

    def batches(self, sql: str, parameters: Parameters) -> Iterator[pa.RecordBatch]:
        """See Tables."""
        reader = self._connection.sql(sql, params=dict(parameters)).to_arrow_reader(_BATCH_ROWS)
        first = next(reader, None)
        yield first if first is not None else pa.RecordBatch.from_pylist([], schema=reader.schema)
        yield from reader

    def _bounds(self, row_bytes: int, key: str) -> list[str]:
        pieces = min(256, -(-self._rows * row_bytes // self._memory)) or 1
        starts = [f"CAST('{256 * each // pieces:02x}{'0' * 30}' AS UUID)" for each in range(pieces)]
        found = []
        for number, start in enumerate(starts):
            above = f"{key} >= {start}"
            last = number + 1 == pieces
            found.append(above if last else f"{above} AND {key} < {starts[number + 1]}")
        return found
