"""Rows of a file as `affectmine label -o` writes it: parquet, jsonl or csv."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

import duckdb
import orjson

from jobs.annotate.rows import Rows
from pipelines.query.views import literal, parquet, quoted
from schemas.errors import SourceError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy

_FACETS: Final = ("corpus", "domain", "lang", "role")
_NEEDED: Final = ("position", "text", "status", "labels")
_SCORES: Final = "STRUCT(label VARCHAR, probability DOUBLE)[]"
_MAX_LINE: Final = 1 << 26


def file_rows(
    database: duckdb.DuckDBPyConnection,
    path: Path,
    task: LabelTask,
    taxonomy: Taxonomy,
    labeler: str,
) -> Rows:
    """The rows of a file of labels; its text is as it was read: nothing was redacted.

    Columns corpus, domain, lang and role are used where there are any. A row is known by its id, or, where ids are
    missing or repeat, by its position in the file that was labeled ("position:7"). SourceError: no such file, or not
    as `affectmine label` writes it.
    """
    columns, table = _table(database, path, task, taxonomy)
    facets = {name for name in _FACETS if name in columns}
    told = {
        name: f"CAST({name} AS VARCHAR)" if name in facets else "CAST(NULL AS VARCHAR)"
        for name in _FACETS
    }
    about = ", ".join(f"{sql} AS {name}" for name, sql in told.items())
    answers = _answers(columns, path, task, taxonomy)
    name, notes = _name(database, columns, table)
    base = (
        f"SELECT {name} AS record_id, coalesce(CAST(text AS VARCHAR), '') AS text, "
        f"CAST(status AS VARCHAR) AS status, {about}, {answers} FROM {table}"
    )
    pool = (
        "SELECT record_id, key_of(record_id) AS sample_key, corpus, domain, lang, role, status, labels, scores "
        f"FROM ({base})"
    )
    texts = (
        "SELECT record_id, text, CAST(NULL AS STRUCT(role VARCHAR, text VARCHAR)[]) AS context, corpus, lang, role, "
        f"labels, scores, numbers, {literal(labeler)} AS version FROM ({base}) "
        "WHERE record_id IN (SELECT record_id FROM chosen)"
    )
    notes.append("the texts of a file are as they were read: nothing was redacted")
    return Rows(pool, texts, frozenset(facets), f"the file {path}", notes=notes)


def _table(
    database: duckdb.DuckDBPyConnection, path: Path, task: LabelTask, taxonomy: Taxonomy
) -> tuple[set[str], str]:
    """The columns of the file, and how it is read as a table."""
    if not path.is_file():
        raise SourceError(f"There is no file {path}.", remedy="Check the path.")
    if path.suffix == ".parquet":
        table = parquet([str(path)])
    elif path.suffix == ".jsonl":
        table = _json_lines(path, task, taxonomy)
    elif path.suffix == ".csv":
        table = (
            f"read_csv({literal(str(path))}, header = true, all_varchar = true, delim = ',', quote = '\"', "
            f"escape = '\"', max_line_size = {_MAX_LINE}, buffer_size = {2 * _MAX_LINE}, parallel = false)"
        )
    else:
        raise SourceError(
            f"{path} is no file of labels.", remedy="Let it end in .parquet, .jsonl or .csv."
        )
    if path.suffix == ".jsonl":
        columns = _keys(path)
    else:
        described = database.sql(f"DESCRIBE SELECT * FROM {table}").fetchall()
        columns = {str(row[0]) for row in described}
    if missing := [name for name in _NEEDED if name not in columns]:
        raise SourceError(
            f"{path} has no column {', '.join(missing)}.",
            remedy="Label it first: affectmine label FILE -o labels.parquet",
        )
    return columns, table


def _keys(path: Path) -> set[str]:
    """The names in the first line: `affectmine label` writes all of them in every line."""
    with path.open("rb") as file:
        line = file.readline(_MAX_LINE)
    try:
        found = orjson.loads(line or b"{}")
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise SourceError(
            f"{path} is not JSON lines: its first line is no object.",
            remedy="Write it anew: affectmine label FILE -o labels.jsonl",
        )
    return set(found)


def _json_lines(path: Path, task: LabelTask, taxonomy: Taxonomy) -> str:
    # Told, not guessed from the first rows: a column may begin with many nulls.
    kinds = {"position": "BIGINT", "id": "VARCHAR", "text": "VARCHAR", "status": "VARCHAR"}
    kinds |= {"labels": "VARCHAR[]", "scores": _SCORES}
    if task.answer != "labels":
        fields = ", ".join(f"{quoted(name)} DOUBLE" for name in taxonomy.names)
        kinds["answer"] = f"STRUCT({fields})"
    kinds |= dict.fromkeys(_FACETS, "VARCHAR")
    told = ", ".join(f"{name}: {literal(kind)}" for name, kind in kinds.items())
    return (
        f"read_json({literal(str(path))}, format = 'newline_delimited', columns = {{{told}}}, "
        f"maximum_object_size = {_MAX_LINE})"
    )


def _answers(columns: Collection[str], path: Path, task: LabelTask, taxonomy: Taxonomy) -> str:
    """SQL: labels, scores and numbers, as a file of this kind holds them."""
    if path.suffix == ".csv":
        given = "list_filter(string_split(coalesce(labels, ''), '|'), lambda name: name <> '')"
        labels = f"CASE WHEN status = 'labeled' THEN {given} END"
        pairs = "map_entries(CAST(CAST(scores AS JSON) AS MAP(VARCHAR, DOUBLE)))"
        scores = f"list_transform({pairs}, lambda s: {{'label': s.key, 'probability': s.value}})"
        each = [f"answer_{name}" for name in taxonomy.names]
    else:
        labels, scores = "CAST(labels AS VARCHAR[])", f"CAST(scores AS {_SCORES})"
        each = [f"answer.{quoted(name)}" for name in taxonomy.names]
    if "scores" not in columns:
        scores = f"CAST(NULL AS {_SCORES})"
    numbers = "CAST(NULL AS DOUBLE[])"
    if task.answer != "labels":
        if not {"answer", f"answer_{taxonomy.names[0]}"} & set(columns):
            raise SourceError(
                f"{path} has no column answer, which holds the numbers of the task {task.name}.",
                remedy="Label it with this task first: affectmine label FILE --task TASK -o labels.parquet",
            )
        numbers = "[" + ", ".join(f"CAST({one} AS DOUBLE)" for one in each) + "]"
    return f"{labels} AS labels, {scores} AS scores, {numbers} AS numbers"


def _name(
    database: duckdb.DuckDBPyConnection, columns: Collection[str], table: str
) -> tuple[str, list[str]]:
    position = "concat('position:', CAST(position AS VARCHAR))"
    if "id" not in columns:
        return position, []
    counted = "count(*), count(id), count(DISTINCT id)"
    ((rows, there, distinct),) = database.sql(f"SELECT {counted} FROM {table}").fetchall()
    if rows == there == distinct:
        return "CAST(id AS VARCHAR)", []
    return position, (
        ["ids repeat or are missing: rows are known by their position"] if there else []
    )
