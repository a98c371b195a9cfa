"""A part of the base tables at a time: conversations whole, as many as fit in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pipelines.marts.base import Base
from pipelines.stages.database import query

_ROW_BYTES: Final = 1_000  # what counting the words of a record takes
_KEY: Final = "coalesce(conversation_id, record_id)"


def piece_bounds(base: Base) -> list[str]:
    """Conditions on `answers` and `turns`, one for each piece; each row fulfils one of them."""
    pieces = min(256, -(-base.rows * _ROW_BYTES // base.memory)) or 1
    starts = [f"CAST('{256 * each // pieces:02x}{'0' * 30}' AS UUID)" for each in range(pieces)]
    bounds = []
    for number, start in enumerate(starts):
        above = f"{_KEY} >= {start}"
        last = number + 1 == pieces
        bounds.append(above if last else f"{above} AND {_KEY} < {starts[number + 1]}")
    return bounds


@contextmanager
def piece(base: Base, bounds: str) -> Iterator[None]:
    """Within it, `answers` and `turns` are the rows within `bounds`, and tables that are made go with it.

    The joins of these queries are done in the order in which they are written: what unnest gives is always taken for
    smaller than it is, so that hash tables would be made of the texts.
    """
    database = base.database
    database.execute("CREATE SCHEMA IF NOT EXISTS piece")
    try:
        for name in ("answers", "turns"):
            database.execute(
                f"CREATE OR REPLACE VIEW piece.{name} AS SELECT * FROM main.{name} WHERE {bounds}"
            )
        database.execute("SET search_path = 'piece,main'")
        database.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        yield
    finally:
        database.execute("RESET disabled_optimizers")
        database.execute("SET search_path = 'main'")
        database.execute("DROP SCHEMA piece CASCADE")


def make(base: Base, name: str, *, kind: str = "TABLE", min_records: int = 0) -> None:
    """Makes a base table of words by its file."""
    base.database.execute(f"CREATE OR REPLACE {kind} {name} AS {told(name, min_records)}")


def told(name: str, min_records: int) -> str:
    """The query of a base table. A statement that makes a table takes no parameters."""
    return query(f"marts/{name}").replace("$min_records", str(min_records))
