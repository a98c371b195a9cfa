"""Who speaks in a conversation: a letter, a shape and a color for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final

from jobs.report.conversation_rows import Turn

# In the order of `jobs.report.charts.look.SHAPES`: signs that look like the points of the picture.
GLYPHS: Final = ("●", "■", "▲", "◆", "✚", "▼", "▶", "–")
_SHORT: Final = 6


@dataclass(frozen=True)
class Speaker:
    """`hue`: 0 to 7, also the shape; the eighth is shared by all others. `short`: the start of the pseudonym."""

    letter: str
    hue: int
    short: str
    roles: tuple[str, ...]
    turns: int

    @property
    def glyph(self) -> str:
        """The shape as a character."""
        return GLYPHS[self.hue]

    @property
    def told(self) -> str:
        """In words."""
        return " ".join([self.short, *([f"({', '.join(self.roles)})"] if self.roles else [])])


def speakers_of(turns: Sequence[Turn]) -> dict[str, Speaker]:
    """Speakers by `identity`, in the order in which they appear. Dropped rows do not count."""
    counts: Counter[str] = Counter()
    roles: dict[str, dict[str, None]] = {}
    named: dict[str, str] = {}
    for turn in turns:
        if turn.number is None:
            continue
        who = identity(turn)
        counts[who] += 1
        named[who] = turn.speaker[:_SHORT] if turn.speaker else "unknown speaker"
        roles.setdefault(who, {}).update({turn.role: None} if turn.role else {})
    return {
        who: Speaker(_letter(place), min(place, len(GLYPHS) - 1), named[who], tuple(roles[who]), n)
        for place, (who, n) in enumerate(counts.items())
    }


def identity(turn: Turn) -> str:
    """What tells speakers apart: the pseudonym; the role where nobody is known."""
    return f"speaker {turn.speaker}" if turn.speaker else f"role {turn.role}"


def _letter(place: int) -> str:
    """A, B, … Z, AA, AB, …"""
    told = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, len(ascii_uppercase))
        told = ascii_uppercase[rest] + told
    return told
