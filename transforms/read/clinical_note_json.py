"""Notes of consultations as one JSON object a file (PriMock57): complaint, note, highlights.

The native unit is the document. Its text is the complaint, a blank line and the note, as the doctor
wrote them down; the highlights are left out, since they are words of the note. Day and number of the
consultation make its conversation that of its transcript (see `textgrid_pair`).
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.chunk import POSITION, BadUnit, Chunk, Limits, Parsed
from transforms.read.document import cut_document
from transforms.read.pieces import oversize
from transforms.read.source import SourceFile
from transforms.read.textgrid_pair import consultation
from transforms.read.turns import head_text

_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "text": pl.String,
    "conversation": pl.String,
    "role": pl.String,
    POSITION: pl.Int64,
}
_FOUND = [name for name in _SCHEMA if name != POSITION]
_KEYS = ("presenting_complaint", "note")
_ERRORS = {
    "bad_encoding": "the document is not valid UTF-8 (or UTF-16, UTF-32)",
    "bad_json": "the document is no JSON, or cut off",
    "wrong_format": "the document is no object with a text `note`",
    "missing_text": "complaint and note are empty",
}


class ClinicalNoteJson:
    """Reader of notes in JSON."""

    name = "clinical_note_json"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether it is one object with a complaint and a note (or the beginning of one)."""
        if not head_text(head[:64]).lstrip().startswith("{"):
            return False
        try:
            found = json.loads(head)
        except json.JSONDecodeError as error:
            # Longer than the head, or cut off; more than one object is JSON lines.
            cut = not error.msg.startswith("Extra data") and name.lower().endswith(".json")
            return cut and all(re.search(rf'"{key}"\s*:\s*"'.encode(), head) for key in _KEYS)
        except (UnicodeDecodeError, RecursionError):
            return False
        return isinstance(found, dict) and all(isinstance(found.get(key), str) for key in _KEYS)

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes."""
        return _FOUND

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """One chunk, the document."""
        return cut_document(source, limits)

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """One batch with one row, or with a bad unit."""
        if chunk.oversize:
            yield oversize(chunk, limits, _FOUND)
            return
        note = _note(chunk.data or b"")
        frame = pl.DataFrame(schema=_SCHEMA)
        if isinstance(note, str):
            yield Parsed(frame, 1, bad=[BadUnit(0, 0, chunk.length, note, _ERRORS[note])])
            return
        text, conversation = note
        row = (text, conversation, "doctor", 0)
        yield Parsed(pl.DataFrame([row], schema=_SCHEMA, orient="row"), 1)

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of all notes."""
        return Columns(text="text", conversation_id="conversation", role="role")

    def gold(self) -> tuple[GoldColumn, ...]:
        """Notes have none."""
        return ()


def _note(data: bytes) -> tuple[str, str | None] | str:
    """(text, conversation) of a document, or the class of what is wrong with it."""
    try:
        found = json.loads(data)
    except UnicodeDecodeError:
        return "bad_encoding"
    except (json.JSONDecodeError, RecursionError):
        return "bad_json"
    if not isinstance(found, dict):
        return "wrong_format"
    texts = [found.get(key) for key in _KEYS]
    if not isinstance(texts[1], str):
        return "wrong_format"
    day, number = found.get("day"), found.get("consultation")
    talk = None
    if isinstance(day, int) and isinstance(number, int):
        talk = consultation(day, number)
    text = "\n\n".join(each.strip() for each in texts if isinstance(each, str) and each.strip())
    return (text, talk) if text else "missing_text"
