"""The part of a prompt that is about one row: blocks of context, cues and text, all of it inert."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.label.prompted.inert import inert
from transforms.label.prompted.row import NO_ROLE, Cue, Row, Turn


def row_block(row: Row, text: str, context: Sequence[Turn], *, cues: bool) -> str:
    """What is shown of a row before the question: examples, context, cues, hint and the `text` (already inert)."""
    parts = [_example(*each) for each in row.demonstrations]
    if context:
        parts.append(_context(context))
    if cues and row.cues:
        parts.append(_cues(row.cues))
    if row.role and context:
        parts.append(f"The text was said by: {inert(row.role)}")
    if row.hint:
        parts.append(f"A small model says (it may be wrong): {inert(row.hint)}")
    parts.append(f"<text>\n{text}\n</text>")
    return "\n\n".join(parts)


def _example(text: str, answer: str) -> str:
    return f"<example>\n{inert(text)}\n</example>\nAnswer: {inert(answer)}"


def _context(context: Sequence[Turn]) -> str:
    lines = [
        f"[{len(context) - place}] {inert(turn.role or NO_ROLE)}: {inert(turn.text)}"
        for place, turn in enumerate(context)
    ]
    return "<context>\n" + "\n".join(lines) + "\n</context>"


def _cues(cues: Sequence[Cue]) -> str:
    lines = [f"- {inert(cue.channel)}: {inert(cue.value)}" for cue in cues]
    return "<cues>\n" + "\n".join(lines) + "\n</cues>"
