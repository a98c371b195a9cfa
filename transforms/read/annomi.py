"""AnnoMI (Wu et al. 2022/2023): demonstrations of counseling, an utterance and annotator a row.

A row is what one annotator found in one utterance; the rows of an utterance become one record with
the gold of all of them (task talk_type, taxonomy annomi_therapist or annomi_client; task
talk_subtype, taxonomy annomi_subtype: what kinds of question, reflection and input it is, several or
none). The smaller release without annotators and subtypes is read too. Titles and addresses of the
videos are left out: many titles have names of people.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl
import xxhash

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.annomi_gold import MISSING, gold_of, wrong_label
from transforms.read.chunk import POSITION, BadUnit, Chunk, Limits, Parsed
from transforms.read.columns import check_columns
from transforms.read.delimited import CSV
from transforms.read.gold_cells import GOLD, OWN_GOLD
from transforms.read.hint_cells import CUES
from transforms.read.lifted import lift_column
from transforms.read.released import parse_released
from transforms.read.source import SourceFile
from transforms.read.together import TABLE, cut_together
from transforms.read.turns import head_text

_NATIVE = (
    "mi_quality",
    "transcript_id",
    "topic",
    "utterance_id",
    "interlocutor",
    "timestamp",
    "utterance_text",
    "main_therapist_behaviour",
    "client_talk_type",
)
_ROLES = ("therapist", "client")
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "text": pl.String,
    "conversation_id": pl.String,
    "turn": pl.String,
    "speaker": pl.String,
    "role": pl.String,
    "lang": pl.String,
    "start_ms": pl.Int64,
    "cues": CUES,
    "mi_quality": pl.String,
    "topic": pl.String,
    OWN_GOLD: GOLD,
    POSITION: pl.Int64,
}
_FOUND = [name for name in _SCHEMA if name not in (OWN_GOLD, POSITION)]
_CLOCK = r"^(\d{1,2}):([0-5]\d):([0-5]\d)$"


class AnnoMi:
    """Reader of AnnoMI's tables."""

    name = "annomi"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the first line has the columns of the release."""
        if not CSV.matches(name, head):
            return False
        line = head_text(head[:65_536]).split("\n", 1)[0].rstrip("\r")
        try:
            names = next(csv.reader((line,)), [])
        except csv.Error:
            return False
        return set(_NATIVE) <= set(names)

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes. Raises `SourceError` when the release's are missing."""
        names = CSV.found(source, {**options, **TABLE})
        if names:
            check_columns(_NATIVE, names, source.shown)
        return _FOUND

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks of whole transcripts; of whole utterances, where a transcript is too long."""
        return cut_together(source, limits, options, ("transcript_id", "utterance_id"))

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """One batch a chunk; its rows of one utterance have the same id."""
        return parse_released(
            CSV,
            source,
            chunk,
            limits,
            {**options, **TABLE},
            _SCHEMA,
            lambda batch: self._made(batch, source),
        )

    def _made(self, batch: Parsed, source: SourceFile) -> Parsed:
        check_columns(_NATIVE, batch.frame.columns, source.shown)
        good, bad = _checked(batch.frame)
        return replace(batch, frame=_utterances(good), bad=batch.bad + bad, merge=True)

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of the release."""
        return Columns(
            text="text",
            id="id",
            conversation_id="conversation_id",
            turn="turn",
            speaker="speaker",
            role="role",
            lang="lang",
            start_ms="start_ms",
            cues="cues",
            meta=("mi_quality", "topic"),
        )

    def gold(self) -> tuple[GoldColumn, ...]:
        """None by column: `parse` makes it."""
        return ()


def _checked(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[BadUnit]]:
    """(the rows that can be used, the others as bad units)."""
    ids = [pl.col("transcript_id").str.strip_chars(), pl.col("utterance_id").str.strip_chars()]
    time = pl.col("timestamp").str.strip_chars()
    tests = (
        ("missing_id", "transcript_id or utterance_id is empty", (ids[0] == "") | (ids[1] == "")),
        ("bad_role", "interlocutor is neither therapist nor client", ~_role().is_in(_ROLES)),
        (
            "bad_time",
            "timestamp is not hh:mm:ss",
            ~time.str.contains(_CLOCK) & ~time.is_in(MISSING),
        ),
        ("bad_label", "a label that AnnoMI does not have", wrong_label(frame.columns)),
    )
    bad: dict[int, BadUnit] = {}
    for error_class, message, wrong in tests:
        for position in frame.filter(wrong)[POSITION].to_list():
            bad.setdefault(position, BadUnit(position, -1, 0, error_class, message))
    if bad:
        frame = frame.filter(~pl.col(POSITION).is_in(list(bad)))
    return frame, list(bad.values())


def _utterances(frame: pl.DataFrame) -> pl.DataFrame:
    transcript, utterance = (
        pl.col(name).str.strip_chars() for name in ("transcript_id", "utterance_id")
    )
    text, cues = lift_column(frame["utterance_text"].str.strip_chars())
    clock = pl.col("timestamp").str.strip_chars().str.extract_groups(_CLOCK)
    hours, minutes, seconds = (clock.struct[place].cast(pl.Int64) for place in range(3))
    table = frame.select(
        (transcript + "/" + utterance).alias("id"),
        transcript.alias("conversation_id"),
        utterance.alias("turn"),
        _role().alias("role"),
        (((hours * 60 + minutes) * 60 + seconds) * 1000).alias("start_ms"),
        pl.lit("en").alias("lang"),
        "mi_quality",
        pl.col("topic").str.strip_chars(),
        POSITION,
    )
    places = (table["conversation_id"] + "\0" + table["role"]).to_list()
    numbers = {place: f"#{xxhash.xxh3_64_intdigest(place.encode())}" for place in set(places)}
    # Digits only: nothing of it can be taken for a name that is to be redacted.
    speaker = pl.Series("speaker", [numbers[place] for place in places], dtype=pl.String)
    made = [text.alias("text"), cues.alias("cues"), speaker, gold_of(frame).alias(OWN_GOLD)]
    return table.with_columns(made).select(
        pl.col(name).cast(kind) for name, kind in _SCHEMA.items()
    )


def _role() -> pl.Expr:
    return pl.col("interlocutor").str.strip_chars().str.to_lowercase()
