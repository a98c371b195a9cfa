"""The rows of one conversation: its turns in order, and what labelers answered about them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
import pyarrow as pa

from pipelines.lake.lake import Lake
from pipelines.lake.snapshots import published, published_files
from pipelines.query.catalog import Catalog, open_catalog
from pipelines.query.views import literal, quoted
from schemas.errors import ConfigError

_ID_DIGITS: Final = 32
_LISTED: Final = 5
_MEMORY: Final = "1500MB"
_HOW = (
    'Find ids with: affectmine sql --lake {lake} "SELECT corpus, conversation_id, count(*) AS turns FROM clean '
    'WHERE conversation_id IS NOT NULL GROUP BY 1, 2 ORDER BY turns DESC LIMIT 20"'
)
# As transforms/sql/windows_order.sql: by number, else by time in the recording, else by date; replies after others.
_TURNS = """
SELECT
    record_id, corpus, domain, turn, start_ms, end_ms, created_at, reply_to, speaker, role, text_clean,
    outcome, reason, cues, gold
FROM clean
WHERE conversation_id = {wanted}
ORDER BY
    turn ASC NULLS LAST, start_ms ASC NULLS LAST, created_at ASC NULLS LAST,
    CASE WHEN reply_to IS NULL THEN 0 ELSE 1 END ASC, record_id ASC, outcome DESC
"""


_ANNOTATIONS = """
SELECT record_id, task, taxonomy, label_set, labels, value FROM annotations WHERE conversation_id = {wanted}
ORDER BY record_id, task, taxonomy, label_set NULLS LAST, annotator NULLS LAST
"""


@dataclass(frozen=True)
class Turn:
    """A row of clean. `number`: from 1, over the kept rows; None: the row was dropped.

    `people`: gold entries and annotations about it.
    """

    number: int | None
    record_id: str
    corpus: str
    domain: str
    start_ms: int | None
    created_at: dt.datetime | None
    reply_to: str | None
    speaker: str | None
    role: str | None
    text: str
    reason: str | None
    cues: tuple[Mapping[str, Any], ...]
    people: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Answers:
    """What one labeler answered to one question. `table`: its rows with the columns of labels, in no order."""

    task: str
    taxonomy: str
    labeler: str
    table: pa.Table

    @property
    def told(self) -> str:
        """The question in words."""
        return f"{self.task} ({self.taxonomy}) by {self.labeler}"


@dataclass(frozen=True)
class Conversation:
    """All of one conversation in one snapshot."""

    conversation_id: str
    snapshot: int
    turns: tuple[Turn, ...]
    answers: tuple[Answers, ...]


def read_conversation(lake: Lake, wanted: str, as_of: int | None) -> Conversation:
    """The conversation with this id, or with the only id that begins so.

    Raises ConfigError where there is none or several, TerminalError when nothing is published.
    """
    number, parts = published(lake, as_of)
    files = published_files(lake, parts)
    read = {name: files.get(name, []) for name in ("clean", "annotations")}
    with _opened(read) as catalog:
        found = _whole_id(catalog, wanted, number, lake)
        rows = catalog.frame(_TURNS.format(wanted=literal(found)))
        people = catalog.frame(_ANNOTATIONS.format(wanted=literal(found)))
    labels = sorted(key for key in files if key.startswith("labels/"))
    answers = [_answers(key, files[key], found) for key in labels]
    return Conversation(
        found,
        number,
        tuple(_turns(rows, people)),
        tuple(each for each in answers if each.table.num_rows),
    )


def _opened(files: Mapping[str, Sequence[str]]) -> Any:
    return open_catalog(files, memory_limit=_MEMORY, threads=2)


def _whole_id(catalog: Catalog, wanted: str, number: int, lake: Lake) -> str:
    same = f"conversation_id = {literal(wanted)}"
    if len(wanted) != _ID_DIGITS:
        same = f"starts_with(conversation_id, {literal(wanted)})"
    ids = catalog.frame(
        f"SELECT DISTINCT conversation_id FROM clean WHERE {same} ORDER BY 1 LIMIT {_LISTED + 1}"
    )["conversation_id"].to_list()
    if wanted in ids:
        return wanted
    how = _HOW.format(lake=lake.root)
    if not ids:
        raise ConfigError(f"There is no conversation {wanted!r} in snapshot {number}.", remedy=how)
    if len(ids) > 1:
        listed = ", ".join(ids[:_LISTED]) + (", …" if len(ids) > _LISTED else "")
        raise ConfigError(
            f"Several conversations begin with {wanted!r}: {listed}.",
            remedy=f"Give more of the id. {how}",
        )
    return str(ids[0])


def _answers(key: str, paths: Sequence[str], wanted: str) -> Answers:
    # Each question by itself: the answers of different ones are of different types.
    _, task, taxonomy, labeler = key.split("/", 3)
    with _opened({key: paths}) as catalog:
        view = quoted(f"labels_{task}")
        table = catalog.table(f"SELECT * FROM {view} WHERE conversation_id = {literal(wanted)}")
    return Answers(task, taxonomy, labeler, table)


def _turns(rows: pl.DataFrame, people: pl.DataFrame) -> list[Turn]:
    annotated: dict[str, list[Mapping[str, Any]]] = {}
    for entry in people.iter_rows(named=True):
        annotated.setdefault(entry["record_id"], []).append(entry)
    turns, number = [], 0
    for row in rows.iter_rows(named=True):
        kept = row["outcome"] == "kept"
        number += kept
        turns.append(
            Turn(
                number if kept else None,
                row["record_id"],
                row["corpus"],
                row["domain"],
                row["start_ms"],
                row["created_at"],
                row["reply_to"],
                row["speaker"],
                row["role"],
                (row["text_clean"] or "") if kept else "",
                row["reason"],
                tuple(row["cues"] or ()),
                (*(row["gold"] or ()), *annotated.get(row["record_id"], ())),
            )
        )
    return turns
