"""Counts what drift is judged by: how many rows gave which answer, in new shards and in published files.

DuckDB reads the label files, beyond its memory limit on disk; what comes back is one row for each kind of answer that
occurs (a set of labels), never one for each record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.engines.duck_database import DuckDatabase
from pipelines.lake.lake import Lake
from pipelines.lake.place import register
from pipelines.query.views import literal, parquet, quoted
from pipelines.stages.database import create_view, open_database
from schemas.manifest import DataFile

_VERSIONS = "task_version, taxonomy_version, labeler_version"

Version = tuple[str, str, str]


@dataclass(frozen=True)
class Bins:
    """How a task that answers with numbers becomes one with labels: each dimension in equal steps over a range."""

    dimensions: tuple[str, ...]
    low: float
    high: float
    steps: int = 10


@dataclass(frozen=True)
class Sides:
    """The files of one label variant: shards that would be new, and Parquet files that are published.

    `clean_now` and `clean_before` are the files of clean with the same records; only a comparison by language
    reads them.
    """

    now: Mapping[int, DataFile]
    before: Sequence[str]
    clean_now: Sequence[str] = ()
    clean_before: Sequence[str] = ()


@dataclass(frozen=True)
class Group:
    """Labeled rows of one corpus, or of one language or role of it.

    `kinds` (kinds, labels) says which labels a kind of answer has, `before` and `now` (kinds,) how many rows gave it.
    """

    corpus: str
    by: tuple[str | None, ...]
    labels: tuple[str, ...]
    kinds: NDArray[np.bool_]
    before: NDArray[np.int64]
    now: NDArray[np.int64]


@dataclass(frozen=True)
class Counted:
    """The groups, and the versions (of task, taxonomy, labeler) that made the rows of each corpus."""

    groups: tuple[Group, ...]
    versions_before: dict[str, set[Version]]
    versions_now: dict[str, set[Version]]


def count_answers(
    lake: Lake,
    sides: Sides,
    by: Sequence[str],
    *,
    memory_limit: str,
    threads: int,
    bins: Bins | None = None,
) -> Counted:
    """Counts the answers of both sides, by corpus and the columns `by` (lang, role).

    Raises TransientError where memory and disk are too little; duckdb.Error for what cannot be read.
    """
    with open_database(memory_limit, threads, "The drift gate") as database:
        register(database, (*sides.before, *sides.clean_now, *sides.clean_before))
        columns = f"record_id, corpus, role, status, {_VERSIONS}, {_answer(bins)} AS answers"
        create_view(DuckDatabase(database), lake, "labels_now", sides.now, columns)
        published = parquet(sides.before) if sides.before else "labels_now WHERE false"
        chosen = columns if sides.before else "*"
        database.execute(f"CREATE VIEW labels_before AS SELECT {chosen} FROM {published}")
        for side, clean in (("now", sides.clean_now), ("before", sides.clean_before)):
            database.execute(_side(side, clean if "lang" in by else ()))
        keys = ", ".join(map(quoted, ("corpus", *by)))
        rows = database.sql(
            f"SELECT {keys}, answers, sum(before)::BIGINT AS before, sum(now)::BIGINT AS now FROM ("
            f"SELECT {keys}, answers, count(*) AS before, 0 AS now FROM before GROUP BY ALL UNION ALL "
            f"SELECT {keys}, answers, 0, count(*) FROM now GROUP BY ALL) GROUP BY ALL ORDER BY ALL"
        ).to_arrow_table()
        found = pl.from_arrow(rows)
        assert isinstance(found, pl.DataFrame)
        return Counted(
            tuple(_groups(found, by)), _versions(database, "before"), _versions(database, "now")
        )


def _answer(bins: Bins | None) -> str:
    """The labels of a row, sorted, as SQL: two rows with the same ones gave the same answer."""
    if bins is None:
        return "list_sort(coalesce(labels, []::VARCHAR[]))"
    width = (bins.high - bins.low) / bins.steps
    named = []
    for name in bins.dimensions:
        value = f"answer.{quoted(name)}"
        step = f"least({bins.steps - 1}, greatest(0, floor(({value} - {bins.low}) / {width})))"
        start = f"printf('%.2g', {bins.low} + {width} * {step})"
        named.append(
            f"CASE WHEN {value} IS NOT NULL THEN {literal(name + ' from ')} || {start} END"
        )
    return f"list_filter([{', '.join(named)}], lambda step: step IS NOT NULL)"


def _side(side: str, clean: Sequence[str]) -> str:
    # Records without a language, or dropped since, are a group of their own: null.
    labels = f"SELECT * FROM labels_{side} WHERE status = 'labeled'"
    if not clean:
        return f"CREATE VIEW {side} AS {labels}"
    return (
        f"CREATE VIEW {side} AS SELECT labels.*, clean.lang FROM ({labels}) AS labels LEFT JOIN "
        f"(SELECT record_id, lang FROM {parquet(clean)} WHERE outcome = 'kept') AS clean "
        "USING (record_id)"
    )


def _groups(found: pl.DataFrame, by: Sequence[str]) -> list[Group]:
    if found.is_empty():
        return []
    parts = found.partition_by("corpus", *by, maintain_order=True)
    return [_group(part.row(0)[0], tuple(part.row(0)[1 : 1 + len(by)]), part) for part in parts]


def _group(corpus: str, by: tuple[str | None, ...], rows: pl.DataFrame) -> Group:
    answers = rows["answers"].to_list()
    labels = sorted({label for answer in answers for label in answer})
    place = {label: number for number, label in enumerate(labels)}
    kinds = np.zeros((len(answers), len(labels)), np.bool_)
    for number, answer in enumerate(answers):
        kinds[number, [place[label] for label in answer]] = True
    before, now = (rows[side].to_numpy().astype(np.int64) for side in ("before", "now"))
    return Group(corpus, by, tuple(labels), kinds, before, now)


def _versions(database: duckdb.DuckDBPyConnection, side: str) -> dict[str, set[Version]]:
    found: dict[str, set[Version]] = {}
    rows = database.execute(f"SELECT DISTINCT corpus, {_VERSIONS} FROM {side}").fetchall()
    for corpus, *version in rows:
        found.setdefault(corpus, set()).add((version[0], version[1], version[2]))
    return found
