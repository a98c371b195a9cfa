"""XED: film subtitle lines with Plutchik's emotions (Öhman et al. 2020), as its files come.

Annotated (`en-annotated.tsv`) and projected lines (`de.tsv`, `de-projections.tsv`): text, tab, ids
(1 anger … 8 trust). Gold: task emotion, taxonomy plutchik; of projected lines, which no person
labeled, with the annotator "projection". Neutral lines have no label: `neu_en.txt` ("9", tab, text;
empty cells may follow) and `neu_fi.txt` (id, text, "2", number, document). The language is told by
the file's name.

Units are lines, and quotes are text, but for a cell that was quoted because of the quotes in it. In
a few places a quote in the subtitles has swallowed lines of the alignment (`en/1990/….xml.gz`): they
have other than two cells and go to quarantine.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import polars as pl

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.chunk import POSITION, WANTED, BadUnit, Chunk, Limits, Parsed
from transforms.read.delimited import TSV
from transforms.read.gold_cells import ENTRY, GOLD, OWN_GOLD
from transforms.read.released import parse_released
from transforms.read.source import SourceFile

# In the order of the release: an id is the place in this list, from 1.
LABELS = ["anger", "anticipation", "disgust", "fear", "joy", "sadness", "surprise", "trust"]
_LANG = r"([a-z]{2,3}(?:[_-][a-z]{2})?)"
_LABELED_NAME = re.compile(_LANG + r"(-annotated|[-_]projections?)?\.tsv")
_NEUTRAL_NAME = re.compile("neu_" + _LANG + r"\.txt")
_LABELED = re.compile(rb"[^\t\n]*\t[1-8](?:, ?[1-8])*\r?")
_NEUTRAL = re.compile(rb"9\t[^\t]*\t*\r?|\d+\t[^\t]*\t2\t\d+\t[^\t]*\r?")
_OWN_CODES = {"cn": "zh"}  # OpenSubtitles' own, where it is not ISO 639
_FOUND = ["id", "text", "lang", "document"]
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(_FOUND, pl.String),
    OWN_GOLD: GOLD,
    POSITION: pl.Int64,
}
# Whole lines: the unit separator stands in no text. Cells are split here, as their number varies.
_TABLE = {"delimiter": "\x1f", "quote": None, "header": False, "names": ["line"], WANTED: None}


class Xed:
    """Reader of XED's files."""

    name = "xed"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the file is named as in the release and nearly all of its first lines fit.

        Text and a digit may be anything (stars, say): some line must have several labels.
        """
        lines = (head.split(b"\n")[:-1] or [head])[:200]
        if _NEUTRAL_NAME.fullmatch(name.lower()):
            return sum(_NEUTRAL.fullmatch(line) is not None for line in lines) >= 0.9 * len(lines)
        if _LABELED_NAME.fullmatch(name.lower()) is None:
            return False
        fits = [line for line in lines if _LABELED.fullmatch(line)]
        several = any(b", " in line.rsplit(b"\t", 1)[1] for line in fits)
        return several and len(fits) >= 0.9 * len(lines) - 1  # there may be a header

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes."""
        return _FOUND

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks of whole lines."""
        return TSV.cut(source, limits, {**options, **_TABLE})

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """Batches of lines with their gold; other cells or labels than the release's are bad."""
        return parse_released(
            TSV,
            source,
            chunk,
            limits,
            {**options, **_TABLE},
            _SCHEMA,
            lambda batch: self._made(batch, source),
        )

    def _made(self, batch: Parsed, source: SourceFile) -> Parsed:
        neutral = source.name.lower().startswith("neu_")
        frame = batch.frame.with_columns(pl.col("line").str.split("\t").alias("cells"))
        frame = frame.with_columns(_neutral(source) if neutral else _labeled())
        header = pl.lit(not neutral) & (pl.col(POSITION) == 0) & _is_header()
        titles = frame.filter(header).height
        frame = frame.filter(~header)
        whole, known = pl.col("text").is_not_null(), pl.col("labels").is_not_null()
        bad = [
            *_bad(frame.filter(~whole), "ragged_row", "other cells than XED's lines have"),
            *_bad(frame.filter(whole & ~known), "bad_label", "a label that XED does not have"),
        ]
        lines = frame.filter(whole & known).select(
            "id",
            "text",
            pl.lit(_language(source), dtype=pl.String).alias("lang"),
            "document",
            _gold("projection" if _is_projected(source) else None).alias(OWN_GOLD),
            POSITION,
        )
        skipped = batch.skipped | ({"header": titles} if titles else {})
        return replace(batch, frame=lines, skipped=skipped, bad=batch.bad + bad)

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of the release."""
        return Columns(text="text", id="id", lang="lang", meta=("document",))

    def gold(self) -> tuple[GoldColumn, ...]:
        """None by column: `parse` makes it."""
        return ()


def _cell(index: int) -> pl.Expr:
    return pl.col("cells").list.get(index, null_on_oob=True)


def _is_header() -> pl.Expr:
    """A first line of two cells whose label is a word: `phrase`, `emotion`."""
    return (pl.col("cells").list.len() == 2) & _cell(1).str.contains("^[A-Za-z ]+$")


def _labeled() -> list[pl.Expr]:
    """Columns id, text (null: other cells), labels (null: unknown), document."""
    two = pl.col("cells").list.len() == 2
    quoted = _cell(0).str.contains(r'(?s)^"(?:[^"]|"")*""(?:[^"]|"")*"$')
    inner = _cell(0).str.slice(1, _cell(0).str.len_chars() - 2).str.replace_all('""', '"')
    names = pl.element().str.strip_chars().replace_strict(_BY_ID, default=None)
    labels = _cell(1).str.split(",").list.eval(names).list.unique(maintain_order=True)
    known = _cell(1).str.contains(r"^ *[1-8](?: *, *[1-8])* *$")
    return [
        pl.lit(None, dtype=pl.String).alias("id"),
        pl.when(two).then(pl.when(quoted).then(inner).otherwise(_cell(0))).alias("text"),
        pl.when(two & known).then(labels).alias("labels"),
        pl.lit(None, dtype=pl.String).alias("document"),
    ]


def _neutral(source: SourceFile) -> list[pl.Expr]:
    """The same columns, of a file of neutral lines: no label."""
    more = pl.col("cells").list.slice(2).list.join("").str.strip_chars() != ""
    short = (pl.col("cells").list.len() >= 2) & ~more
    long = (pl.col("cells").list.len() == 5) & more
    known = (short & (_cell(0) == "9")) | (long & (_cell(2) == "2"))
    stem = PurePath(source.name.lower()).stem
    return [
        pl.when(long).then(pl.lit(f"{stem}/") + _cell(0)).alias("id"),
        pl.when(short | long).then(_cell(1)).alias("text"),
        pl.when(known).then(pl.lit([], dtype=pl.List(pl.String))).alias("labels"),
        pl.when(long).then(_cell(4)).alias("document"),
    ]


_BY_ID = {str(number): label for number, label in enumerate(LABELS, start=1)}


def _bad(rows: pl.DataFrame, error_class: str, message: str) -> list[BadUnit]:
    return [BadUnit(position, -1, 0, error_class, message) for position in rows[POSITION].to_list()]


def _gold(annotator: str | None) -> pl.Expr:
    entry = pl.struct(
        pl.lit("emotion").alias("task"),
        pl.lit("plutchik").alias("taxonomy"),
        pl.lit(None, dtype=pl.String).alias("label_set"),
        pl.lit(None, dtype=pl.String).alias("split"),
        pl.lit(annotator, dtype=pl.String).alias("annotator"),
        pl.col("labels"),
        pl.lit(None, dtype=pl.Float64).alias("value"),
    ).cast(ENTRY)
    return pl.concat_list(entry).cast(GOLD)


def _language(source: SourceFile) -> str | None:
    """BCP 47, from the file's name: `pt_br-projections.tsv` is pt-BR."""
    name = source.name.lower()
    match = _NEUTRAL_NAME.fullmatch(name) or _LABELED_NAME.fullmatch(name)
    if match is None:
        return None
    code, _, region = match[1].replace("_", "-").partition("-")
    return _OWN_CODES.get(code, code) + (f"-{region.upper()}" if region else "")


def _is_projected(source: SourceFile) -> bool:
    """English and Finnish lines were labeled by people; a bare other language is a projection."""
    folder = PurePath(source.member or source.path).parent.name.lower()
    if "projection" in source.name.lower() or "projection" in folder:
        return True
    match = _LABELED_NAME.fullmatch(source.name.lower())
    return match is not None and match[2] is None and match[1] not in ("en", "fi")
