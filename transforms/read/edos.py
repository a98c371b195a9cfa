"""EDOS, the dialogues labeled by people (Welivita, Xie & Pu 2021): one dialogue of film lines a row.

The cell `Dialog` holds a turn a line; each becomes a record of its own, so that what was said before
is context and not text. Labels are those of the last turn (the release's own classifier weighs each
turn twice as much as the one before it, and calls what precedes the last one its context), so the
gold is the last record's: task emotion, taxonomy edos, one entry for each of the three workers, and
one without annotator for the label on which two of them agree (`-`: they do not). Free answers
("Forgetful (Other)") stay as given. A row is one unit: kept or quarantined whole.

Nine of the labels are no emotions: what a listener does (Questioning, Consoling ...), and Neutral. Where
two workers agree on one of them, it is gold of the task intent, too (taxonomy empathetic_intents, in
small letters), with an entry for each worker who chose one of the nine. Other dialogues have no such
entries: a single worker's intent, against two who saw an emotion, is not the dialogue's.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.chunk import POSITION, WANTED, BadUnit, Chunk, Limits, Parsed
from transforms.read.columns import check_columns
from transforms.read.delimited import CSV
from transforms.read.gold_cells import ENTRY, GOLD, OWN_GOLD
from transforms.read.released import parse_released
from transforms.read.source import SourceFile

_AGREED = "Agreed emotion (2/3 vote)"
_WORKERS = {str(number): f"Worker {number} answer" for number in (1, 2, 3)}
_INTENTS = {
    name.capitalize(): name
    for name in (
        "agreeing",
        "acknowledging",
        "encouraging",
        "consoling",
        "sympathizing",
        "suggesting",
        "questioning",
        "wishing",
        "neutral",
    )
}
_NATIVE = ["Index", "DialogID", "Dialog", _AGREED, *_WORKERS.values()]
_HEADER = re.compile(
    re.escape(",".join(["Count", *_NATIVE[:4], *_WORKERS.values()])).encode() + rb"\r?\n"
)
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "text": pl.String,
    "conversation_id": pl.String,
    "turn": pl.Int64,
    "lang": pl.String,
    "DialogID": pl.String,
    OWN_GOLD: GOLD,
    POSITION: pl.Int64,
}
_FOUND = [name for name in _SCHEMA if name not in (OWN_GOLD, POSITION)]
_TABLE = {"delimiter": ",", "quote": '"', "header": True, "names": [], WANTED: None}


class Edos:
    """Reader of EDOS's table of labeled dialogues."""

    name = "edos"
    version = 2

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the first line is the release's header."""
        return _HEADER.match(head.removeprefix(b"\xef\xbb\xbf")) is not None

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes. Raises `SourceError` when the release's are missing."""
        names = CSV.found(source, {**options, **_TABLE})
        if names:
            check_columns(_NATIVE, names, source.shown)
        return _FOUND

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks of whole rows."""
        return CSV.cut(source, limits, {**options, **_TABLE})

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """Batches of turns; a dialogue without a turn, or without its Index, is a bad unit."""
        return parse_released(
            CSV,
            source,
            chunk,
            limits,
            {**options, **_TABLE},
            _SCHEMA,
            lambda batch: self._made(batch, source),
        )

    def _made(self, batch: Parsed, source: SourceFile) -> Parsed:
        check_columns(_NATIVE, batch.frame.columns, source.shown)
        frame = batch.frame.with_columns(_lines().alias("lines"))
        silent, nameless = pl.col("lines").list.len() == 0, pl.col("Index") == ""
        bad = [
            *_bad(frame.filter(silent), "missing_text", "the dialogue has no line"),
            *_bad(frame.filter(nameless & ~silent), "missing_id", "column 'Index' is empty"),
        ]
        turns = _turns(frame.filter(~silent & ~nameless))
        return replace(batch, frame=turns, bad=batch.bad + bad)

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of the release."""
        return Columns(
            text="text",
            id="id",
            conversation_id="conversation_id",
            turn="turn",
            lang="lang",
            meta=("DialogID",),
        )

    def gold(self) -> tuple[GoldColumn, ...]:
        """None by column: `parse` makes it."""
        return ()


def _lines() -> pl.Expr:
    """The turns of a dialogue: its lines that hold something."""
    lines = pl.col("Dialog").str.split("\n").list.eval(pl.element().str.strip_chars())
    return lines.list.eval(pl.element().filter(pl.element() != ""))


def _bad(rows: pl.DataFrame, error_class: str, message: str) -> list[BadUnit]:
    return [BadUnit(position, -1, 0, error_class, message) for position in rows[POSITION].to_list()]


def _turns(frame: pl.DataFrame) -> pl.DataFrame:
    """One row a turn. A dialogue may stand in several rows, labeled anew: `Index` tells them apart."""
    count = pl.col("lines").list.len()
    table = frame.with_columns(
        _gold().alias(OWN_GOLD),
        pl.int_ranges(count.cast(pl.Int64)).alias("turn"),
        count.alias("count"),
    ).explode("lines", "turn")
    last = pl.col("turn") == pl.col("count") - 1
    return table.select(
        pl.format("{}/{}", "Index", "turn").alias("id"),
        pl.col("lines").alias("text"),
        pl.col("Index").alias("conversation_id"),
        "turn",
        pl.lit("en").alias("lang"),
        "DialogID",
        pl.when(last).then(OWN_GOLD).alias(OWN_GOLD),
        POSITION,
    )


def _gold() -> pl.Expr:
    """The workers' answers, and before them what two of them agree on; null where there is none."""
    cells = [(_AGREED, None), *((cell, who) for who, cell in _WORKERS.items())]
    agreed = _label(_AGREED).is_in(list(_INTENTS))
    emotions = [_entry("emotion", "edos", _label(cell), who) for cell, who in cells]
    intents = [_entry("intent", "empathetic_intents", _intent(cell), who) for cell, who in cells]
    given = pl.concat_list([*emotions, *(pl.when(agreed).then(entry) for entry in intents)])
    return pl.when(given.list.drop_nulls().list.len() > 0).then(given.list.drop_nulls()).cast(GOLD)


def _label(cell: str) -> pl.Expr:
    """What a cell says; null where it says nothing."""
    label = pl.col(cell).str.strip_chars()
    return pl.when(~label.is_in(["", "-"])).then(label)


def _intent(cell: str) -> pl.Expr:
    return _label(cell).replace_strict(_INTENTS, default=None, return_dtype=pl.String)


def _entry(task: str, taxonomy: str, label: pl.Expr, annotator: str | None) -> pl.Expr:
    entry = pl.struct(
        pl.lit(task).alias("task"),
        pl.lit(taxonomy).alias("taxonomy"),
        pl.lit(None, dtype=pl.String).alias("label_set"),
        pl.lit(None, dtype=pl.String).alias("split"),
        pl.lit(annotator, dtype=pl.String).alias("annotator"),
        pl.concat_list(label).alias("labels"),
        pl.lit(None, dtype=pl.Float64).alias("value"),
    )
    return pl.when(label.is_not_null()).then(entry).cast(ENTRY)
