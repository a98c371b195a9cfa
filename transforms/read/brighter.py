"""BRIGHTER (SemEval 2025, task 11): posts and sentences in 28 languages with their emotions, as CSV.

A file is a language; its header says which of six emotions were asked for (English lacks disgust,
Afrikaans surprise). Tracks a and c tell presence (0 or 1): gold of the task emotion, taxonomy ekman.
Track b tells intensity (0 to 3): one entry of the task emotion_intensity, taxonomy
ekman_intensity, an emotion. Track and split
are told by the folders (`track_a_presence/train/afr.csv`), else by the rows' ids
(`afr_train_track_a_00001`); the language by the file's name, else by the ids.
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
from transforms.read.columns import check_columns
from transforms.read.delimited import CSV
from transforms.read.gold_cells import ENTRY, GOLD, OWN_GOLD
from transforms.read.released import parse_released
from transforms.read.source import SourceFile

EMOTIONS = ["anger", "disgust", "fear", "joy", "sadness", "surprise"]
# File name to BCP 47: the two-letter code where ISO 639-1 has one. `ar` would say no more of
# Algerian (arq) and Moroccan Arabic (ary) than that they are Arabic; chn and esp are BRIGHTER's own.
LANGUAGES = {
    "afr": "af",
    "amh": "am",
    "arq": "arq",
    "ary": "ary",
    "chn": "zh",
    "deu": "de",
    "eng": "en",
    "esp": "es",
    "hau": "ha",
    "hin": "hi",
    "ibo": "ig",
    "ind": "id",
    "jav": "jv",
    "kin": "rw",
    "mar": "mr",
    "orm": "om",
    "pcm": "pcm",
    "ptbr": "pt-BR",
    "ptmz": "pt-MZ",
    "ron": "ro",
    "rus": "ru",
    "som": "so",
    "sun": "su",
    "swa": "sw",
    "swe": "sv",
    "tat": "tt",
    "tir": "ti",
    "ukr": "uk",
    "vmw": "vmw",
    "xho": "xh",
    "yor": "yo",
    "zul": "zu",
}
_ID = r"^([a-z]{3,4})_(train|dev|test)_track_([abc])_"
_START = re.compile(
    rb"id,text(?:,(?:" + "|".join(EMOTIONS).encode() + rb"))+\r?\n"
    rb'\s*"?[a-z]{3,4}_(?:train|dev|test)_track_[abc]_'
)
_FOLDERS = re.compile(r"track_([abc])[^/]*/(train|dev|test)/[^/]+$")
_FOUND = ["id", "text", "lang"]
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(_FOUND, pl.String),
    OWN_GOLD: GOLD,
    POSITION: pl.Int64,
}
_TABLE = {"delimiter": ",", "quote": '"', "header": True, "names": [], WANTED: None}


class Brighter:
    """Reader of BRIGHTER's tables."""

    name = "brighter"
    version = 2

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the header is emotions, and the first row's id tells the track."""
        return _START.match(head.removeprefix(b"\xef\xbb\xbf")) is not None

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes. Raises `SourceError` when the release's are missing."""
        names = CSV.found(source, {**options, **_TABLE})
        if names:
            _emotions(names, source)
        return _FOUND

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks of whole rows."""
        return CSV.cut(source, limits, {**options, **_TABLE})

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """Batches of texts with their gold; a row of an unknown track or label is a bad unit."""
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
        emotions = _emotions(batch.frame.columns, source)
        frame = batch.frame.with_columns(*_told(source))
        nowhere = pl.col("track").is_null()
        wrong = ~nowhere & ~_known(emotions)
        bad = [
            *_bad(frame.filter(nowhere), "unknown_track", "neither folder nor id tell track"),
            *_bad(frame.filter(wrong), "bad_label", "a label that its track does not have"),
        ]
        used = frame.filter(~nowhere & ~wrong)
        gold = pl.when(pl.col("track") == "b").then(_intensity(emotions))
        table = used.select(
            "id", "text", "lang", gold.otherwise(_presence(emotions)).alias(OWN_GOLD), POSITION
        )
        return replace(batch, frame=table, bad=batch.bad + bad)

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of the release."""
        return Columns(text="text", id="id", lang="lang")

    def gold(self) -> tuple[GoldColumn, ...]:
        """None by column: `parse` makes it."""
        return ()


