"""Turns as they stand on the page of a conversation: who, when, the text in pieces, and what was said of it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from jobs.report.conversation_answers import All, Said
from jobs.report.conversation_people import people_said
from jobs.report.conversation_rows import Turn
from jobs.report.conversation_spans import Mark, Piece, cut, ordered
from jobs.report.conversation_speakers import Speaker, identity

_MOST_CUES: Final = 12
_MOST_MARKS: Final = 40
# Would steer the page's direction, or show as nothing; line feeds and tabs are text.
_STEERING: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)


@dataclass(frozen=True)
class ShownTurn:
    """`notes`: the marks of the text, numbered from 1 as in the text. A dropped row has a reason and little else."""

    number: int | None
    speaker: Speaker | None
    role: str
    when: str
    answers_turn: int | None
    reason: str
    pieces: tuple[Piece, ...] = ()
    notes: tuple[Mark, ...] = ()
    more_notes: int = 0
    said: tuple[Said, ...] = ()
    cues: tuple[tuple[str, str, str], ...] = ()
    more_cues: int = 0


def shown_turns(
    turns: Sequence[Turn], speakers: Mapping[str, Speaker], numbers: Mapping[str, int], said: All
) -> list[ShownTurn]:
    """`numbers`: the turns by record."""
    dates = len({turn.created_at for turn in turns}) > 1
    return [_shown(turn, speakers, numbers, said, dates=dates) for turn in turns]


def _shown(
    turn: Turn,
    speakers: Mapping[str, Speaker],
    numbers: Mapping[str, int],
    said: All,
    *,
    dates: bool,
) -> ShownTurn:
    if turn.number is None:
        when = when_told(turn, dates=dates)
        return ShownTurn(
            None, None, turn.role or "", when, None, turn.reason or "no reason is known"
        )
    marks = ordered(said.marks.get(turn.record_id, []))
    notes = marks[:_MOST_MARKS]
    pieces = [replace(piece, text=_STEERING.sub("", piece.text)) for piece in cut(turn.text, notes)]
    return ShownTurn(
        number=turn.number,
        speaker=speakers[identity(turn)],
        role=turn.role or "",
        when=when_told(turn, dates=dates),
        answers_turn=numbers.get(turn.reply_to) if turn.reply_to else None,
        reason="",
        pieces=tuple(pieces),
        notes=tuple(notes),
        more_notes=len(marks) - len(notes),
        said=(*said.said.get(turn.record_id, ()), *people_said(turn.people)),
        cues=tuple(_cue(cue) for cue in turn.cues[:_MOST_CUES]),
        more_cues=max(0, len(turn.cues) - _MOST_CUES),
    )


def when_told(turn: Turn, *, dates: bool) -> str:
    """The time in the recording, else the date (UTC) if turns have different ones."""
    if turn.start_ms is not None:
        return clock(turn.start_ms)
    return _minute(turn.created_at) if dates and turn.created_at else ""


def clock(ms: int) -> str:
    """Milliseconds as 1:02:03, or 2:03 under an hour."""
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _minute(when: dt.datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M}"


def _cue(cue: Mapping[str, object]) -> tuple[str, str, str]:
    start = cue.get("start_ms")
    at = clock(start) if isinstance(start, int) else ""
    return str(cue.get("channel") or "cue"), str(cue.get("value") or ""), at
