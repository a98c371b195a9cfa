"""Great Expectations, imported late and made to work on DuckDB. Only the gate process uses this
module.
"""

from __future__ import annotations

import importlib
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb


@dataclass(frozen=True)
class Library:
    """The parts of Great Expectations that a gate uses."""

    gx: Any
    expectations: Any
    no_rows: type[Any]


@cache
def library() -> Library:
    """Great Expectations, imported once."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read at import: no call home, ever
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gx = importlib.import_module("great_expectations")
        expectations = importlib.import_module("great_expectations.expectations")
        no_rows = importlib.import_module("pipelines.gates.no_rows").NoRows
        importlib.import_module("pipelines.gates.dialect").register()
    return Library(gx, expectations, no_rows)


@contextmanager
def batch(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[Any]:
    """A table or view of a DuckDB connection as a batch of Great Expectations, which stays quiet
    meanwhile.
    """
    gx = library().gx
    creator = importlib.import_module("pipelines.gates.dialect").creator(connection)
    pool = importlib.import_module("sqlalchemy.pool").StaticPool
    with _quiet():
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        source = context.data_sources.add_sql(
            "candidate",
            connection_string="duckdb+affectmine:///:memory:",
            create_temp_table=False,
            kwargs={"poolclass": pool, "creator": creator},
        )
        try:
            asset = source.add_table_asset(table, table_name=table)
            yield asset.add_batch_definition_whole_table("all").get_batch()
        finally:
            source.get_execution_engine().close()
            source.get_engine().dispose()


@contextmanager
def _quiet() -> Iterator[None]:
    # Its log lines and warnings may carry values of rows (a failed cast names the text): none
    # leaves the gate.
    names = ("great_expectations", "sqlalchemy", "duckdb_engine")
    before = [(logging.getLogger(name), logging.getLogger(name).level) for name in names]
    try:
        for logger, _ in before:
            logger.setLevel(logging.CRITICAL + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in before:
            logger.setLevel(level)
