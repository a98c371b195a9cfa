"""From records as our readers give them to frames of texts and gold, one row a text.

Gold is what the source put together, where it did; else what more than half of the annotators gave
(labels), or the mean of what they gave (numbers).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from schemas.config.corpus import Values
from schemas.taxonomy import Taxonomy
from transforms.evaluate.annotation_matrix import label_entries, label_majority
from transforms.ingest.records import merge_annotations
from transforms.read.chunk import WANTED, Limits
from transforms.read.columns import wanted
from transforms.read.mapping import map_columns
from transforms.read.registry import reader_named
from transforms.read.source import expand


def read_records(reader_name: str, data: Path, sources: Sequence[str]) -> pl.DataFrame:
    """The rows of files, mapped to the columns of records (text, lang, conversation_id, gold, ...).

    The rows of an utterance that several people annotated are one. Raises RuntimeError where a unit
    could not be read that is not known to be broken in the release (XED's swallowed lines).
    """
    reader = reader_named(reader_name)
    files = expand([str(data / source) for source in sources], Path.cwd())
    if hasattr(reader, "pair"):
        files = reader.pair(files)
    batches = []
    for source in files:
        columns = reader.columns(reader.found(source, {}))
        assert columns is not None, f"{source.shown} is not of the release that {reader_name} reads"
        options = {WANTED: wanted(columns, reader.gold())}
        for chunk in reader.cut(source, Limits(), {}):
            for parsed in reader.parse(source, chunk, Limits(), options):
                broken = {unit.error_class for unit in parsed.bad} - {"ragged_row"}
                if broken:
                    raise RuntimeError(f"{source.shown}: units that cannot be read: {broken}")
                rows = map_columns(parsed.frame, columns, Values(), reader.gold()).frame
                batches.append(merge_annotations(rows) if parsed.merge else rows)
    return pl.concat(batches)


def label_frame(
    records: pl.DataFrame, task: str, taxonomy: Taxonomy, group: str | pl.Expr = "text"
) -> pl.DataFrame:
    """Text, lang, group, split, labels (null: undecided), label_set, annotators of all annotated rows.

    `annotators` is a list of (annotator, labels). What is gold, and when an empty list is the neutral
    label, is decided where evaluation decides it (transforms.evaluate.annotation_matrix). An exclusive
    taxonomy needs one label.
    """
    entries = _entries(records, (pl.col("task") == task) & (pl.col("taxonomy") == taxonomy.name))
    single = pl.col("annotator").is_not_null()
    told = entries.group_by("row", maintain_order=True).agg(
        pl.col("split").drop_nulls().first(),
        pl.col("label_set").drop_nulls().first().str.split(" "),
        pl.struct("annotator", "labels").filter(single).alias("annotators"),
    )
    matrix = label_entries(entries, taxonomy, others=taxonomy.exclusive)
    holds, asked = label_majority(matrix, len(records))
    row, label = np.nonzero(holds & asked)
    names = pl.Series("labels", [taxonomy.names[place] for place in label], pl.String)
    decided = pl.DataFrame({"row": row, "labels": names}).group_by("row").agg("labels")
    frame = told.join(decided, on="row", how="left", maintain_order="left")
    if not taxonomy.exclusive:
        # Where neutral was asked, an empty list would say neutral: without any majority there is no gold.
        open_rows = asked[:, taxonomy.names.index(taxonomy.neutral)] if taxonomy.neutral else []
        silent = ~pl.col("row").is_in(np.flatnonzero(open_rows).tolist())
        nothing = pl.when(silent).then(pl.lit([], dtype=pl.List(pl.String)))
        frame = frame.with_columns(pl.col("labels").fill_null(nothing))
    return _with_texts(records, frame, group).select(
        *("text", "lang", "group", "split", "labels", "label_set", "annotators")
    )


def value_frame(
    records: pl.DataFrame, task: str, taxonomy: Taxonomy, group: str | pl.Expr = "text"
) -> pl.DataFrame:
    """Text, lang, group, split, annotators and a column per dimension of all annotated rows.

    Values are brought from `gold_range` to `range`; null where a dimension was not annotated.
    `annotators` is a list of structs: annotator, and a field per dimension.
    """
    low, high = taxonomy.range or (0.0, 1.0)
    least, most = taxonomy.gold_range or (low, high)
    value = (pl.col("value") - least) / (most - least) * (high - low) + low
    entries = _entries(records, pl.col("task") == task).with_columns(value)
    dimensions = [
        pl.col("value").filter(pl.col("label_set") == name).first().alias(name)
        for name in taxonomy.names
    ]
    people = entries.group_by("row", "annotator", maintain_order=True)
    given = people.agg(pl.col("split").first(), *dimensions)
    single = pl.col("annotator").is_not_null()
    frame = given.group_by("row", maintain_order=True).agg(
        pl.col("split").drop_nulls().first(),
        pl.struct("annotator", *taxonomy.names).filter(single).alias("annotators"),
        *(
            pl.coalesce(pl.col(name).filter(~single).first(), pl.col(name).filter(single).mean())
            for name in taxonomy.names
        ),
    )
    return _with_texts(records, frame, group).select(
        *("text", "lang", "group", "split", *taxonomy.names, "annotators")
    )


def _entries(records: pl.DataFrame, asked: pl.Expr) -> pl.DataFrame:
    """The gold entries that are asked for, each with the number of its row."""
    rows = records.select(pl.int_range(pl.len()).alias("row"), "gold").explode("gold")
    return rows.drop_nulls("gold").unnest("gold").filter(asked)


def _with_texts(records: pl.DataFrame, frame: pl.DataFrame, group: str | pl.Expr) -> pl.DataFrame:
    unit = pl.col(group) if isinstance(group, str) else group
    texts = records.select(
        pl.int_range(pl.len()).alias("row"),
        "text",
        pl.col("lang").fill_null("en"),
        unit.alias("group"),
    )
    return texts.join(frame, on="row", maintain_order="left")
