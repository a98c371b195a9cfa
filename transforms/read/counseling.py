"""Questions to therapists and their answers, one answer a row with its question (counsel-chat).

A row gives two records: the question (title, a blank line and text; role client) and the answer
(role therapist), which replies to it. The question of several answers is one record: in a batch it is
merged, and what comes again in a later chunk has the same id, so that cleaning keeps one and drops
the others as `duplicate_id`. A question is known by what is asked, not by the native `questionID`:
counsel-chat gives 11 of these to two different questions each, and two to some questions.

A therapist is known by name; the names are `pii_hints` of their whole conversation. HTML stays as it is.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl
import xxhash

from schemas.config.corpus import Columns, GoldColumn
from schemas.errors import SourceError
from transforms.read.chunk import POSITION, Chunk, Limits, Parsed
from transforms.read.counseling_names import therapist_name
from transforms.read.delimited import CSV
from transforms.read.released import parse_released
from transforms.read.source import SourceFile
from transforms.read.together import TABLE, cut_together
from transforms.read.turns import head_text

_META = ("topic", "upvotes", "views")
_NEEDED = {"questiontext", "answertext"}
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "text": pl.String,
    "conversation": pl.String,
    "reply_to": pl.String,
    "speaker": pl.String,
    "role": pl.String,
    "names": pl.List(pl.String),
    **dict.fromkeys(_META, pl.String),
    POSITION: pl.Int64,
}
_FOUND = [name for name in _SCHEMA if name != POSITION]


class Counseling:
    """Reader of tables of questions and answers."""

    name = "counseling"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the header has a question's text, an answer's text, and who or what it is about."""
        if not CSV.matches(name, head):
            return False
        line = head_text(head[:65_536]).lstrip("\r\n").split("\n", 1)[0].rstrip("\r")
        try:
            found = _known(next(csv.reader((line,)), []))
        except csv.Error:
            return False
        return found.keys() >= _NEEDED and not found.keys().isdisjoint(
            {"questionid", "therapistinfo"}
        )

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes. Raises `SourceError` for another kind of table."""
        names = CSV.found(source, {**options, **TABLE})
        if names:
            _checked(names, source)
        return _FOUND

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks of whole rows; adjacent answers to one question are in one chunk."""
        native = _known(CSV.found(source, {**options, **TABLE}))
        keys = [native[key] for key in ("questionid", "questiontext") if key in native]
        return cut_together(source, limits, options, keys)

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """One batch a chunk; rows with an equal id are one question."""
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
        native = _checked(batch.frame.columns, source)
        rows = batch.frame.select(POSITION, **{key: pl.col(name) for key, name in native.items()})
        return _records(batch, rows)

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of all such tables."""
        return Columns(
            text="text",
            id="id",
            conversation_id="conversation",
            reply_to="reply_to",
            speaker="speaker",
            role="role",
            pii_hints=("names",),
            meta=_META,
        )

    def gold(self) -> tuple[GoldColumn, ...]:
        """None."""
        return ()


def _known(names: list[str]) -> dict[str, str]:
    """Native names by their letters: `questionText` and `question_text` are the same."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(re.sub(r"[^a-z]", "", name.lower()), name)
    found.pop("", None)
    return found


def _checked(names: list[str], source: SourceFile) -> dict[str, str]:
    found = _known(names)
    if not found.keys() >= _NEEDED:
        raise SourceError(
            f"{source.shown} is no table of questions and answers: it needs the columns "
            "questionText and answerText.",
            remedy="Choose another reader in the config, such as csv with `columns`.",
        )
    return found


def _records(batch: Parsed, rows: pl.DataFrame) -> Parsed:
    found: list[dict[str, Any]] = []
    names: dict[str, dict[str, None]] = {}
    empty = 0
    for row in rows.to_dicts():
        made = _pair(row)
        empty += not made
        found += made
        for each in made:
            if each["speaker"]:
                names.setdefault(each["conversation"] or each["id"], {})[each["speaker"]] = None
    for each in found:
        each["names"] = sorted(names.get(each["conversation"] or each["id"], {})) or None
    skipped = {**batch.skipped, "empty": empty} if empty else batch.skipped
    return replace(
        batch, frame=pl.DataFrame(found, schema=_SCHEMA), skipped=skipped, merge=bool(found)
    )


def _pair(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The question and the answer of a row, those that it has."""
    title, text = ((row.get(key) or "").strip() for key in ("questiontitle", "questiontext"))
    question = text if text.startswith(title) else f"{title}\n\n{text}".strip()
    conversation = _digest(title, text) if question else None
    made = []
    common = {"conversation": conversation, "topic": row.get("topic"), POSITION: row[POSITION]}
    if question:
        made.append({**common, "id": f"q{conversation}", "text": question, "role": "client"})
    answer = row["answertext"].strip()
    if answer:
        info = row.get("therapistinfo") or ""
        made.append(
            {
                **common,
                **{key: row.get(key) for key in _META},
                "id": f"a{_digest(conversation or row.get('questionid') or '', info, answer)}",
                "text": answer,
                "reply_to": conversation and f"q{conversation}",
                "role": "therapist",
                "speaker": therapist_name(info, row.get("therapisturl") or ""),
            }
        )
    return [dict.fromkeys(_SCHEMA) | each for each in made]


def _digest(*parts: str) -> str:
    return xxhash.xxh3_128_hexdigest("\0".join(parts).encode())
