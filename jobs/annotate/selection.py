"""Which rows are chosen: tables in DuckDB, which spills what memory cannot hold. No text is read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import duckdb
import polars as pl
import pyarrow as pa
from duckdb.func import PythonUDFType

from jobs.annotate.rows import Rows
from jobs.annotate.wanted import Wanted
from pipelines.query.views import literal
from schemas.errors import ConfigError
from schemas.taxonomy import Taxonomy
from transforms.annotate.allocation import allocate, inclusion
from transforms.annotate.keys import keys_of, mixed, salt_of
from transforms.annotate.margins import margin, rarest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NONE: Final = "(none)"
_DRAW, _DEAL, _SHOW = range(3)  # each order of a seed is another
_CHOSEN: Final = "record_id VARCHAR, key UBIGINT, drawn VARCHAR, probability DOUBLE, weight DOUBLE"


@dataclass(frozen=True)
class Stratum:
    """Rows of a stratum, how many of them were taken, and the weight of each (None: not known)."""

    name: str
    rows: int
    taken: int
    weight: float | None


@dataclass
class Selected:
    """`population`: rows that could be chosen; beside them `not_labeled` ones, and those that were `excluded`."""

    population: int
    not_labeled: int
    excluded: int
    strata: list[Stratum] = field(default_factory=list)


def register(database: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Makes the functions that queries of this package use: `key_of(name)`, and orders of a seed by key."""

    def named(names: pa.Array) -> pa.Array:
        return pa.array(keys_of(names.to_pylist()), pa.uint64())

    _function(database, "key_of", named, "VARCHAR")
    for name, stream in (("draw_key", _DRAW), ("deal_key", _DEAL), ("show_key", _SHOW)):
        _function(database, name, _order(salt_of(seed, stream)), "UBIGINT")


def select(
    database: duckdb.DuckDBPyConnection,
    rows: Rows,
    wanted: Wanted,
    taxonomy: Taxonomy,
    *,
    exclusive: bool,
    thresholds: Mapping[str, float],
    excluded: Collection[str],
) -> Selected:
    """Makes the table `chosen` (record_id, key, drawn, probability, weight): `wanted.n` rows, or all there are.

    ConfigError: clinical rows that were not allowed, no row to choose from, or fewer rows than strata.
    """
    _refuse_clinical(database, rows, wanted)
    ids = pl.DataFrame({"record_id": pl.Series(list(excluded), dtype=pl.String)})
    database.register("excluded_ids", ids.to_arrow())
    told = _told(wanted, exclusive=exclusive, thresholds=thresholds)
    where = _where(rows, wanted)
    left_out = "record_id IN (SELECT record_id FROM excluded_ids)"
    database.execute(
        f"CREATE TEMP TABLE pool AS SELECT record_id, draw_key(sample_key) AS key{told} FROM ({rows.pool}) "
        f"WHERE {where} AND status = 'labeled' AND NOT {left_out}"
    )
    counted = (
        f"count(*) FILTER (NOT {left_out}), count(*) FILTER ({left_out} AND status = 'labeled')"
    )
    ((others, out),) = database.sql(
        f"SELECT {counted} FROM ({rows.pool}) WHERE {where} AND (status <> 'labeled' OR {left_out})"
    ).fetchall()
    population = _count(database, "pool")
    if not population:
        raise ConfigError(
            f"No labeled row of {rows.where} fits: {others} were not labeled, {out} are excluded.",
            remedy="Ask for other corpora, languages or roles, or exclude fewer rows.",
        )
    found = Selected(population, others, out)
    database.execute(f"CREATE TEMP TABLE chosen ({_CHOSEN})")
    if wanted.strategy == "stratified":
        found.strata = _stratified(database, wanted, taxonomy)
    elif wanted.strategy == "uncertain":
        found.strata = _uncertain(database, wanted, rows, population)
    else:
        found.strata = [_random(database, "all", wanted.n, population)]
    return found


def deal(database: duckdb.DuckDBPyConnection, annotators: int, overlap: int) -> None:
    """Makes the table `dealt`: of each row of `chosen` the number of its annotator (-1: all of them), and its place.

    `overlap` rows, chosen at random, go to all; the others are dealt out in turn, so that shares differ by one at most.
    Places are an order of their own: neighbors in a file have nothing to do with one another.
    """
    whose = (
        f"CASE WHEN dealt < {overlap} THEN -1 ELSE (dealt - {overlap}) % {max(1, annotators)} END"
    )
    database.execute(
        f"CREATE TEMP TABLE dealt AS SELECT * EXCLUDE (dealt), {whose} AS annotator FROM (SELECT record_id, drawn, "
        "probability, weight, show_key(key) AS place, row_number() OVER (ORDER BY deal_key(key), record_id) - 1 "
        "AS dealt FROM chosen)"
    )


def _told(wanted: Wanted, *, exclusive: bool, thresholds: Mapping[str, float]) -> str:
    """What the pool holds beside keys: as little as can be, for it may be large."""
    if wanted.strategy == "stratified":
        return (
            ", labels" if wanted.by == "label" else f", coalesce({wanted.by}, '{NONE}') AS stratum"
        )
    if wanted.strategy == "uncertain":
        return f", {margin(exclusive=exclusive, thresholds=thresholds)} AS margin"
    return ""


