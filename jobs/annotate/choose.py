"""Chooses rows: DuckDB looks at all of them, out of core; memory grows with the rows that are chosen.

Each strategy is a design with known inclusion probabilities, so that Horvitz and Thompson's estimator (A
generalization of sampling without replacement from a finite universe. JASA 47, 1952), the sum over the sample of each
value divided by its row's probability, gives unbiased totals of the population:

- random: a simple random sample of n of N: n / N.
- stratified: one in each stratum: n_h / N_h.
- uncertain: the most uncertain rows are taken for sure (1), and of all others a simple random sample: r / (N - m).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import duckdb
import polars as pl

from jobs.annotate.allocate import allocate
from jobs.annotate.draw import round_keys, with_draw
from jobs.annotate.population import Population
from jobs.annotate.question import Choice, Question
from jobs.annotate.stratum import stratum
from jobs.annotate.uncertainty import entropy, margin, margin_of_best, read_cuts
from pipelines.query.views import literal
from schemas.errors import ConfigError

_MOST_STRATA = 10_000
_FOR_CUTS = 200_000  # rows that thresholds are read off


@dataclass(frozen=True)
class Chosen:
    """`frame`: record_id, stratum, why, inclusion. `sizes` and `given`: rows of each stratum, and of the sample."""

    frame: pl.DataFrame
    population: int
    left_out: dict[str, int]
    sizes: dict[str, int] = field(default_factory=dict)
    given: dict[str, int] = field(default_factory=dict)


def choose(
    database: duckdb.DuckDBPyConnection, rows: Population, question: Question, choice: Choice
) -> Chosen:
    """Chooses rows of a population. ConfigError: strata that cannot be made, nothing to choose from."""
    by_language = choice.strategy == "stratified" and "lang" in choice.by
    if (choice.languages or by_language) and not rows.languages_known:
        raise ConfigError(
            f"{rows.shown} has no column lang.", remedy="Leave --lang and --by lang out."
        )
    with_margin = (
        choice.strategy == "uncertain"
        and choice.measure == "margin"
        and not question.taxonomy.exclusive
    )
    lang = rows.languages_known and bool(choice.languages or by_language or with_margin)
    relation = rows.relation(question, choice, lang=lang)
    excluded = rows.inside(choice.excluded)
    database.register(
        "excluded_rows",
        pl.DataFrame({"record_id": sorted(excluded)}, schema={"record_id": pl.String}).to_arrow(),
    )
    judged = f"SELECT *, {_why_not(choice)} AS why_not FROM ({relation})"
    counts = dict(
        database.sql(
            f"SELECT coalesce(why_not, ''), count(*) FROM ({judged}) GROUP BY 1 ORDER BY 1"
        ).fetchall()
    )
    left = counts.pop("", 0)
    if not left:
        told = ", ".join(f"{why} {count:,}" for why, count in counts.items()) or "it is empty"
        raise ConfigError(
            f"There is no row to choose from in {rows.shown}: {told}.",
            remedy="Widen --corpus, --lang or --exclude; --rejected adds rows without an answer.",
        )
    eligible = f"SELECT * FROM ({judged}) WHERE why_not IS NULL"
    keyed = with_draw(eligible, round_keys(choice.seed, "annotate sample"))
    if choice.strategy == "stratified":
        return _stratified(database, keyed, eligible, question, choice, left, counts)
    if choice.strategy == "uncertain":
        measure = _measure(database, keyed, question, choice, left, lang=lang)
        return _uncertain(database, keyed, measure, choice, left, counts)
    frame = _first(database, keyed, choice.rows)
    return Chosen(_told(frame, "random", len(frame) / left), left, counts)


def _why_not(choice: Choice) -> str:
    """SQL: why a row is not among those to choose from, or null."""
    cases = ""
    if choice.corpora:
        cases += (
            f" WHEN corpus NOT IN ({', '.join(map(literal, choice.corpora))}) THEN 'other_corpus'"
        )
    if not choice.allow_clinical:
        cases += " WHEN domain = 'clinical' THEN 'clinical'"
    if choice.languages:
        code = "lower(split_part(coalesce(lang, ''), '-', 1))"
        cases += f" WHEN {code} NOT IN ({', '.join(map(literal, choice.languages))}) THEN 'other_language'"
    if not choice.rejected:
        cases += " WHEN status <> 'labeled' THEN status"
    cases += " WHEN record_id IN (SELECT record_id FROM excluded_rows) THEN 'excluded'"
    return f"CASE{cases} END"


def _first(
    database: duckdb.DuckDBPyConnection, relation: str, rows: int, order: str = "draw"
) -> pl.DataFrame:
    table = database.sql(
        f"SELECT record_id FROM ({relation}) ORDER BY {order}, record_id LIMIT {rows}"
    ).to_arrow_table()
    return pl.DataFrame(pl.from_arrow(table))


def _told(frame: pl.DataFrame, why: str, inclusion: float) -> pl.DataFrame:
    return frame.select(
        "record_id", pl.lit(None, pl.String).alias("stratum"), pl.lit(why).alias("why"),
        pl.lit(inclusion, pl.Float64).alias("inclusion"),
    )  # fmt: skip


def _measure(
    database: duckdb.DuckDBPyConnection,
    keyed: str,
    question: Question,
    choice: Choice,
    population: int,
    *,
    lang: bool,
) -> str:
    """SQL to order rows by, the most uncertain first."""
    exclusive = question.taxonomy.exclusive and question.task.answer == "labels"
    if choice.measure == "entropy":
        return f"-({entropy(exclusive=exclusive)})"
    if exclusive:
        return margin_of_best()
    names = question.taxonomy.names
    some = f"SELECT * FROM ({keyed}) WHERE draw <= {_bound(_FOR_CUTS, population, 0.0)}"
    return margin(read_cuts(database, some, names, lang=lang), names, lang=lang)


def _uncertain(
    database: duckdb.DuckDBPyConnection,
    keyed: str,
    measure: str,
    choice: Choice,
    population: int,
    left_out: dict[str, int],
) -> Chosen:
    wanted = min(choice.rows, population)
    at_random = min(max(math.ceil(choice.share * wanted), 0), wanted)
    measured = f"SELECT record_id, draw, {measure} AS uncertainty FROM ({keyed})"
    sure = _first(
        database,
        f"SELECT * FROM ({measured}) WHERE uncertainty IS NOT NULL",
        wanted - at_random,
        "uncertainty, draw",
    )
    database.register("sure_rows", sure.to_arrow())
    others = f"SELECT record_id, draw FROM ({keyed}) ANTI JOIN sure_rows USING (record_id)"
    rest = _first(database, others, wanted - len(sure) if at_random else 0)
    inclusion = len(rest) / max(1, population - len(sure))
    frame = pl.concat([_told(sure, "uncertain", 1.0), _told(rest, "random", inclusion)])
    return Chosen(frame, population, left_out)


def _stratified(
    database: duckdb.DuckDBPyConnection,
    keyed: str,
    eligible: str,
    question: Question,
    choice: Choice,
    population: int,
    left_out: dict[str, int],
) -> Chosen:
    of = stratum(choice.by, question, database, eligible)
    placed = f"SELECT record_id, draw, {of} AS stratum FROM ({keyed})"
    counted = database.sql(
        f"SELECT stratum, count(*) FROM ({placed}) GROUP BY 1 LIMIT {_MOST_STRATA + 1}"
    ).fetchall()
    if len(counted) > _MOST_STRATA:
        raise ConfigError(
            f"There are more than {_MOST_STRATA:,} strata.",
            remedy="Make them of fewer columns (--by).",
        )
    sizes = dict(sorted(counted))
    given = allocate(sizes, choice.rows, choice.allocation)
    frame = _of_strata(database, placed, sizes, given)
    share = {name: given[name] / sizes[name] for name in sizes}
    told = frame.with_columns(
        pl.lit("stratum").alias("why"),
        pl.col("stratum").replace_strict(share, return_dtype=pl.Float64).alias("inclusion"),
    )
    return Chosen(told, population, left_out, sizes, given)


def _of_strata(
    database: duckdb.DuckDBPyConnection, placed: str, sizes: dict[str, int], given: dict[str, int]
) -> pl.DataFrame:
    """The rows with the smallest draws of each stratum, as many as it gives."""
    # Only rows below a bound are sorted: one that as many as are wanted lie below, all but surely (ten deviations).
    # Where that fails, everything is.
    for spread in (10.0, math.inf):
        bounds = pl.DataFrame(
            {
                "stratum": list(sizes),
                "quota": [given[name] for name in sizes],
                "bound": [_bound(given[name], sizes[name], spread) for name in sizes],
            },
            schema={"stratum": pl.String, "quota": pl.Int64, "bound": pl.UInt64},
        )
        database.register("strata", bounds.to_arrow())
        table = database.sql(
            f"SELECT record_id, stratum FROM ({placed}) AS placed INNER JOIN strata USING (stratum) WHERE draw <= bound "
            "QUALIFY row_number() OVER (PARTITION BY stratum ORDER BY draw, record_id) <= quota"
        ).to_arrow_table()
        if table.num_rows == sum(given.values()):
            break
    return pl.DataFrame(pl.from_arrow(table))


def _bound(wanted: int, size: int, spread: float) -> int:
    share = (wanted + spread * math.sqrt(wanted + 1) + spread) / size
    return min(2**64 - 1, int(share * 2**64)) if share < 1 else 2**64 - 1
