"""From the entries of `gold` to matrices: what each annotator could give and gave, and what is gold.

An entry without an annotator is an aggregate: where a row has one, it is the gold. Else gold is the majority,
the labels that more than half of the annotators gave who could give them; of numbers the mean, of levels that
mean rounded half up.

A label outside an entry's `label_set` was not asked: it is no zero. An empty list of labels is the neutral
label, where the taxonomy has one and it could be given: who was asked for five emotions and saw none may have
seen a sixth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from schemas.errors import SourceError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.evaluate.annotations import Bools, Ints, LabelAnnotations, ValueAnnotations
from transforms.evaluate.metrics import indicator
from transforms.evaluate.sums import Floats

AGGREGATE: Final = -1  # the annotator of what a source has put together


@dataclass(frozen=True)
class LabelEntries:
    """One line an entry: `row`, `annotator` (a number; AGGREGATE), labels `given` and `asked` (entries, labels)."""

    row: Ints
    annotator: Ints
    given: Bools
    asked: Bools


def gold_entries(gold: pl.Series, task: LabelTask, taxonomy: Taxonomy) -> pl.DataFrame:
    """The entries of a task and taxonomy in a column of `gold` lists: `row` and the entry's fields.

    Numbers belong to a taxonomy by the name of their dimension, whatever taxonomy the source says: levels of
    anger are told as ekman's by some and as ekman_intensity's by others.
    """
    numbered = pl.DataFrame({"row": pl.int_range(len(gold), eager=True), "gold": gold})
    found = numbered.explode("gold").drop_nulls("gold").unnest("gold")
    of_taxonomy = (
        pl.col("taxonomy") == taxonomy.name
        if task.answer == "labels"
        else pl.col("label_set").is_in(taxonomy.names)
    )
    return found.filter((pl.col("task") == task.name) & of_taxonomy)


def label_entries(
    entries: pl.DataFrame, taxonomy: Taxonomy, *, others: bool = False
) -> LabelEntries:
    """Entries with labels as matrices. SourceError: a label, or a label set, outside the taxonomy.

    `others`: a label outside the taxonomy is a vote for something else (EDOS let people write a word of their own).
    """
    names = list(taxonomy.names)
    found = entries.filter(pl.col("labels").is_not_null())
    elsewhere: Bools = np.zeros(len(found), np.bool_)
    if others:
        known = pl.col("labels").list.eval(pl.element().filter(pl.element().is_in(names)))
        number = found["labels"].list.len()
        found = found.with_columns(known)
        elsewhere = (found["labels"].list.len() < number).to_numpy()
    given = indicator(found["labels"], names)
    asked: Bools = np.ones(given.shape, np.bool_)
    limited = found["label_set"].is_not_null().to_numpy()
    if limited.any():
        asked[limited] = indicator(found.filter(limited)["label_set"].str.split(" "), names)
        asked |= given  # what was given could be given
    if taxonomy.neutral is not None:
        neutral = names.index(taxonomy.neutral)
        given[:, neutral] |= ~given.any(axis=1) & ~elsewhere & asked[:, neutral]
    return LabelEntries(found["row"].to_numpy(), _people(found), given, asked)


def label_majority(entries: LabelEntries, rows: int) -> tuple[Bools, Bools]:
    """Which labels hold, and which were asked, of so many rows: two matrices (rows, labels)."""
    kept = _decisive(entries.row, entries.annotator, rows)
    times, could = (np.zeros((rows, entries.given.shape[1]), np.int64) for _ in range(2))
    asked = entries.asked[kept]
    np.add.at(times, entries.row[kept], entries.given[kept] & asked)
    np.add.at(could, entries.row[kept], asked)
    return 2 * times > could, could > 0


def by_people(entries: LabelEntries) -> LabelAnnotations:
    """What single annotators gave, aggregates left out. SourceError: one has two entries of one row."""
    single = entries.annotator != AGGREGATE
    return LabelAnnotations(
        entries.row[single], entries.annotator[single], entries.given[single], entries.asked[single]
    )


def value_entries(
    entries: pl.DataFrame, task: LabelTask, taxonomy: Taxonomy
) -> dict[str, ValueAnnotations]:
    """Numbers of each dimension as they were given, aggregates among them, in the range of answers."""
    people = pl.Series("annotator", _people(entries))
    numbered = entries.with_columns(people).drop_nulls("value")
    scaled = pl.Series("value", _scaled(numbered["value"].to_numpy().astype(np.float64), taxonomy))
    # An aggregate of levels may be a mean; the level of it is as with several annotators.
    rounded = task.answer == "ordinals"
    _refuse_outside(scaled.filter(numbered["label_set"].is_in(taxonomy.names)), taxonomy)
    numbered = numbered.with_columns(scaled)
    if rounded:
        level = (pl.col("value") + 0.5).floor()
        whole = pl.when(pl.col("annotator") == AGGREGATE).then(level).otherwise("value")
        numbered = numbered.with_columns(whole.alias("value"))
    found = {}
    for name in taxonomy.names:
        of = numbered.filter(pl.col("label_set") == name)
        # Aggregates of one row are told apart, so that none is taken for an annotator who rated twice.
        again = np.arange(len(of)) if len(of) else np.empty(0, np.int64)
        who = of["annotator"].to_numpy()
        found[name] = ValueAnnotations(
            of["row"].to_numpy(),
            np.where(who == AGGREGATE, -1 - again, who),
            of["value"].to_numpy(),
        )
    return found


def value_mean(entries: dict[str, ValueAnnotations], rows: int, *, levels: bool) -> Floats:
    """Gold of so many rows (rows, dimensions), NaN where nobody rated; whole `levels` where asked."""
    gold = np.full((rows, len(entries)), np.nan)
    for place, each in enumerate(entries.values()):
        kept = _decisive(each.unit, np.where(each.annotator < 0, AGGREGATE, each.annotator), rows)
        number = np.bincount(each.unit[kept], minlength=rows)
        total = np.bincount(each.unit[kept], each.value[kept], minlength=rows)
        np.divide(total, number, out=gold[:, place], where=number > 0)
    return np.floor(gold + 0.5) if levels else gold


def values_by_people(entries: dict[str, ValueAnnotations]) -> dict[str, ValueAnnotations]:
    """What single annotators gave, aggregates left out."""
    return {
        name: ValueAnnotations(each.unit[single], each.annotator[single], each.value[single])
        for name, each in entries.items()
        for single in [each.annotator >= 0]
    }


def _people(entries: pl.DataFrame) -> Ints:
    """A number for each annotator; AGGREGATE for none."""
    code = entries["annotator"].rank("dense").cast(pl.Int64) - 1
    return code.fill_null(AGGREGATE).to_numpy()


def _decisive(row: Ints, annotator: Ints, rows: int) -> Bools:
    """Entries that make gold: the aggregates of a row that has some, else all."""
    aggregate = annotator == AGGREGATE
    has: Bools = np.zeros(rows, np.bool_)
    has[row[aggregate]] = True
    kept: Bools = aggregate | ~has[row]
    return kept


def _refuse_outside(scaled: pl.Series, taxonomy: Taxonomy) -> None:
    """SourceError: numbers that are outside the range of the taxonomy, or none."""
    if taxonomy.range is None:
        return
    low, high = taxonomy.range
    outside = ~(scaled.is_between(low - 1e-9, high + 1e-9) & scaled.is_finite())
    if outside.any():
        first, last = taxonomy.gold_range or taxonomy.range
        raise SourceError(
            f"{int(outside.sum()):,} numbers of gold are outside {first:g} to {last:g}, the range of {taxonomy.name}.",
            remedy="Bring them into it, or write a taxonomy file with the range of your gold (gold_range).",
        )


def _scaled(values: Floats, taxonomy: Taxonomy) -> Floats:
    if taxonomy.range is None or taxonomy.gold_range is None:
        return values
    (low, high), (first, last) = taxonomy.range, taxonomy.gold_range
    return low + (values - first) / (last - first) * (high - low)
