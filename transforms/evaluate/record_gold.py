"""Gold of records: what their annotations say together, in the shape that figures need.

A record has annotations of one task and taxonomy (column `gold` of records and clean). One without an annotator is an
aggregate: then it is the gold. Else gold is the majority: the labels that more than half of those annotators gave who
could give them; of values the mean, of levels the mean rounded half up. A label that nobody could give, or a dimension
that nobody rated, is not asked: it is no zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.evaluate.metrics import indicator

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LabelGold:
    """Which labels hold and which were asked for, both (rows, labels)."""

    holds: Bools
    asked: Bools


def entries(rows: pl.DataFrame, splits: tuple[str, ...] = ()) -> pl.DataFrame:
    """One row per annotation: `row` (number of the record's row) and the fields of `gold`.

    Only those of the `splits`, where given; and of a record with aggregates only these.
    """
    numbered = rows.select("gold").with_row_index("row")
    found = numbered.explode("gold").drop_nulls("gold").unnest("gold")
    if splits:
        found = found.filter(pl.col("split").is_in(list(splits)))
    aggregate = pl.col("annotator").is_null()
    return found.filter(aggregate | ~aggregate.any().over("row"))


def label_gold(found: pl.DataFrame, rows: int, taxonomy: Taxonomy) -> LabelGold:
    """Gold of a task with labels, of the annotations of so many rows; nothing asked where there is none.

    An empty list says that none applies: the neutral label, where the taxonomy has one. SourceError: a label, or a
    label set, outside the taxonomy.
    """
    names = list(taxonomy.names)
    found = found.filter(pl.col("labels").is_not_null())
    given = indicator(found["labels"], names)
    asked: Bools = np.ones(given.shape, np.bool_)
    limited = found["label_set"].is_not_null().to_numpy()
    asked[limited] = indicator(found.filter(limited)["label_set"].str.split(" "), names)
    if taxonomy.neutral is not None:
        neutral = names.index(taxonomy.neutral)
        given[~given.any(axis=1), neutral] = True
        asked[:, neutral] = True
    place = found["row"].to_numpy()
    times, could = (np.zeros((rows, len(names)), np.int64) for _ in range(2))
    np.add.at(times, place, given & asked)
    np.add.at(could, place, asked)
    return LabelGold(2 * times > could, could > 0)


def value_gold(found: pl.DataFrame, rows: int, task: LabelTask, taxonomy: Taxonomy) -> Floats:
    """Gold of scalars and ordinals (rows, names), in the range of answers; NaN where nobody rated."""
    means = (
        found.filter(pl.col("value").is_not_null() & pl.col("label_set").is_in(taxonomy.names))
        .group_by("row", "label_set")
        .agg(pl.col("value").mean())
    )
    gold = np.full((rows, len(taxonomy.names)), np.nan)
    column = means["label_set"].replace_strict(
        list(taxonomy.names), range(len(taxonomy.names)), return_dtype=pl.Int64
    )
    gold[means["row"].to_numpy(), column.to_numpy()] = means["value"].to_numpy()
    if taxonomy.range is not None and taxonomy.gold_range is not None:
        (low, high), (first, last) = taxonomy.range, taxonomy.gold_range
        gold = low + (gold - first) / (last - first) * (high - low)
    return np.floor(gold + 0.5) if task.answer == "ordinals" else gold
