"""The clean stage: records in, clean rows out, one outcome per row. Pure and row-wise."""

from functools import cache
from typing import cast, get_args

import numpy as np
import polars as pl
import pyarrow as pa

from schemas.config.clean import CleanConfig, Policy
from schemas.config.corpus import Domain
from schemas.datasets import CLEAN, RECORDS
from schemas.errors import TerminalError
from transforms.clean.language import languages
from transforms.clean.measures import bare, counts, emoji
from transforms.clean.name_rows import named
from transforms.clean.ner import recognized
from transforms.clean.outcome import WITHOUT_TEXT, outcomes
from transforms.clean.prefilter import sifted
from transforms.clean.social import HASHTAG
from transforms.clean.tidy import Tidied, Tidier

VERSION = 2
"""The stage version: raise it when the same records and config give other rows."""


def clean(batch: pl.DataFrame, config: CleanConfig) -> pl.DataFrame:
    """Clean a batch of records.

    Takes the columns of the dataset `records` (those that may be null may be missing) and,
    optionally, the Boolean column `superseded`: rows of it are dropped as duplicate ids. Gives
    exactly the columns of the dataset `clean`, the rows in their order, one outcome per row. What
    comes out for a row depends on that row alone. Memory: about six times the text of the batch.

    Raises TerminalError for a missing column or an unknown domain.
    """
    batch = _completed(batch)
    domains = batch["domain"].unique().to_list()
    if len(domains) <= 1:
        return _clean(batch, _policy(config, domains[0] if domains else "social"), config)
    rows = batch.with_row_index("_row")
    pieces = []
    for domain in domains:
        part = rows.filter(pl.col("domain") == domain)
        done = _clean(part.drop("_row"), _policy(config, domain), config)
        pieces.append(done.with_columns(part["_row"]))
    return pl.concat(pieces).sort("_row").drop("_row")


def _policy(config: CleanConfig, domain: str) -> Policy:
    if domain not in get_args(Domain):
        raise TerminalError(
            f"There is no clean policy for the domain {domain!r}.",
            remedy="Domains are social, podcast and clinical.",
        )
    return config.policy(cast("Domain", domain))


def _clean(batch: pl.DataFrame, policy: Policy, config: CleanConfig) -> pl.DataFrame:
    text, taken = _tidied(batch["text"], batch["pii_hints"], policy, config.ner)
    plain = pl.DataFrame({"text": text}).select(bare(pl.col("text"))).to_series()
    measured = counts(plain).with_columns(emoji(text).alias("n_emoji"))
    language = languages(
        plain, batch["lang"], measured["n_letters"], detection=config.detect_language
    )
    frame = batch.drop("lang").with_columns(
        text.alias("text_clean"), *measured.get_columns(), *language.get_columns(), *taken
    )
    frame = frame.with_columns(_empty(plain).alias("placeholders_only"))
    verdict = outcomes(frame, policy)
    frame = frame.with_columns(verdict.get_columns()).with_columns(_finished())
    return frame.select(pl.col(name).cast(kind) for name, kind in _schema(CLEAN.schema).items())


def _empty(plain: pl.Series) -> pl.Series:
    return plain.str.strip_chars() == ""


def _finished() -> list[pl.Expr]:
    text = pl.col("text_clean")
    gone = pl.col("reason").is_in(WITHOUT_TEXT)
    letters, chars = pl.col("n_letters"), pl.col("n_bare")
    return [
        pl.when(~gone.fill_null(value=False)).then(text).alias("text_clean"),
        text.str.len_chars().alias("n_chars"),
        (text.str.count_matches("[URL]", literal=True) + pl.col("n_urls")).alias("n_urls"),
        (text.str.count_matches("[USER]", literal=True) + pl.col("n_mentions")).alias("n_mentions"),
        (_hashtags(text) + pl.col("n_hashtags")).alias("n_hashtags"),
        pl.when(letters > 0).then(pl.col("n_upper") / letters).alias("upper_ratio"),
        pl.when(chars > 0).then(pl.col("n_symbols") / chars).alias("symbol_ratio"),
    ]


def _hashtags(text: pl.Expr) -> pl.Expr:
    return (
        pl.when(text.str.contains("#", literal=True))
        .then(text.str.count_matches(HASHTAG))
        .otherwise(0)
    )


