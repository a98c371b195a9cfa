"""Answers of people beside earlier ones: of each annotator about each record the newest holds. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from schemas.datasets.base import KEYS

_KEYS = [column.name for column in KEYS]
# Of numbers there is an answer for each dimension, which is in label_set.
_SLOT = pl.when(pl.col("value").is_not_null()).then("label_set").alias("_slot")
_WHO = ["record_id", "annotator", "task", "taxonomy", "_slot"]
_NOTHING = pl.lit("null")
# One string, so that equal answers can be joined.
_ANSWER = pl.concat_str(
    pl.when(pl.col("labels").is_null())
    .then(_NOTHING)
    .otherwise(pl.format("[{}]", pl.col("labels").list.join("\x1f"))),
    *(
        pl.col(name).cast(pl.String).fill_null(_NOTHING)
        for name in ("label_set", "value", "weight", "annotated_at")
    ),
    separator="\x1e",
).alias("_answer")


@dataclass(frozen=True)
class Merged:
    """All rows that hold now, and how many of the new ones were added, replaced another, were unchanged, were older."""

    rows: pl.DataFrame
    counts: dict[str, int]


def merge(old: pl.DataFrame, new: pl.DataFrame) -> Merged:
    """`new` rows of the dataset annotations beside `old` ones: of each record, annotator, task, taxonomy (of numbers:
    and dimension) the newest stays. Rows without a time count as older than all others; at equal times the new one
    stays, but where it says the same, the old one.

    What the new rows say of a record (its partition …) holds for its old rows too.
    """
    names = new.columns
    old, new = (frame.with_columns(_SLOT).with_columns(_ANSWER) for frame in (old, new))
    old = _with_keys_of(old, new)
    new = new.sort("annotated_at", nulls_last=False, maintain_order=True)
    new = new.unique(_WHO, keep="last", maintain_order=True)
    changed = new.join(old, on=[*_WHO, "_answer"], how="anti", nulls_equal=True)
    earlier = old.select(*_WHO, pl.col("annotated_at").alias("_before"), pl.lit(1).alias("_there"))
    beside = changed.join(earlier, on=_WHO, how="left", nulls_equal=True, maintain_order="left")
    time, before = pl.col("annotated_at"), pl.col("_before")
    newer = before.is_null() | (time >= before).fill_null(value=False)
    wins = beside.filter(pl.col("_there").is_null() | newer)
    added = wins.filter(pl.col("_there").is_null()).height
    kept = old.join(wins, on=_WHO, how="anti", nulls_equal=True)
    counts = {
        "added": added,
        "replaced": wins.height - added,
        "unchanged": new.height - changed.height,
        "older": changed.height - wins.height,
    }
    return Merged(pl.concat([kept.select(names), wins.select(names)]), counts)


def _with_keys_of(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    now = new.select(_KEYS).unique("record_id", keep="last")
    rest = [name for name in old.columns if name == "record_id" or name not in _KEYS]
    touched = old.select(rest).join(now, on="record_id").select(old.columns)
    return pl.concat([old.join(now, on="record_id", how="anti"), touched])
