"""The sample as a table for a spreadsheet, and cells of one that was filled in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import polars as pl

from jobs.annotate.question import Question
from jobs.annotate.tasks import KEPT, LABELS, Row

NONE: Final = "none"  # what to write where no label holds
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_SEPARATORS: Final = re.compile(r"[,;|\n]")


def table_of(rows: Iterable[Row], question: Question) -> pl.DataFrame:
    """One row a text: record_id, text, context, the cells to fill, annotator, and what the import needs."""
    answers = [LABELS] if question.task.answer == "labels" else list(question.taxonomy.names)
    made = [
        {
            "record_id": row["id"],
            "text": disarmed(row["text"]),
            "context": disarmed("\n".join(_line(turn) for turn in row["context"] or [])),
            **dict.fromkeys(answers, ""),
            "annotator": row["assigned_to"],
            **{name: disarmed(row[name]) for name in KEPT if name != "assigned_to"},
        }
        for row in rows
    ]
    return pl.DataFrame(made, infer_schema_length=None)


def _line(turn: dict[str, Any]) -> str:
    return f"{turn['role'] or '?'}: {turn['text'] or ''}"


def disarmed(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe (OWASP, CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def rearmed(cell: str) -> str:
    """The text as it was before `disarmed`."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def names_in(cell: str, known: Sequence[str]) -> list[str] | None:
    """The labels of a filled cell, in any case; [] for "none"; None where it is empty. Unknown ones as written."""
    text = cell.strip()
    if not text:
        return None
    spelled = {name.casefold(): name for name in known}
    if text.casefold() in spelled:
        return [spelled[text.casefold()]]
    if text.casefold() == NONE:
        return []
    parts = [part.strip() for part in _SEPARATORS.split(text)]
    return list(dict.fromkeys(spelled.get(part.casefold(), part) for part in parts if part))
