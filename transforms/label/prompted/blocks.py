"""The part of a prompt that is about one row: blocks of context, cues and text, all of it inert."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.label.prompted.inert import inert, one_line
from transforms.label.prompted.row import NO_ROLE, Cue, Row, Turn


def row_block(row: Row, text: str, context: Sequence[Turn], *, cues: bool) -> str:
    """What is shown of a row before the question: examples, context, cues, hint and the `text` (already inert)."""
    parts = [_example(*each) for each in row.demonstrations]
    if context:
        parts.append(_context(context))
    if cues and row.cues:
        parts.append(_cues(row.cues))
    if row.role and context:
        parts.append(f"The text was said by: {_line(row.role)}")
    if row.hint:
        parts.append(f"A small model says (it may be wrong): {_line(row.hint)}")
    parts.append(f"<text>\n{text}\n</text>")
    return "\n\n".join(parts)


def _example(text: str, answer: str) -> str:
    return f"<example>\n{inert(text)}\n</example>\nAnswer: {inert(answer)}"


def _context(context: Sequence[Turn]) -> str:
    lines = [
        f"[{len(context) - place}] {_line(turn.role or NO_ROLE)}: {_line(turn.text)}"
        for place, turn in enumerate(context)
    ]
    return "<context>\n" + "\n".join(lines) + "\n</context>"


def _cues(cues: Sequence[Cue]) -> str:
    lines = [f"- {_line(cue.channel)}: {_line(cue.value)}" for cue in cues]
    return "<cues>\n" + "\n".join(lines) + "\n</cues>"


def _line(text: str) -> str:
    return one_line(inert(text))
