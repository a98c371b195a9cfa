"""The SQLAlchemy dialect through which Great Expectations talks to DuckDB.

Great Expectations reads a result after the transaction was rolled back; in DuckDB that empties it.
Here a statement stays in autocommit, and begin, commit and rollback do nothing: the gate only
reads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import duckdb_engine
from sqlalchemy.dialects import registry


class Dialect(duckdb_engine.Dialect):
    """duckdb_engine without transactions."""

    supports_statement_cache = False

    def do_begin(self, connection: Any) -> None:
        """Nothing: autocommit."""

    def do_commit(self, connection: Any) -> None:
        """Nothing: autocommit."""

    def do_rollback(self, connection: Any) -> None:
        """Nothing: a rollback would empty results that are still to be read."""


def register() -> None:
    """Makes the dialect known as duckdb+affectmine."""
    registry.register("duckdb.affectmine", __name__, "Dialect")


def creator(connection: duckdb.DuckDBPyConnection) -> Callable[[], Any]:
    """What a connection pool calls for a connection: it may close it, so it gets a second one to
    the same database.
    """
    return lambda: duckdb_engine.ConnectionWrapper(connection.cursor())
