"""Gold from a file: a table with our names of columns, or a released corpus that a reader of ours knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from jobs.evaluation.gold_columns import Found, Wanted, find_columns, has_gold
from schemas.config.corpus import Columns, GoldColumn, Values
from schemas.errors import SourceError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.ingest.records import merge_annotations
from transforms.read.chunk import WANTED, Limits, Reader
from transforms.read.columns import check_columns, wanted
from transforms.read.gold_cells import ENTRY
from transforms.read.mapping import MAPPED, map_columns
from transforms.read.registry import guess
from transforms.read.source import SourceFile, expand


@dataclass(frozen=True)
class GoldRows:
    """One row a unit, in the order of the file: position, id, text, lang, corpus, role, split, group, gold, and the
    columns to break down by. `single`: no row stands for several lines of the file.
    """

    frame: pl.DataFrame
    lines: int  # readable ones
    unreadable: int
    single: bool = True


def read_gold(path: Path, asked: Wanted, task: LabelTask, taxonomy: Taxonomy) -> GoldRows:
    """The rows of a gold file. With a column `annotator`, lines of one id (else of one text) are one row.

    SourceError: a file that is missing, empty, of no known format, or without the columns.
    """
    frames, unreadable, people = [], 0, False
    for source in _sources(path):
        reader = guess(source)
        names = reader.found(source, {})
        if not names:
            raise SourceError(f"{path} is empty.", remedy="Give a file with at least one row.")
        release = reader.columns(names)
        if release is not None and not has_gold(names, asked, task, taxonomy):
            batches = _released(source, reader, release, asked)
        else:
            found = find_columns(names, asked, task, taxonomy, source.shown)
            people |= found.has_annotators
            batches = _table(source, reader, names, found)
        for frame, bad in batches:
            frames.append(frame)
            unreadable += bad
    rows = pl.concat(frames, how="diagonal_relaxed")
    merged = units_of_lines(rows) if people else rows
    return GoldRows(merged, rows.height, unreadable, single=merged.height == rows.height)


def names_of(path: Path) -> list[str]:
    """The columns of a file. SourceError: it is missing, or of no known format."""
    source = _sources(path)[0]
    return guess(source).found(source, {})


def _sources(path: Path) -> list[SourceFile]:
    sources = expand([str(path)], Path.cwd())
    reader = guess(sources[0])
    return reader.pair(sources) if hasattr(reader, "pair") else sources


def _table(
    source: SourceFile, reader: Reader, names: list[str], found: Found
) -> Iterator[tuple[pl.DataFrame, int]]:
    check_columns(wanted(found.columns, found.gold), names, source.shown)
    for mapped, bad, _ in _mapped(source, reader, found.columns, found.gold):
        yield with_label_set(_flat(mapped, found.meta, grouped=found.grouped)), bad


def _released(
    source: SourceFile, reader: Reader, columns: Columns, asked: Wanted
) -> Iterator[tuple[pl.DataFrame, int]]:
    for mapped, bad, merge in _mapped(source, reader, columns, reader.gold()):
        rows = merge_annotations(mapped) if merge else mapped
        known = (*columns.meta, "lang", "role", "split", "length", "corpus")
        missing = [name for name in asked.by if name not in known]
        if asked.group is not None and asked.group not in ("group", "conversation_id"):
            missing.append(asked.group)
        if missing:
            raise SourceError(
                f"{source.shown}, as {reader.name} reads it, has no column {', '.join(missing)}.",
                remedy=f"There are: {', '.join(known)}.",
            )
        flat = _flat(rows, columns.meta, grouped=True)
        yield flat.with_columns(pl.lit(reader.name).alias("corpus")), bad


def _mapped(
    source: SourceFile, reader: Reader, columns: Columns, gold: tuple[GoldColumn, ...]
) -> Iterator[tuple[pl.DataFrame, int, bool]]:
    """Batches of mapped rows, the number of those that cannot be read, and whether rows of one id are one."""
    limits, options = Limits(), {WANTED: wanted(columns, gold)}
    nothing = True
    for chunk in reader.cut(source, limits, {}):
        for parsed in reader.parse(source, chunk, limits, options):
            mapped = map_columns(parsed.frame, columns, Values(), gold)
            nothing = False
            yield mapped.frame, len(parsed.bad) + len(mapped.bad), parsed.merge
    if nothing:
        yield pl.DataFrame(schema=MAPPED), 0, False


def _flat(mapped: pl.DataFrame, meta: tuple[str, ...], *, grouped: bool) -> pl.DataFrame:
    """The columns of GoldRows, where known."""
    of_gold = pl.col("gold").list.eval(pl.element().struct.field("split").drop_nulls().first())
    split = [] if "split" in meta else [of_gold.list.first().alias("split")]
    entry = pl.col("meta").list.eval
    extra = [
        entry(pl.element().filter(pl.element().struct.field("key") == name).struct.field("value"))
        .list.first()
        .alias(name)
        for name in meta
    ]
    group = pl.col("conversation_id") if grouped else pl.lit(None, dtype=pl.String)
    return mapped.select(
        pl.col("_position").alias("position"), "id", "text", "lang", "role",
        *split, group.alias("group"), "gold", *extra,
    )  # fmt: skip


def with_label_set(rows: pl.DataFrame) -> pl.DataFrame:
    """Writes the column label_set into the entries of labels: names joined by blanks, commas, or as a JSON list."""
    if "label_set" not in rows.columns:
        return rows
    text = pl.col("label_set")
    listed = text.str.strip_chars().str.starts_with("[")
    text = pl.when(listed).then(text.str.replace_all(r"([\[,]\s*)null\b", "$1")).otherwise(text)
    names = text.str.extract_all(r"[^\s,\[\]\"]+").list.join(" ")
    label_set = pl.when(names.str.len_chars() > 0).then(names)
    numbered = rows.select(pl.int_range(pl.len()).alias("row"), "gold", label_set.alias("asked"))
    entries = numbered.explode("gold").drop_nulls("gold").unnest("gold")
    entries = entries.with_columns(
        pl.when(pl.col("labels").is_not_null())
        .then(pl.coalesce("asked", "label_set"))
        .otherwise("label_set")
        .alias("label_set")
    )
    fields = [field.name for field in ENTRY.fields]
    gold = entries.group_by("row", maintain_order=True).agg(pl.struct(fields).alias("gold"))
    joined = numbered.select("row").join(gold, on="row", how="left", maintain_order="left")
    return rows.with_columns(joined["gold"]).drop("label_set")


def units_of_lines(rows: pl.DataFrame) -> pl.DataFrame:
    """Lines of one id, else of one text, as one row: the values of its first line, the gold of all."""
    key = "text " + pl.col("text").fill_null("")
    if "id" in rows.columns:
        key = pl.when(pl.col("id").is_not_null()).then("id " + pl.col("id")).otherwise(key)
    gold = pl.col("gold").list.explode(keep_nulls=False, empty_as_null=False).implode()
    rest = [pl.col(name).first() for name in rows.columns if name != "gold"]
    merged = rows.group_by(key.alias("_unit"), maintain_order=True).agg(*rest, gold.alias("gold"))
    some = pl.when(pl.col("gold").list.len() > 0).then("gold").alias("gold")
    return merged.with_columns(some).select(rows.columns)
