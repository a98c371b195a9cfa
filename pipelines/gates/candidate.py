"""The candidate of a gate: a DuckDB view over Parquet files that are complete, but not published
yet.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.gates.errors import safe_error
from pipelines.gates.request import Request
from pipelines.gates.rules import BASE, VIEW, query_view, rule_column, rule_columns
from pipelines.lake.object_store import raise_store_trouble
from pipelines.lake.place import register
from schemas.datasets import DATASETS
from schemas.errors import ConfigError, SourceError
from schemas.expectation_suite import Expectation, Suite


@dataclass
class Candidate:
    """The open candidate; `broken` says, by expectation or derived column, what does not bind and
    why.
    """

    connection: duckdb.DuckDBPyConnection
    suite: Suite
    rows: int
    columns: frozenset[str] = frozenset()
    broken: dict[str, str] = field(default_factory=dict)

    def alone(self, item: Expectation) -> str:
        """A view with the columns that one expectation needs: no other can crash it."""
        needed = self.suite.model_copy(update={"expectations": (item,)})
        view = f"alone_{item.id}"
        outer = _with_columns(self, BASE, rule_columns(needed))
        self.connection.execute(
            f"CREATE OR REPLACE VIEW {view} AS SELECT {_shown([item], self)} FROM ({outer})"
        )
        return view


@contextmanager
def open_candidate(request: Request) -> Iterator[Candidate]:
    """A DuckDB connection with the candidate and the tables that suites may read; it can reach
    nothing else.

    Memory beyond the limit spills to a private folder, encrypted for restricted data, removed at
    the end.
    """
    missing = sorted(set(request.suite.tables) - request.tables.keys())
    if missing:
        raise ConfigError(
            f"The expectation suite {request.suite.suite} needs the table(s) {', '.join(missing)}."
        )
    with tempfile.TemporaryDirectory(
        prefix="affectmine-gate-", ignore_cleanup_errors=True
    ) as spill:
        connection = duckdb.connect(
            config={
                "memory_limit": request.memory_limit,
                "threads": request.threads,
                "temp_directory": spill,
                # Without the extension httpfs, a download, DuckDB's own module must be allowed to write.
                "force_mbedtls_unsafe": "true",
                "temp_file_encryption": request.restricted,
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "python_enable_replacements": False,
            }
        )
        try:
            connection.execute("SET GLOBAL TimeZone = 'UTC'")  # partitions are UTC days
            for name, columns in request.tables.items():
                _put(connection, name, pa.table(columns))
            register(connection, request.files)
            candidate = _create(connection, request.suite, request.files)
            connection.execute(f"SET allowed_paths = {_list(request.files)}")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield candidate
        finally:
            connection.close()


def _create(connection: duckdb.DuckDBPyConnection, suite: Suite, files: Sequence[str]) -> Candidate:
    _put(connection, "empty", DATASETS[suite.dataset].schema.empty_table())
    _columns(connection, files)
    source = f"read_parquet({_list(files)})" if files else "empty"
    connection.execute(f"CREATE VIEW source AS SELECT * FROM {source}")
    ((rows,),) = connection.execute("SELECT count(*) FROM source").fetchall()
    candidate = Candidate(connection, suite, rows)
    # One column or query that does not bind must fail its own expectation, not all of them.
    inner = _with_columns(candidate, "source", suite.derive)
    connection.execute(f"CREATE VIEW {BASE} AS {inner}")
    outer = _with_columns(candidate, BASE, rule_columns(suite))
    names = connection.execute(f"SELECT column_name FROM (DESCRIBE {BASE})").fetchall()
    candidate.columns = frozenset(name for (name,) in names)
    shown = _shown(suite.expectations, candidate)
    connection.execute(f"CREATE VIEW {VIEW} AS SELECT {shown} FROM ({outer})")
    for item in suite.expectations:
        if item.type == "no_rows":
            sql = str(item.parameters["sql"]).replace("{batch}", BASE).strip().rstrip(";")
            try:
                connection.execute(f"CREATE VIEW {query_view(item)} AS SELECT * FROM ({sql}\n)")
            except duckdb.Error as error:
                raise_store_trouble(error)
                candidate.broken[item.id] = safe_error(error)
    return candidate


def _shown(items: Sequence[Expectation], candidate: Candidate) -> str:
    # Great Expectations reads a row of all columns, several times: it sees those that it needs.
    if any(item.type.startswith("expect_table_column") for item in items):
        return "*"
    wanted = {name for item in items for name in (item.column, *item.columns) if name}
    rules = [rule_column(item) for item in items if "rule" in item.parameters]
    names = [*sorted(wanted & candidate.columns), *(n for n in rules if n not in candidate.broken)]
    return ", ".join(map(_name, names)) or "1 AS one"


def _with_columns(candidate: Candidate, source: str, columns: Mapping[str, str]) -> str:
    query = f"SELECT * FROM {source}"
    good: list[str] = []
    for name, sql in columns.items():
        attempt = f"SELECT *, {', '.join([*good, f'({sql}) AS {_name(name)}'])} FROM {source}"
        try:
            candidate.connection.execute(f"SELECT * FROM ({attempt}) LIMIT 0")
        except duckdb.Error as error:
            raise_store_trouble(error)
            candidate.broken[name] = safe_error(error)
            continue
        good.append(f"({sql}) AS {_name(name)}")
        query = attempt
    return query


def _columns(connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> None:
    # read_parquet over many files takes the columns of the first; so each file is described
    # by itself.
    connection.execute("CREATE TABLE file_columns (file INTEGER, name VARCHAR, type VARCHAR)")
    for number, file in enumerate(files):
        try:
            connection.execute(
                "INSERT INTO file_columns SELECT ?, column_name, column_type "
                f"FROM (DESCRIBE SELECT * FROM read_parquet({_text(file)}))",
                [number],
            )
        except duckdb.Error as error:
            raise_store_trouble(error)
            raise SourceError(
                f"The candidate file {Path(file).name} cannot be read as Parquet "
                f"({type(error).__name__}).",
                remedy="Remove its manifest and run again: the shard is made anew.",
            ) from None
    connection.execute(
        "CREATE TABLE expected_columns AS SELECT column_name AS name, column_type AS type "
        "FROM (DESCRIBE SELECT * FROM empty)"
    )


def _put(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    connection.register("incoming", table)
    connection.execute(f"CREATE TABLE {_name(name)} AS SELECT * FROM incoming")
    connection.unregister("incoming")


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _list(values: Sequence[str]) -> str:
    return "[" + ", ".join(_text(value) for value in values) + "]"
