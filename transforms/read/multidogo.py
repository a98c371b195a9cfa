"""MultiDoGO at the turn level: what customers said to agents, as quoted TSV (Peskov et al. 2019).

Columns: conversationId, turnNumber, utteranceId, utterance, slot-labels, intent. Only the
customer's turns are there, so turn numbers have gaps. Gold: the intents (several joined with `<div>`;
task intent, taxonomy multidogo), and which slots a turn fills, each once (task slots, taxonomy
multidogo_slots; none: `[]`). The slot of each word (`O O arrival_city`) is meta `slot_labels`. The
split is told by the file's name, the domain by its folder.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import polars as pl

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.chunk import POSITION, WANTED, Chunk, Limits, Parsed
from transforms.read.columns import check_columns
from transforms.read.delimited import TSV
from transforms.read.gold_cells import ENTRY, GOLD, OWN_GOLD
from transforms.read.released import parse_released
from transforms.read.source import SourceFile

_NATIVE = ["conversationId", "turnNumber", "utteranceId", "utterance", "slot-labels", "intent"]
_HEADER = re.compile("\t".join(rf'"?{name}"?' for name in _NATIVE).encode() + rb"\r?\n")
_FOUND = [
    "utteranceId",
    "utterance",
    "conversationId",
    "turnNumber",
    "speaker",
    "role",
    "lang",
    "slot_labels",
    "domain",
]
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(_FOUND, pl.String),
    OWN_GOLD: GOLD,
    POSITION: pl.Int64,
}
_TABLE = {"delimiter": "\t", "quote": '"', "header": True, "names": [], WANTED: None}
# Folders of the release; any other folder's name is the user's own business.
_DOMAINS = ("airline", "fastfood", "finance", "insurance", "media", "software")
_SPLIT = re.compile(r"(?<![a-z])(?:train|dev|test)(?![a-z])")


class MultiDoGo:
    """Reader of MultiDoGO's tables of turns."""

    name = "multidogo"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the first line is the release's header."""
        return _HEADER.match(head.removeprefix(b"\xef\xbb\xbf")) is not None

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes. Raises `SourceError` when the release's are missing."""
        names = TSV.found(source, {**options, **_TABLE})
        if names:
            check_columns(_NATIVE, names, source.shown)
        return _FOUND

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks of whole rows."""
        return TSV.cut(source, limits, {**options, **_TABLE})

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """Batches with the columns of `found` and the gold."""
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
        check_columns(_NATIVE, batch.frame.columns, source.shown)
        return replace(batch, frame=_turns(batch.frame, source))

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of the release."""
        return Columns(
            text="utterance",
            id="utteranceId",
            conversation_id="conversationId",
            turn="turnNumber",
            speaker="speaker",
            role="role",
            lang="lang",
            meta=("slot_labels", "domain"),
        )

    def gold(self) -> tuple[GoldColumn, ...]:
        """None by column: `parse` makes it."""
        return ()


def _turns(frame: pl.DataFrame, source: SourceFile) -> pl.DataFrame:
    split = _SPLIT.search(source.name.lower())
    folder = PurePath(source.member or source.path).parent.name
    known = pl.col("conversationId") != ""
    told = pl.lit(split and split.group(), dtype=pl.String)
    intents = _each_once("intent", "<div>")
    slots = _each_once("slot-labels", " ")
    filled = slots.list.eval(pl.element().filter(pl.element() != "O"))
    entries = pl.concat_list(
        pl.when(intents.list.len() > 0).then(_entry("intent", "multidogo", told, intents)),
        pl.when(slots.list.len() > 0).then(_entry("slots", "multidogo_slots", told, filled)),
    ).list.drop_nulls()
    gold = pl.when(entries.list.len() > 0).then(entries)
    return frame.select(
        "utteranceId",
        "utterance",
        "conversationId",
        "turnNumber",
        pl.when(known).then(pl.col("conversationId") + "/customer").alias("speaker"),
        pl.lit("customer").alias("role"),
        pl.lit("en").alias("lang"),
        pl.col("slot-labels").alias("slot_labels"),
        pl.lit(folder if folder in _DOMAINS else None, dtype=pl.String).alias("domain"),
        gold.cast(GOLD).alias(OWN_GOLD),
        POSITION,
    )


def _each_once(column: str, separator: str) -> pl.Expr:
    """What a cell lists, each once, in order."""
    parts = pl.col(column).str.split(separator).list.eval(pl.element().str.strip_chars())
    return parts.list.eval(pl.element().filter(pl.element() != "")).list.unique(maintain_order=True)


def _entry(task: str, taxonomy: str, split: pl.Expr, labels: pl.Expr) -> pl.Expr:
    nothing = pl.lit(None, dtype=pl.String)
    return pl.struct(
        pl.lit(task).alias("task"),
        pl.lit(taxonomy).alias("taxonomy"),
        nothing.alias("label_set"),
        split.alias("split"),
        nothing.alias("annotator"),
        labels.alias("labels"),
        pl.lit(None, dtype=pl.Float64).alias("value"),
    ).cast(ENTRY)
