"""Cleaned texts of a lake, with what is known beside them; memory grows with the rows asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.lake.lake import Lake, open_lake
from pipelines.lake.snapshots import State, published
from pipelines.query.views import literal, parquet, quoted
from pipelines.stages.database import open_database
from schemas.errors import ConfigError
from schemas.taxonomy import Taxonomy

_FACTS: Final = (
    "record_id", "corpus", "domain", "partition", "conversation_id", "turn", "role", "text_clean",
    "lang", "lang_confidence", "lang_source", "meta", "gold",
)  # fmt: skip
_MEMORY: Final = "2GB"
_ANSWER: Final = ("status", "labels", "scores", "reason")


def read_clean(
    source: Path,
    *,
    columns: Sequence[str] = (),
    corpora: Sequence[str] = (),
    rows: int | None = None,
    gold: tuple[str, str] | None = None,
    labels: str | None = None,
    by_conversation: bool = False,
) -> tuple[pl.DataFrame, list[str]]:
    """Kept rows of the newest snapshot, and notes: text_clean, language, role, `group`, gold, and `columns`.

    A column is one of clean, or a key of `meta`. `rows`: at most so many, at random (record ids are keyed hashes, so
    their order is a random one); `gold`: only rows with gold of this task and taxonomy, and that gold; `labels`:
    only rows labeled by this variant (task/taxonomy/labeler), with its answers; `by_conversation`: turns in order,
    of conversations only. ConfigError: no such lake, corpus or column.
    """
    if not (source / "lake.json").is_file():
        raise ConfigError(
            f"{source} is a folder, but no lake.", remedy="Give a file, or the folder of a lake."
        )
    lake = open_lake(source)
    _, parts = published(lake)
    clean = _files(lake, parts, "clean", "", corpora)
    answers = None if labels is None else _labels(lake, parts, labels, corpora)
    condition = ["clean.outcome = 'kept'"]
    if gold is not None:
        entry = f"entry.task = {literal(gold[0])} AND entry.taxonomy = {literal(gold[1])}"
        condition.append(f"len(list_filter(clean.gold, lambda entry: {entry})) > 0")
    if by_conversation:
        condition.append("clean.conversation_id IS NOT NULL")
    known = ", ".join(f"clean.{quoted(name)}" for name in _FACTS)
    join, told = "", ""
    if answers is not None:
        told = "".join(f", labels.{name}" for name in _ANSWER)
        join = f" INNER JOIN {parquet(answers)} AS labels USING (record_id)"
    where = f"FROM {parquet(clean)} AS clean{join} WHERE {' AND '.join(condition)}"
    order = "conversation_id, turn, record_id" if by_conversation else "record_id"
    limit = "" if rows is None else f" LIMIT {int(rows)}"
    with open_database(_MEMORY, 2, "The audit") as database:
        ((total,),) = database.sql(f"SELECT count(*) {where}").fetchall()
        table = database.sql(
            f"SELECT {known}{told} {where} ORDER BY {order}{limit}"
        ).to_arrow_table()
    found = pl.from_arrow(table)
    assert isinstance(found, pl.DataFrame)
    notes = [] if total == len(found) else [f"a random sample of {len(found):,} of {total:,} rows"]
    return _with(found, columns, source), notes


def _with(found: pl.DataFrame, columns: Sequence[str], source: Path) -> pl.DataFrame:
    extra = [meta_value(name) for name in columns if name not in found.columns]
    made = found.with_columns(pl.col("conversation_id").alias("group"), *extra)
    empty = [name for name in columns if len(made) and made[name].null_count() == len(made)]
    if empty:
        keys = found["meta"].explode().drop_nulls().struct.field("key").unique().sort().to_list()
        raise ConfigError(
            f"No row of {source} has {', '.join(empty)}.",
            remedy=f"There are: lang, role, corpus, domain, conversation_id; in meta: {', '.join(keys) or 'none'}.",
        )
    return made.drop("meta", "turn")


def _files(
    lake: Lake, parts: State, dataset: str, variant: str, corpora: Sequence[str]
) -> list[str]:
    known = {part.corpus for part in parts.values()}
    if strange := sorted(set(corpora) - known):
        raise ConfigError(
            f"The lake has no corpus {', '.join(strange)}.",
            remedy=f"It has: {', '.join(sorted(known)) or 'none'}.",
        )
    found = sorted(
        str(lake.path(stored))
        for part in parts.values()
        if part.dataset == dataset and part.variant == variant
        if not corpora or part.corpus in corpora
        for stored in part.stored
    )
    if not found:
        raise ConfigError(f"The lake has no {dataset} {variant or 'rows'} of these corpora.")
    return found


def _labels(lake: Lake, parts: State, variant: str, corpora: Sequence[str]) -> list[str]:
    variants = {part.variant for part in parts.values() if part.dataset == "labels"}
    if variant not in variants:
        raise ConfigError(
            f"The lake has no labels {variant} (task/taxonomy/labeler).",
            remedy=f"It has: {', '.join(sorted(variants)) or 'none'}. "
            "Name one with --task, --taxonomy and --labeler.",
        )
    return _files(lake, parts, "labels", variant, corpora)


def variant(task: str, taxonomy: Taxonomy, labeler: str) -> str:
    """What a lake calls the labels of a labeler."""
    return f"{task}/{taxonomy.name}/{labeler}"


def meta_value(name: str) -> pl.Expr:
    """What `meta` says under a name, or null."""
    mine = pl.element().filter(pl.element().struct.field("key") == name)
    return pl.col("meta").list.eval(mine.struct.field("value")).list.first().alias(name)