def _emotions(names: list[str], source: SourceFile) -> list[str]:
    """The emotions of a header, sorted. Raises `SourceError` when it is another table's."""
    emotions = [name for name in EMOTIONS if name in names]
    check_columns(["id", "text", *(emotions or EMOTIONS)], names, source.shown)
    return emotions


def _told(source: SourceFile) -> list[pl.Expr]:
    """Columns track, split and lang of each row: from the file's place, else from the row's id."""
    folders = _FOLDERS.search(PurePath(source.member or source.path).as_posix())
    track, split = folders.groups() if folders else (None, None)
    lang = LANGUAGES.get(source.name.lower().removesuffix(".csv"))
    by_id = {
        "track": (track, pl.col("id").str.extract(_ID, 3)),
        "split": (split, pl.col("id").str.extract(_ID, 2)),
        "lang": (lang, pl.col("id").str.extract(_ID, 1).replace_strict(LANGUAGES, default=None)),
    }
    return [
        pl.coalesce(pl.lit(known, dtype=pl.String), told).alias(name)
        for name, (known, told) in by_id.items()
    ]


def _known(emotions: list[str]) -> pl.Expr:
    """Whether all cells hold what their track may; an empty cell was not annotated."""
    intense = pl.all_horizontal(pl.col(name).str.contains("^[0-3]?$") for name in emotions)
    present = pl.all_horizontal(pl.col(name).str.contains("^[01]?$") for name in emotions)
    return pl.when(pl.col("track") == "b").then(intense).otherwise(present)


def _bad(rows: pl.DataFrame, error_class: str, message: str) -> list[BadUnit]:
    return [BadUnit(position, -1, 0, error_class, message) for position in rows[POSITION].to_list()]


def _presence(emotions: list[str]) -> pl.Expr:
    """One entry: the emotions of the text, and which were asked for when it is not all six."""
    asked = pl.concat_list(
        pl.when(pl.col(name) != "").then(pl.lit(name)) for name in emotions
    ).list.drop_nulls()
    labels = pl.concat_list(
        pl.when(pl.col(name) == "1").then(pl.lit(name)) for name in emotions
    ).list.drop_nulls()
    label_set = pl.when(asked.list.len() < len(EMOTIONS)).then(asked.list.join(" "))
    nothing = pl.lit(None, dtype=pl.Float64)
    entry = _entry("emotion", "ekman", label_set, labels, nothing)
    return pl.when(asked.list.len() > 0).then(pl.concat_list(entry)).cast(GOLD)


def _intensity(emotions: list[str]) -> pl.Expr:
    """An entry an emotion: how strongly the text shows it, 0 to 3."""
    nothing = pl.lit(None, dtype=pl.List(pl.String))
    entries = [
        pl.when(pl.col(name) != "").then(
            _entry(
                "emotion_intensity",
                "ekman_intensity",
                pl.lit(name),
                nothing,
                pl.col(name).cast(pl.Float64, strict=False),
            )
        )
        for name in emotions
    ]
    given = pl.concat_list(entries).list.drop_nulls()
    return pl.when(given.list.len() > 0).then(given).cast(GOLD)


def _entry(
    task: str, taxonomy: str, label_set: pl.Expr, labels: pl.Expr, value: pl.Expr
) -> pl.Expr:
    return pl.struct(
        pl.lit(task).alias("task"),
        pl.lit(taxonomy).alias("taxonomy"),
        label_set.alias("label_set"),
        pl.col("split"),
        pl.lit(None, dtype=pl.String).alias("annotator"),
        labels.alias("labels"),
        value.alias("value"),
    ).cast(ENTRY)