def _where(rows: Rows, wanted: Wanted) -> str:
    asked = {"corpus": wanted.corpora, "lang": wanted.languages, "role": wanted.roles}
    by = (wanted.by,) if wanted.strategy == "stratified" and wanted.by != "label" else ()
    if missing := [n for n in (*(n for n, v in asked.items() if v), *by) if n not in rows.facets]:
        raise ConfigError(
            f"In {rows.where} no {', '.join(missing)} is known.",
            remedy="Add such a column to the file, or leave the option out.",
        )
    parts = [
        f"{name} IN ({', '.join(map(literal, given))})" for name, given in asked.items() if given
    ]
    return " AND ".join(parts) or "true"


def _refuse_clinical(database: duckdb.DuckDBPyConnection, rows: Rows, wanted: Wanted) -> None:
    if wanted.allow_clinical or "domain" not in rows.facets:
        return
    found = database.sql(
        f"SELECT DISTINCT coalesce(corpus, '') FROM ({rows.pool}) WHERE domain = 'clinical' AND {_where(rows, wanted)} "
        "ORDER BY 1"
    ).fetchall()
    if found:
        named = ", ".join(name for (name,) in found if name)
        raise ConfigError(
            f"{rows.where[0].upper()}{rows.where[1:]} has clinical rows{f' ({named})' if named else ''}: their text, "
            "redacted or not, goes to annotators only if you say so.",
            remedy="Choose other corpora with --corpus, or add --allow-clinical if your ethics approval covers it.",
        )


def _random(database: duckdb.DuckDBPyConnection, name: str, n: int, population: int) -> Stratum:
    taken = min(n, population)
    if not taken:
        return Stratum(name, population, 0, None)
    chance = inclusion(population, taken)
    told = f"'random', {float(chance)!r}::DOUBLE, {float(1 / chance)!r}::DOUBLE"
    database.execute(
        f"INSERT INTO chosen SELECT record_id, key, {told} FROM pool ORDER BY key, record_id LIMIT {taken}"
    )
    return Stratum(name, population, taken, float(1 / chance))


def _stratified(
    database: duckdb.DuckDBPyConnection, wanted: Wanted, taxonomy: Taxonomy
) -> list[Stratum]:
    stratum = "stratum"
    if wanted.by == "label":
        counts = dict(
            database.sql(
                "SELECT label, count(*) FROM (SELECT unnest(list_distinct(labels)) AS label FROM pool) GROUP BY 1"
            ).fetchall()
        )
        if strange := len(set(counts) - set(taxonomy.names)):
            raise ConfigError(
                f"The rows have {strange} labels that are not in the taxonomy {taxonomy.name}.",
                remedy="Name the taxonomy that they were labeled with: --taxonomy.",
            )
        stratum = rarest(counts, NONE)
    named = f"(SELECT record_id, key, {stratum} AS stratum FROM pool)"
    sizes = dict(
        database.sql(f"SELECT stratum, count(*) FROM {named} GROUP BY 1 ORDER BY 1").fetchall()
    )
    taken = allocate(sizes, wanted.n)
    found = []
    for name, rows in sizes.items():
        chance = inclusion(rows, taken[name])
        found.append(Stratum(name, rows, taken[name], float(1 / chance)))
    shares = pl.DataFrame(
        [(s.name, s.taken, s.taken / s.rows, s.weight) for s in found],
        schema={"stratum": pl.String, "taken": pl.Int64, "probability": pl.Float64, "weight": pl.Float64},
        orient="row",
    )  # fmt: skip
    database.register("shares", shares.to_arrow())
    database.execute(
        "INSERT INTO chosen SELECT record_id, key, 'stratified', probability, weight FROM (SELECT *, row_number() OVER "
        f"(PARTITION BY stratum ORDER BY key, record_id) AS place FROM {named}) INNER JOIN shares USING (stratum) "
        "WHERE place <= taken"
    )
    return found


def _uncertain(
    database: duckdb.DuckDBPyConnection, wanted: Wanted, rows: Rows, population: int
) -> list[Stratum]:
    first = _random(database, "random", round(wanted.n * wanted.random_share), population)
    left = "FROM pool WHERE margin IS NOT NULL AND record_id NOT IN (SELECT record_id FROM chosen)"
    ((known,),) = database.sql(f"SELECT count(*) {left}").fetchall()
    taken = min(wanted.n - first.taken, known)
    if not taken and wanted.n > first.taken and population > first.taken:
        raise ConfigError(
            f"No row of {rows.where} has scores: none is known to be uncertain.",
            remedy="Use --strategy random or stratified, or a labeler that gives probabilities.",
        )
    database.execute(
        f"INSERT INTO chosen SELECT record_id, key, 'uncertain', NULL, NULL {left} "
        f"ORDER BY margin, key, record_id LIMIT {taken}"
    )
    return [first, Stratum("uncertain", known, taken, None)]


def _count(database: duckdb.DuckDBPyConnection, table: str) -> int:
    ((count,),) = database.sql(f"SELECT count(*) FROM {table}").fetchall()
    return int(count)


def _order(salt: int) -> Callable[[pa.Array], pa.Array]:
    def ordered(keys: pa.Array) -> pa.Array:
        told: NDArray[np.uint64] = keys.to_numpy(zero_copy_only=False)
        return pa.array(mixed(told, salt), pa.uint64())

    return ordered


def _function(
    database: duckdb.DuckDBPyConnection, name: str, function: Callable[..., Any], kind: str
) -> None:
    database.create_function(name, function, [kind], "UBIGINT", type=PythonUDFType.ARROW)
