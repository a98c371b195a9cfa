"""Tables with a whole dialogue in one cell, each line or part of it marked with who speaks.

    ACI-Bench   dataset, encounter_id (variants: id), dialogue, note; `[doctor] hi , martha .`
    MTS-Dialog  ID, section_header, section_text, dialogue; `Doctor: Hi, Martha.`

The native unit is the row; each turn of its dialogue is a record. A line without a mark goes on with
the turn before it; words before the first mark are a turn of nobody. The notes (`note`,
`section_text`) are left out: they are about the talk, no part of it. What section the talk is about
(`section_header`) is gold of the whole dialogue (task topic), and stands at its first turn: once for
what was annotated once.

The same encounter may be in several files (variants of one visit), so the file's name is part of all
ids. ACI-Bench's `…_metadata.csv` are companions: the patient's and doctor's names in them become
`pii_hints` of the encounters that a chunk has, by way of its header (`dialogue_names`).
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from schemas.config.corpus import Columns, GoldColumn
from schemas.errors import SourceError
from transforms.read.chunk import POSITION, Chunk, Limits, Parsed
from transforms.read.delimited import CSV
from transforms.read.dialogue_names import is_metadata, names_of, unpack, with_names
from transforms.read.dialogue_turns import turns_of
from transforms.read.gold_cells import GOLD, OWN_GOLD
from transforms.read.hint_cells import CUES
from transforms.read.pieces import oversize
from transforms.read.source import SourceFile
from transforms.read.turns import head_text

_KEYS = ("encounter_id", "id")  # which encounter a row is, the more telling first
_ABOUT = {"note", "section_text"}
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "text": pl.String,
    "conversation": pl.String,
    "turn": pl.Int64,
    "speaker": pl.String,
    "role": pl.String,
    "cues": CUES,
    "pii_hints": pl.List(pl.String),
    "dataset": pl.String,
    OWN_GOLD: GOLD,
    POSITION: pl.Int64,
}
_FOUND = [name for name in _SCHEMA if name not in (POSITION, OWN_GOLD)]
_MAPPING = Columns(
    text="text",
    id="id",
    conversation_id="conversation",
    turn="turn",
    speaker="speaker",
    role="role",
    pii_hints=("pii_hints",),
    cues="cues",
    meta=("dataset",),
)


class DialogueCell:
    """Reader of tables of dialogues."""

    name = "dialogue_cell"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the header is that of a table of dialogues, or of ACI-Bench's metadata."""
        if not CSV.matches(name, head):
            return False
        line = head_text(head[:65_536]).lstrip("\r\n").split("\n", 1)[0].rstrip("\r")
        try:
            cells = next(csv.reader((line,)), [])
        except csv.Error:
            return False
        names = {cell.strip().lower() for cell in cells}
        return is_metadata(names) or _is_table(names)

    def pair(self, sources: list[SourceFile]) -> list[SourceFile]:
        """The tables; all metadata of the corpus goes with each (an encounter is known by its id).

        Raises `SourceError` when there is metadata, but no dialogue that it is about.
        """
        about = [each for each in sources if is_metadata(_columns(each, {}))]
        tables = [each for each in sources if each not in about]
        if about and not tables:
            raise SourceError(
                f"{about[0].shown} has no dialogues, and no table of dialogues is with it.",
                remedy="Add the table with the columns encounter_id, dialogue and note to `sources`.",
            )
        return [replace(each, companions=tuple(about)) for each in tables]

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes. Raises `SourceError` for another kind of table."""
        names = _columns(source, options)
        if names and not _is_table(set(names)):
            raise _other(source)
        return _FOUND

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks of whole rows; the header has the names of the people in their encounters."""
        people = names_of(source.companions, limits, options)
        for chunk in CSV.cut(source, limits, options):
            yield with_names(source, chunk, people, _KEYS, limits, options)

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """One batch a chunk: the turns of its rows."""
        if chunk.oversize:
            yield replace(oversize(chunk, limits, []), frame=pl.DataFrame(schema=_SCHEMA))
            return
        header, people = unpack(chunk.header)
        own = {key: value for key, value in options.items() if not key.startswith("_")}
        for batch in CSV.parse(source, replace(chunk, header=header), limits, own):
            yield _turns(batch, source, people)

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of all such tables."""
        return _MAPPING

    def gold(self) -> tuple[GoldColumn, ...]:
        """None by column: the section is put at the first turn."""
        return ()


def _columns(source: SourceFile, options: Mapping[str, Any]) -> dict[str, str]:
    """Native names of the columns by their lower-case names."""
    return {name.lower(): name for name in CSV.found(source, options)}


def _is_table(names: set[str]) -> bool:
    return "dialogue" in names and bool(names & _ABOUT) and not names.isdisjoint(_KEYS)


def _other(source: SourceFile) -> SourceError:
    return SourceError(
        f"{source.shown} is no table of dialogues: it needs the columns dialogue, "
        "encounter_id (or id), and note (or section_text).",
        remedy="Choose another reader in the config, such as csv with `columns`.",
    )


def _turns(batch: Parsed, source: SourceFile, people: dict[str, list[str]]) -> Parsed:
    native = {name.lower(): name for name in batch.frame.columns}
    if not batch.frame.height:
        return replace(batch, frame=pl.DataFrame(schema=_SCHEMA))
    if not _is_table(set(native)):
        raise _other(source)
    file = re.sub(r"\.csv$", "", source.name, flags=re.IGNORECASE)
    none = pl.repeat(None, batch.frame.height, dtype=pl.String, eager=True)
    keys = batch.frame[native[next(key for key in _KEYS if key in native)]].str.strip_chars()
    datasets = batch.frame[native["dataset"]] if "dataset" in native else none
    sections = batch.frame[native["section_header"]] if "section_header" in native else none
    rows: list[tuple[Any, ...]] = []
    empty = 0
    for position, key, dataset, section, cell in zip(
        batch.frame[POSITION],
        keys,
        datasets,
        sections,
        batch.frame[native["dialogue"]],
        strict=True,
    ):
        # A row without an id is known by its place.
        conversation = "-".join(part for part in (file, dataset, key or f"@{position}") if part)
        turns = turns_of(cell, conversation)
        empty += not turns
        for turn, (text, speaker, role, cues) in enumerate(turns):
            gold = [_gold(section.strip(), file)] if section and not turn else None
            rows.append(
                (
                    f"{conversation}#{turn}",
                    text,
                    conversation,
                    turn,
                    speaker,
                    role,
                    cues,
                    people.get(key),
                    dataset,
                    gold,
                    position,
                )
            )
    skipped = {**batch.skipped, "empty": empty} if empty else batch.skipped
    return replace(batch, frame=pl.DataFrame(rows, schema=_SCHEMA, orient="row"), skipped=skipped)


def _gold(section: str, file: str) -> dict[str, Any]:
    split = re.search(r"train|valid|dev|test", file.lower())
    return {
        "task": "topic",
        "taxonomy": "mts_dialog_sections",
        "label_set": None,
        "split": {"valid": "dev"}.get(split[0], split[0]) if split else None,
        "annotator": None,
        "labels": [section],
        "value": None,
    }
