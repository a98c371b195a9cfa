"""A conversation as one text, and where a place in it lies in its turns."""

from __future__ import annotations

from dataclasses import dataclass

from transforms.label.prompted.inert import one_line
from transforms.label.prompted.row import NO_ROLE, Row


@dataclass(frozen=True, slots=True)
class Segment:
    """The turn `record_id` stands in a document from `start` to `end` (code points, half open)."""

    record_id: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """A text, and the turns that it is made of, in order."""

    text: str
    segments: tuple[Segment, ...]

    def place(self, start: int, end: int) -> tuple[str | None, int, int]:
        """Whose text a place is in, and where in that text: the turn in which most of it lies, cut to that turn."""
        best = max(self.segments, key=lambda each: min(end, each.end) - max(start, each.start))
        first, last = min(max(start, best.start), best.end), min(end, best.end)
        return best.record_id, first - best.start, max(first, last) - best.start


def document(row: Row) -> Document:
    """The turns before a record and its own, a line each with its role and without line
    breaks of its own; a record without turns before it is itself.
    """
    if not row.context:
        return Document(row.text, (Segment(row.record_id, 0, len(row.text)),))
    lines: list[str] = []
    segments: list[Segment] = []
    at = 0
    own = (row.record_id, row.role, row.text)
    for record_id, role, text in [
        *((turn.record_id, turn.role, turn.text) for turn in row.context),
        own,
    ]:
        head = f"{one_line(role or NO_ROLE)}: "
        lines.append(head + one_line(text))
        segments.append(Segment(record_id, at + len(head), at + len(head) + len(text)))
        at += len(head) + len(text) + 1
    return Document("\n".join(lines), tuple(segments))
