"""Gold from a frame in memory, in the shape of the other doors: one row a unit, with a list of gold entries."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from jobs.evaluation.breakdown import lengths
from jobs.evaluation.compute import Facts
from jobs.evaluation.gold_columns import MADE, Wanted, find_columns
from jobs.evaluation.gold_file import units_of_lines, with_label_set
from schemas.errors import SourceError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.read.columns import told
from transforms.read.gold_cells import gold_list

_BESIDE = ("id", "lang", "lang_confidence", "lang_source", "role")


def units_of(
    gold: pl.DataFrame,
    task: LabelTask,
    taxonomy: Taxonomy,
    *,
    by: Sequence[str] = (),
    group: str | None = None,
) -> pl.DataFrame:
    """Columns text, gold, group, and those that are known or asked for. SourceError: a column that is missing."""
    wanted = Wanted(by=tuple(by), group=group, separator=None)
    needed = ["text", *(["labels"] if task.answer == "labels" else [])]
    needed += [name for name in (*by, *([group] if group else [])) if name not in MADE]
    missing = [name for name in needed if name not in gold.columns]
    if missing:
        raise SourceError(
            f"Gold needs the column(s) {', '.join(missing)}; found: {told(gold.columns)}."
        )
    found = find_columns(gold.columns, wanted, task, taxonomy, "The frame of gold")
    entries, bad = gold_list(gold, found.gold)
    if bad.any():
        raise SourceError(
            f"{int(bad.sum())} rows of gold hold something that is no finite number.",
            remedy="Leave a cell without a number null.",
        )
    known = [name for name in (*_BESIDE, *found.meta, "split") if name in gold.columns]
    of_group = found.columns.conversation_id
    named = pl.lit(None, pl.String) if of_group is None else pl.col(of_group).cast(pl.String)
    rows = gold.select(
        pl.col("text").cast(pl.String),
        *(pl.col(name) for name in dict.fromkeys(known) if name != "label_set"),
        named.alias("group"),
        *([_names(gold, "label_set")] if "label_set" in gold.columns else []),
    ).with_columns(entries.alias("gold"))
    if "id" in rows.columns:
        rows = rows.with_columns(pl.col("id").cast(pl.String))
    if "label_set" in rows.columns:
        rows = with_label_set(rows)
    return units_of_lines(rows) if found.has_annotators else rows


def facts_of(units: pl.DataFrame, by: Sequence[str]) -> Facts:
    """Columns to break down by, and groups, of rows with a text."""
    facets = {
        name: lengths(units["text"].str.len_chars()) if name == "length" else units[name]
        for name in by
    }
    return Facts(facets, units["group"])


def _names(gold: pl.DataFrame, name: str) -> pl.Expr:
    column = pl.col(name)
    return column.list.join(" ") if isinstance(gold.schema[name], pl.List) else column
