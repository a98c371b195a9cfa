"""What stands beside EmoBank's sentences (single ratings, genres), and its way into a chunk's header.

    individual_reader_ratings.csv, individual_writer_ratings.csv   id,V,A,D: one rater of one sentence
    meta.tsv                                                       id, document, category, subcategory

A file that cannot be read whole is an error of the source: a rating that is lost unnoticed would
change what the raters agree on.
"""

import io
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from schemas.errors import SourceError
from transforms.read.chunk import POSITION, WANTED, Chunk, Limits
from transforms.read.columns import check_columns
from transforms.read.delimited import CSV, TSV, Delimited
from transforms.read.source import SourceFile

DIMENSIONS = {"V": "valence", "A": "arousal", "D": "dominance"}
WHO = ("reader", "writer")  # whose feeling was rated: the perspective of EmoBank
GENRE = ("document", "category", "subcategory")
# By sentence: the ratings of each perspective, "V A D" of one rater behind the other's, and the genre.
BESIDE = dict.fromkeys(("id", *WHO, *GENRE), pl.String)
CSV_TABLE = {"delimiter": ",", "quote": '"', "header": True, "names": [], WANTED: None}
_TSV_TABLE = {"delimiter": "\t", "quote": "none", "header": True, "names": [], WANTED: None}
_MOST = 1_000_000  # sentences that one corpus may have ratings of: about 300 MB
_RATING = r"^[1-5](?:\.\d+)?$"
_NAME = re.compile(rf"(?<![a-z])({'|'.join(WHO)})s?(?![a-z])")


def is_rated(names: Collection[str]) -> bool:
    """Whether these are the columns of single ratings."""
    return set(names) == {"id", *DIMENSIONS}


def is_genre(names: Collection[str]) -> bool:
    """Whether these are the columns of `meta.tsv`."""
    return set(names) == {"id", *GENRE}


def who_of(name: str) -> str | None:
    """Whose feeling the ratings of a file are about, as its name tells."""
    match = _NAME.search(name.lower().replace("_", " "))
    return match and match[1]


def table_of(name: str) -> tuple[Delimited, dict[str, Any]]:
    """How a file of the release is written."""
    return (TSV, _TSV_TABLE) if name.lower().endswith((".tsv", ".tab")) else (CSV, CSV_TABLE)


def beside(companions: Iterable[SourceFile], limits: Limits) -> pl.DataFrame:
    """The columns `BESIDE` of all sentences, in order of appearance.

    Raises `SourceError` where a file cannot be read whole, or rates otherwise than from 1 to 5.
    """
    parts: list[pl.DataFrame] = []
    height = 0
    for companion in companions:
        for rows in _rows(companion, limits):
            parts.append(rows)
            height += rows["id"].n_unique()
            if height > _MOST * len(WHO):
                raise SourceError(
                    f"{companion.shown} rates more than {_MOST} sentences.",
                    remedy="Make several corpora of it.",
                )
    table = pl.concat([pl.DataFrame(schema=BESIDE), *parts], how="diagonal")
    joined = [pl.col(name).drop_nulls().str.join(";").replace("", None) for name in WHO]
    first = [pl.col(name).drop_nulls().first() for name in GENRE]
    return table.filter(pl.col("id") != "").group_by("id", maintain_order=True).agg(*joined, *first)


def _rows(source: SourceFile, limits: Limits) -> Iterator[pl.DataFrame]:
    """The id of each row with its rating as "V A D" under the perspective's name, or its genre."""
    reader, table = table_of(source.name)
    for chunk in reader.cut(source, limits, table):
        for batch in reader.parse(source, chunk, limits, table):
            if batch.bad:
                raise _broken(source, batch.bad[0].position, batch.bad[0].error_class)
            if not batch.frame.height:
                continue
            if is_genre(set(batch.frame.columns) - {POSITION}):
                cells = [pl.col(name).str.strip_chars().replace("", None) for name in GENRE]
                yield batch.frame.select("id", *cells)
                continue
            check_columns(["id", *DIMENSIONS], batch.frame.columns, source.shown)
            fits = pl.all_horizontal(pl.col(name).str.contains(_RATING) for name in DIMENSIONS)
            wrong = batch.frame.filter(~fits)[POSITION]
            if len(wrong):
                raise _broken(source, wrong[0], "no rating from 1 to 5")
            rating = pl.concat_str(*DIMENSIONS, separator=" ")
            yield batch.frame.select("id", rating.alias(str(who_of(source.name))))


def _broken(source: SourceFile, position: int, what: str) -> SourceError:
    return SourceError(
        f"{source.shown} has rows that cannot be read, the first in row {position} ({what}).",
        remedy="Correct it, or take it out of `sources`: the sentences are read without it, too.",
    )


def with_beside(source: SourceFile, chunk: Chunk, table: pl.DataFrame, limits: Limits) -> Chunk:
    """The chunk, with what stands beside its sentences in its header."""
    if chunk.oversize or not table.height:
        return chunk
    wanted = {**CSV_TABLE, WANTED: {"id": "key"}}
    ids = [
        batch.frame["id"].cast(pl.String)
        for batch in CSV.parse(source, chunk, limits, wanted)
        if "id" in batch.frame.columns
    ]
    mine = table.filter(pl.col("id").is_in(pl.concat(ids).implode())) if ids else table.clear()
    if not mine.height:
        return chunk
    text = chunk.header.decode()  # the header was read: it is UTF-8
    return replace(chunk, header=b"\0" + json.dumps([text, mine.write_csv()]).encode())


def unpack(header: bytes) -> tuple[bytes, pl.DataFrame]:
    """The header row of the table, and `BESIDE`; a header with nothing beside is the row alone."""
    if not header.startswith(b"\0"):
        return header, pl.DataFrame(schema=BESIDE)
    row, text = json.loads(header[1:])
    return row.encode(), pl.read_csv(io.StringIO(text), schema=BESIDE)


def options_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the table of sentences: the encoding may be the user's, the rest is known."""
    return {**options, **CSV_TABLE}
