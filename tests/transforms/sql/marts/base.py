"""The base tables of the marts, filled with rows of a test; what a row leaves out is null."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import duckdb

from schemas.mart import load_mart

_ANSWERS = {
    "corpus": "VARCHAR", "domain": "VARCHAR", "task": "VARCHAR", "taxonomy": "VARCHAR", "labeler": "VARCHAR",
    "record_id": "VARCHAR", "day": "DATE", "partition": "VARCHAR", "conversation_id": "VARCHAR", "turn": "INTEGER",
    "created_at": "TIMESTAMP", "speaker": "VARCHAR", "role": "VARCHAR", "labels": "VARCHAR[]", "state": "VARCHAR",
    "confidence": "DOUBLE", "valence": "DOUBLE", "arousal": "DOUBLE", "hostile": "BOOLEAN", "bucket": "INTEGER",
}  # fmt: skip
_LEFT_OUT = {"labels", "partition", "turn", "domain"}
TABLES: dict[str, dict[str, str]] = {
    "answers": _ANSWERS,
    "turns": {name: kind for name, kind in _ANSWERS.items() if name not in _LEFT_OUT}
    | {
        "place": "INTEGER", "previous_record": "VARCHAR", "previous_speaker": "VARCHAR", "previous_role": "VARCHAR",
        "previous_state": "VARCHAR", "previous_valence": "DOUBLE", "previous_hostile": "BOOLEAN",
        "own_place": "INTEGER", "own_state": "VARCHAR", "own_valence": "DOUBLE",
    },
    "score_sums": {
        "corpus": "VARCHAR", "task": "VARCHAR", "taxonomy": "VARCHAR", "labeler": "VARCHAR", "day": "DATE",
        "role": "VARCHAR", "label": "VARCHAR", "n": "BIGINT", "probability": "DOUBLE",
    },
    "ratings": {
        "corpus": "VARCHAR", "record_id": "VARCHAR", "task": "VARCHAR", "taxonomy": "VARCHAR", "label_set": "VARCHAR",
        "annotator": "VARCHAR", "labels": "VARCHAR[]", "value": "DOUBLE",
    },
    "label_info": {
        "taxonomy": "VARCHAR", "label": "VARCHAR", "sentiment": "VARCHAR", "ekman": "VARCHAR", "neutral": "BOOLEAN",
        "place": "INTEGER",
    },
    "texts": {"record_id": "VARCHAR", "text": "VARCHAR", "lang": "VARCHAR"},
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What a query gives; `types` as DuckDB names them, None where another database was asked."""

    names: list[str]
    types: list[str] | None
    rows: list[tuple[Any, ...]]


@contextmanager
def filled(
    tables: Mapping[str, Sequence[Mapping[str, Any]]], setup: str = ""
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with all base tables; `setup` is SQL that makes further ones."""
    with duckdb.connect() as database:
        for table, columns in TABLES.items():
            declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            database.execute(f"CREATE TABLE {table} ({declared})")
            for row in tables.get(table, ()):
                assert set(row) <= set(columns), set(row) - set(columns)
                names, marks = ", ".join(row), ", ".join("?" for _ in row)
                database.execute(
                    f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values())
                )
        if setup:
            database.execute(setup)
        yield database


def on_duckdb(
    database: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, float]
) -> Found:
    """The rows of a query over filled tables."""
    result = database.execute(sql, dict(parameters))
    described = result.description or []
    names, types = [each[0] for each in described], [str(each[1]) for each in described]
    return Found(names, types, result.fetchall())


ask = on_duckdb
"""What answers: test_on_spark.py puts Spark in its place."""


def run_query(
    name: str,
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    parameters: Mapping[str, float],
    setup: str = "",
) -> Found:
    """What the SQL of a mart gives over such base tables, by `ask`."""
    sql = files("transforms.sql.marts").joinpath(f"{name}.sql").read_text()
    with filled(tables, setup) as database:
        return ask(database, sql, parameters)


def run_mart(
    name: str,
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    setup: str = "",
    parameters: Mapping[str, float] | None = None,
) -> list[dict[str, Any]]:
    """The rows of a mart over such base tables; `parameters` are put in place of those of the mart that have their
    names.

    The columns must be those that the mart declares, names and types.
    """
    mart = load_mart(name)
    found = run_query(name, tables, mart.parameters | dict(parameters or {}), setup)
    assert found.names == [column.name for column in mart.columns]
    assert found.types in (None, [column.type for column in mart.columns])
    return [dict(zip(found.names, row, strict=True)) for row in found.rows]