def _tidied(
    raw: pl.Series, hints: pl.Series, policy: Policy, ner: str | None
) -> tuple[pl.Series, list[pl.Series]]:
    """Clean text, and the columns of what was taken from it. Python sees only suspect rows."""
    trimmed, suspect, worded = sifted(raw.str.strip_chars(), policy)  # all that most posts need
    rows = (suspect | named(trimmed, hints)).arg_true()
    tidier = Tidier(policy)
    known = _known(hints, rows)
    done = tidier.tidy_all(raw.gather(rows), known, worded.gather(rows))
    text = _with(trimmed, rows, done)
    if ner is not None:
        more = [(row, found) for row, found in enumerate(recognized(ner, text.to_list())) if found]
        tidied = dict(zip(rows, done, strict=True))
        for row, found in more:
            names = _known(hints, pl.Series([row]))[0]
            # A row that needed no Python until here has no way back to its raw text: tidy it now.
            tidied[row] = tidied.get(row) or tidier.tidy(raw[row], names)
            tidier.take(tidied[row], names, found)
        rows = pl.Series(sorted(tidied), dtype=rows.dtype)
        done = [tidied[row] for row in rows]
        text = _with(trimmed, rows, done)
    return text, _taken(len(raw), rows, done)


def _known(hints: pl.Series, rows: pl.Series) -> list[tuple[str, ...]]:
    names: list[list[str | None] | None] = hints.gather(rows).to_list()
    return [tuple(filter(None, each or ())) for each in names]


def _with(text: pl.Series, rows: pl.Series, done: list[Tidied]) -> pl.Series:
    if not done:
        return text
    return text.scatter(rows, pl.Series([row.text for row in done], dtype=pl.String))


def _taken(height: int, rows: pl.Series, done: list[Tidied]) -> list[pl.Series]:
    columns = []
    for name in ("urls", "mentions", "hashtags"):
        count = pl.zeros(height, dtype=pl.Int32, eager=True)
        if done:
            count = count.scatter(
                rows, pl.Series([getattr(row, name) for row in done], dtype=pl.Int32)
            )
        columns.append(count.alias(f"n_{name}"))
    return [*columns, _spans(height, rows, done)]


def _spans(height: int, rows: pl.Series, done: list[Tidied]) -> pl.Series:
    """Build the PII column through Arrow: from nested lists Polars makes a series per row."""
    lengths = np.zeros(height, dtype=np.int32)
    lengths[rows.to_numpy()] = [len(row.pii) for row in done]
    found = [span for row in done for span in row.pii]
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    kind, start, end = CLEAN.schema.field("pii").type.value_type
    spans = pa.StructArray.from_arrays(
        [
            pa.array([span[0] for span in found], kind.type),
            pa.array([span[1] for span in found], start.type),
            pa.array([span[2] for span in found], end.type),
        ],
        fields=[kind, start, end],
    )
    return pl.Series("pii", pa.ListArray.from_arrays(pa.array(offsets), spans))


@cache
def _schema(schema: pa.Schema) -> pl.Schema:
    table = pl.from_arrow(schema.empty_table())
    assert isinstance(table, pl.DataFrame)
    return table.schema


def _completed(batch: pl.DataFrame) -> pl.DataFrame:
    """Fill in the columns of `records` that may be null; complain of the others."""
    missing = [
        field.name
        for field in RECORDS.schema
        if not field.nullable and field.name not in batch.columns and field.name != "source"
    ]
    if missing:
        raise TerminalError(
            f"Records lack the columns {', '.join(missing)}.",
            remedy="Ingest the corpus again with this version.",
        )
    known = _schema(RECORDS.schema)
    columns = [
        (pl.col(name).cast(kind) if name in batch.columns else pl.lit(None, dtype=kind).alias(name))
        for name, kind in known.items()
        if name != "source"
    ]
    superseded = (
        pl.col("superseded").fill_null(value=False)
        if "superseded" in batch.columns
        else pl.lit(value=False)
    )
    return batch.select(*columns, superseded.alias("superseded")).with_columns(
        pl.col("text").fill_null("")
    )
