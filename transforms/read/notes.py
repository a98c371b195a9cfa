"""Tables of clinical notes, one note a row: id, patient, time and text.

Known by their headers, in any case: MIMIC-III's NOTEEVENTS (ROW_ID, SUBJECT_ID, HADM_ID, CHARTDATE,
CHARTTIME, STORETIME, CATEGORY, DESCRIPTION, CGID, ISERROR, TEXT), MIMIC-IV-Note's discharge and
radiology (note_id, subject_id, hadm_id, note_type, note_seq, charttime, storetime, text), and the
NOTE table of the OMOP common data model.

All notes of a patient are one conversation, without turns: their order is that of their times. Ids
of patients, stays and caregivers serve as keys only, which ingest hashes; none is kept as it is.
Notes that the source marks as errors (ISERROR = 1) are skipped as `marked_error`.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from schemas.config.corpus import Columns, GoldColumn
from schemas.errors import SourceError
from transforms.read.chunk import POSITION, WANTED, Chunk, Limits, Parsed
from transforms.read.delimited import CSV
from transforms.read.released import parse_released
from transforms.read.source import SourceFile
from transforms.read.turns import head_text

# Native names in lower case. Of times the first that a row has counts.
_ID = ("note_id", "row_id")
_PATIENT = ("subject_id", "person_id", "patient_id")
_TEXT = ("text", "note_text")
_TIME = ("charttime", "note_datetime", "chartdate", "note_date")
_AUTHOR = ("cgid", "provider_id")
_META = ("category", "description", "note_type")
_ERROR = "iserror"
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "text": pl.String,
    "conversation": pl.String,
    "speaker": pl.String,
    "role": pl.String,
    "created_at": pl.String,
    **dict.fromkeys(_META, pl.String),
    POSITION: pl.Int64,
}
_FOUND = [name for name in _SCHEMA if name != POSITION]


class Notes:
    """Reader of tables of clinical notes."""

    name = "notes"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the header has the id of a note, a patient and a text."""
        if not CSV.matches(name, head):
            return False
        line = head_text(head[:65_536]).lstrip("\r\n").split("\n", 1)[0].rstrip("\r")
        try:
            cells = next(csv.reader((line,)), [])
        except csv.Error:
            return False
        return _is_notes({cell.strip().lower() for cell in cells})

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes. Raises `SourceError` for another kind of table."""
        names = CSV.found(source, options)
        if names:
            _native(names, source)
        return _FOUND

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks of whole rows."""
        return CSV.cut(source, limits, options)

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """One batch a chunk."""
        return parse_released(
            CSV,
            source,
            chunk,
            limits,
            {**options, WANTED: None},
            _SCHEMA,
            lambda batch: self._made(batch, source),
        )

    def _made(self, batch: Parsed, source: SourceFile) -> Parsed:
        return _notes(batch, _native(batch.frame.columns, source))

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of all such tables."""
        return Columns(
            text="text",
            id="id",
            conversation_id="conversation",
            speaker="speaker",
            role="role",
            created_at="created_at",
            meta=_META,
        )

    def gold(self) -> tuple[GoldColumn, ...]:
        """Notes have none."""
        return ()


def _is_notes(names: set[str]) -> bool:
    return all(not names.isdisjoint(needed) for needed in (_ID, _PATIENT, _TEXT))


def _native(names: list[str], source: SourceFile) -> dict[str, str]:
    """Native names by their lower-case names."""
    native = {name.lower(): name for name in reversed(names)}
    if not _is_notes(set(native)):
        raise SourceError(
            f"{source.shown} is no table of notes: it needs the id of a note "
            f"({' or '.join(_ID)}), a patient ({' or '.join(_PATIENT)}) and a text "
            f"({' or '.join(_TEXT)}).",
            remedy="Choose another reader in the config, such as csv with `columns`.",
        )
    return native


def _notes(batch: Parsed, native: dict[str, str]) -> Parsed:
    frame = batch.frame
    error = _cell(native, _ERROR).is_in(["1", "1.0"]).fill_null(value=False)
    empty = _cell(native, *_TEXT).is_null() & ~error
    reasons = frame.select(error.sum().alias("marked_error"), empty.sum().alias("empty")).row(0)
    counts = zip(("marked_error", "empty"), reasons, strict=True)
    skipped = {**batch.skipped, **{name: count for name, count in counts if count}}
    text = native[next(name for name in _TEXT if name in native)]
    rows = frame.filter(~error & ~empty).select(
        _cell(native, *_ID).alias("id"),
        pl.col(text).alias("text"),
        _cell(native, *_PATIENT).alias("conversation"),
        _cell(native, *_AUTHOR).alias("speaker"),
        pl.lit("clinician").alias("role"),
        _cell(native, *_TIME).alias("created_at"),
        *(_cell(native, name).alias(name) for name in _META),
        POSITION,
    )
    return replace(batch, frame=rows, skipped=skipped)


def _cell(native: Mapping[str, str], *names: str) -> pl.Expr:
    """The first of these columns that a row has something in, trimmed; else null."""
    found = [pl.col(native[name]).str.strip_chars() for name in names if name in native]
    filled = [pl.when(cell != "").then(cell) for cell in found]
    return pl.coalesce(*filled, pl.lit(None, dtype=pl.String))
