"""What a language model is shown of a record, as plain values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

NO_ROLE = "speaker"
_READ = ("text_clean", "record_id", "speaker", "role", "context", "cues", "demonstrations", "hint")


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier turn of the conversation."""

    record_id: str | None
    role: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Cue:
    """An observation beside the text, in words: what a camera, a microphone or a sensor saw."""

    channel: str
    value: str


@dataclass(frozen=True, slots=True)
class Row:
    """One record. `context` has the oldest turn first; `demonstrations` are texts with their answers as JSON."""

    text: str
    record_id: str | None = None
    speaker: str | None = None
    role: str | None = None
    context: tuple[Turn, ...] = ()
    cues: tuple[Cue, ...] = ()
    demonstrations: tuple[tuple[str, str], ...] = ()
    hint: str | None = None


def rows_of(batch: pl.DataFrame) -> Iterator[Row]:
    """The rows of a batch: `text_clean` and, where the columns are there, record_id, speaker, role, context, cues,
    demonstrations and hint. A null text is an empty one.
    """
    height = batch.height
    columns = {
        name: batch[name].to_list() if name in batch.columns else [None] * height for name in _READ
    }
    for text, record_id, speaker, role, context, cues, shown, hint in zip(
        *columns.values(), strict=True
    ):
        yield Row(
            text=text or "",
            record_id=record_id,
            speaker=speaker,
            role=role,
            context=tuple(
                Turn(turn["record_id"], turn["role"], turn["text"] or "") for turn in context or ()
            ),
            cues=tuple(
                Cue(cue["channel"] or "cue", cue["value"]) for cue in cues or () if cue["value"]
            ),
            demonstrations=tuple((each["text"], each["answer"]) for each in shown or ()),
            hint=hint,
        )
