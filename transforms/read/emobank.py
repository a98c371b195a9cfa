"""EmoBank (Buechel & Hahn 2017): sentences rated from 1 to 5 for valence, arousal and dominance.

`emobank.csv` (id,split,V,A,D,text) has a row a sentence, with the ratings put together. Its companions
are the single ratings and the genres (`emobank_beside`): with them all annotators are kept, without them
the table is read all the same.

Gold: task vad, taxonomy vad, an entry a dimension (label_set valence, arousal, dominance), the value
as it was rated: 1 to 5. What was put together has no annotator. The release does not tell raters
apart: annotators are numbered sentence by sentence, by what they were asked: what a reader feels
("reader-1"), or what the writer expresses ("writer-1").
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from schemas.config.corpus import Columns, GoldColumn
from schemas.errors import SourceError
from transforms.read.chunk import POSITION, BadUnit, Chunk, Limits, Parsed
from transforms.read.columns import check_columns
from transforms.read.delimited import CSV
from transforms.read.emobank_beside import (
    DIMENSIONS,
    GENRE,
    WHO,
    beside,
    is_genre,
    is_rated,
    options_of,
    table_of,
    unpack,
    who_of,
    with_beside,
)
from transforms.read.gold_cells import ENTRY, GOLD, OWN_GOLD
from transforms.read.pieces import oversize
from transforms.read.source import SourceFile
from transforms.read.turns import head_text

_NATIVE = ["id", "split", *DIMENSIONS, "text"]
_FOUND = ["id", "text", "lang", *GENRE]
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(_FOUND, pl.String),
    OWN_GOLD: GOLD,
    POSITION: pl.Int64,
}
_RECORDS = 20_000  # a chunk: each sentence may have forty entries of gold


class EmoBank:
    """Reader of EmoBank's tables."""

    name = "emobank"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the header is that of the sentences, their single ratings, or their genres."""
        reader, table = table_of(name)
        if not reader.matches(name, head):
            return False
        line = head_text(head[:65_536]).split("\n", 1)[0].rstrip("\r")
        names = [cell.strip('"') for cell in line.split(table["delimiter"])]
        return names == _NATIVE or is_genre(names) or (is_rated(names) and bool(who_of(name)))

    def pair(self, sources: list[SourceFile]) -> list[SourceFile]:
        """The tables of sentences; all that stands beside goes with each (ids are the corpus's).

        Raises `SourceError` when there are ratings, but no sentence that they are of.
        """
        others = [each for each in sources if _is_beside(each)]
        tables = [each for each in sources if each not in others]
        if others and not tables:
            raise SourceError(
                f"{others[0].shown} has no text, and no table of EmoBank's sentences is with it.",
                remedy="Add the table (id,split,V,A,D,text) to `sources`.",
            )
        return [replace(each, companions=tuple(others)) for each in tables]

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes. Raises `SourceError` when the release's are missing."""
        names = CSV.found(source, options_of(options))
        if names:
            check_columns(_NATIVE, names, source.shown)
        return _FOUND

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks of whole rows; the header has what stands beside their sentences."""
        table = beside(source.companions, limits)
        bounds = replace(limits, records=min(limits.records, _RECORDS))
        for chunk in CSV.cut(source, bounds, options_of(options)):
            yield with_beside(source, chunk, table, limits)

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """One batch a chunk; a row that is rated otherwise than from 1 to 5 is a bad unit."""
        if chunk.oversize:
            yield replace(oversize(chunk, limits, []), frame=pl.DataFrame(schema=_SCHEMA))
            return
        header, more = unpack(chunk.header)
        for batch in CSV.parse(source, replace(chunk, header=header), limits, options_of(options)):
            if not batch.frame.height:
                yield replace(batch, frame=pl.DataFrame(schema=_SCHEMA))
                continue
            check_columns(_NATIVE, batch.frame.columns, source.shown)
            values = [pl.col(name).str.strip_chars().replace("", None) for name in DIMENSIONS]
            frame = batch.frame.with_columns(values)
            fits = pl.all_horizontal(
                pl.col(name).cast(pl.Float64, strict=False).is_between(1, 5)
                | pl.col(name).is_null()
                for name in DIMENSIONS
            ).fill_null(value=False)
            bad = [
                BadUnit(position, -1, 0, "bad_number", "a value is no number from 1 to 5")
                for position in frame.filter(~fits)[POSITION]
            ]
            rows = frame.filter(fits).join(more, on="id", how="left", maintain_order="left")
            yield replace(batch, frame=_sentences(rows), bad=batch.bad + bad)

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of the release."""
        return Columns(text="text", id="id", lang="lang", meta=GENRE)

    def gold(self) -> tuple[GoldColumn, ...]:
        """None by column: `parse` makes it."""
        return ()


def _is_beside(source: SourceFile) -> bool:
    reader, table = table_of(source.name)
    names = reader.found(source, table)
    return is_rated(names) or is_genre(names)


def _sentences(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of `_SCHEMA`. `rows`: native cells, and what stands beside them."""
    together = rows.select(
        POSITION, "split", pl.lit(None, dtype=pl.String).alias("annotator"), *DIMENSIONS
    )
    ratings = pl.concat([together, *(_ratings(rows, who) for who in WHO)])
    given = pl.concat_list(_entry(cell, label) for cell, label in DIMENSIONS.items())
    gold = (
        ratings.select(POSITION, given.list.drop_nulls().alias(OWN_GOLD))
        .group_by(POSITION, maintain_order=True)
        .agg(pl.col(OWN_GOLD).explode(empty_as_null=False, keep_nulls=False))
        .filter(pl.col(OWN_GOLD).list.len() > 0)
    )
    table = rows.with_columns(pl.lit("en").alias("lang"))
    return (
        table.select(*_FOUND, POSITION)
        .join(gold, on=POSITION, how="left", maintain_order="left")
        .select(pl.col(name).cast(kind) for name, kind in _SCHEMA.items())
    )


def _ratings(rows: pl.DataFrame, who: str) -> pl.DataFrame:
    """One row a rater, in order: position, split, annotator and the cells of the dimensions."""
    raters = (
        rows.filter(pl.col(who).is_not_null())
        .select(POSITION, "split", pl.col(who).str.split(";").alias("cells"))
        .with_columns(pl.int_ranges(1, pl.col("cells").list.len() + 1).alias("number"))
        .explode("cells", "number")
    )
    cells = pl.col("cells").str.split(" ")
    return raters.select(
        POSITION,
        "split",
        pl.format("{}-{}", pl.lit(who), pl.col("number")).alias("annotator"),
        *(cells.list.get(place).alias(name) for place, name in enumerate(DIMENSIONS)),
    )


def _entry(cell: str, label: str) -> pl.Expr:
    entry = pl.struct(
        pl.lit("vad").alias("task"),
        pl.lit("vad").alias("taxonomy"),
        pl.lit(label).alias("label_set"),
        pl.col("split").replace("", None).alias("split"),
        pl.col("annotator"),
        pl.lit(None, dtype=pl.List(pl.String)).alias("labels"),
        pl.col(cell).cast(pl.Float64, strict=False).alias("value"),
    ).cast(ENTRY)
    return pl.when(pl.col(cell).is_not_null()).then(entry)
