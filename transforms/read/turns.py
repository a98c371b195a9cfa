"""Native units of a spoken document (blocks, cues, segments) to turns: one row a turn.

All transcript readers share this: a unit is said by somebody, skipped with a reason, or bad; units
of one turn are put together; marks of transcribers become cues; who is named is known to all turns.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import polars as pl
import xxhash

from schemas.config.corpus import Columns
from transforms.read.chunk import POSITION, BadUnit, Chunk, Parsed
from transforms.read.document import Line
from transforms.read.hint_cells import CUES
from transforms.read.names import is_name, person, role_of
from transforms.read.nonspeech import lift_cues
from transforms.read.source import SourceFile

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "text": pl.String,
    "speaker": pl.String,
    "role": pl.String,
    "turn": pl.Int64,
    "start_ms": pl.Int64,
    "end_ms": pl.Int64,
    "lang": pl.String,
    "cues": CUES,
    "pii_hints": pl.List(pl.String),
    POSITION: pl.Int64,
}
FOUND = [name for name in SCHEMA if name != POSITION]
MAPPING = Columns(
    id="id",
    text="text",
    speaker="speaker",
    role="role",
    turn="turn",
    start_ms="start_ms",
    end_ms="end_ms",
    lang="lang",
    cues="cues",
    pii_hints=("pii_hints",),
)

# How a part goes on with the turn before it: if the speaker is the same, or (nobody is named) if the
# sentence is not over, or never.
Join = Literal["speaker", "sentence"] | None
Said = tuple[str, str | None, Join]  # (text, speaker, join)

_PAUSE_MS = 2_000  # between units: nobody waits so long within a sentence
_LONG = 600  # characters: where captions have no full stops, a record ends here
_ENDED = re.compile(r"[.?!…。？！]['\")\]”’]*$")
_NO_WORDS = re.compile(r"[\s!-/:-@\[-`{-~…–—“”‘’«»¿¡。，]*")


@dataclass
class Turn:
    """What one speaker says until another does, or a sentence where nobody is named."""

    position: int
    speaker: str | None
    parts: list[str]
    start_ms: int | None
    end_ms: int | None
    cues: list[tuple[str, str, int | None, int | None]]
    size: int


@dataclass
class Turns:
    """Builds the batch of one document: every unit goes in by `say`, `skip` or `fail`, in order.

    A speaker without a name ("Speaker 1") gets a number that no other file's has: `source` tells them apart.
    """

    source: SourceFile
    units: int = 0
    turns: list[Turn] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    bad: list[BadUnit] = field(default_factory=list)
    lang: str | None = None
    labels: dict[str, None] = field(default_factory=dict)  # of all speakers, also of skipped units

    def skip(self, reason: str) -> None:
        """The next unit holds nothing that was said."""
        self.units += 1
        self.skipped[reason] += 1

    def fail(self, offset: int, length: int, error_class: str, message: str) -> None:
        """The next unit cannot be read."""
        self.bad.append(BadUnit(self.units, offset, length, error_class, message))
        self.units += 1

    def say(
        self,
        text: str,
        speaker: str | None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        *,
        join: Join = None,
    ) -> None:
        """The next unit, said by one speaker (None: not known)."""
        self.say_parts([(text, speaker, join)], start_ms, end_ms)

    def say_parts(
        self, parts: Sequence[Said], start_ms: int | None = None, end_ms: int | None = None
    ) -> None:
        """The next unit, which several speakers may share; skipped when it has no words."""
        heard = [self._part(*part, start_ms, end_ms) for part in parts]
        if not any(heard):
            full = any(text.strip() for text, _, _ in parts)
            self.skipped["nonspeech" if full else "empty"] += 1
        self.units += 1

    def _part(
        self, text: str, speaker: str | None, join: Join, start_ms: int | None, end_ms: int | None
    ) -> bool:
        """Whether the part has words."""
        if speaker is not None:
            self.labels[speaker] = None
        words, marks = lift_cues(text.strip())
        if _NO_WORDS.fullmatch(words):
            return False
        cues = [(channel, value, start_ms, end_ms) for channel, value in marks]
        last = self.turns[-1] if join is not None and self.turns else None
        if last is not None and _goes_on(last, speaker, start_ms, sentence=join == "sentence"):
            last.parts.append(words)
            last.cues += cues
            last.end_ms = end_ms if end_ms is not None else last.end_ms
            last.size += len(words)
        else:
            turn = Turn(self.units, speaker, [words], start_ms, end_ms, cues, len(words))
            self.turns.append(turn)
        return True

    def parsed(self, checksum: str) -> Parsed:
        """The batch, with the columns of `SCHEMA`.

        Turns that begin in the same unit get ids made of the document's `checksum`.
        """
        turns = self.turns
        positions = [turn.position for turn in turns]
        ids: list[str | None] = [None] * len(turns)
        if len(set(positions)) < len(positions):
            places: Counter[int] = Counter()
            for row, position in enumerate(positions):
                ids[row] = f"{checksum}#{position}.{places[position]}"
                places[position] += 1
        speakers = [turn.speaker for turn in turns]
        hints = list(dict.fromkeys(person(label) for label in self.labels if is_name(label)))
        frame = pl.DataFrame(
            {
                "id": ids,
                "text": [" ".join(turn.parts) for turn in turns],
                "speaker": [self._speaker(name) for name in speakers],
                "role": [role_of(name) for name in speakers],
                "turn": range(len(turns)),
                "start_ms": [turn.start_ms for turn in turns],
                "end_ms": [turn.end_ms for turn in turns],
                "lang": [self.lang] * len(turns),
                "cues": _cue_lists(turns),
                "pii_hints": pl.Series([hints or None], dtype=pl.List(pl.String)).new_from_index(
                    0, len(turns)
                ),
                POSITION: positions,
            },
            schema=SCHEMA,
        )
        return Parsed(frame, self.units, dict(self.skipped), self.bad)

    def _speaker(self, name: str | None) -> str | None:
        if name is None or is_name(name):
            return name
        # Digits only: nothing of it can be taken for a name that is to be redacted.
        place = f"{self.source.member or self.source.name}\0{name}"
        return f"#{xxhash.xxh3_64_intdigest(place.encode())}"


def _cue_lists(turns: list[Turn]) -> pl.Series:
    names = ("channel", "value", "start_ms", "end_ms")
    if not any(turn.cues for turn in turns):
        return pl.repeat(None, len(turns), dtype=CUES, eager=True)
    lists = [
        [dict(zip(names, cue, strict=True)) for cue in turn.cues] if turn.cues else None
        for turn in turns
    ]
    return pl.Series(lists, dtype=CUES)


def _goes_on(last: Turn, speaker: str | None, start_ms: int | None, *, sentence: bool) -> bool:
    if not sentence:
        return speaker == last.speaker
    if speaker is not None or last.speaker is not None:
        return False
    pause = 0 if start_ms is None or last.end_ms is None else start_ms - last.end_ms
    return pause < _PAUSE_MS and last.size < _LONG and _ENDED.search(last.parts[-1]) is None


def empty_turns() -> pl.DataFrame:
    """No rows, with the columns of `SCHEMA`."""
    return pl.DataFrame(schema=SCHEMA)


def lossy_lines(chunk: Chunk, lines: list[Line]) -> tuple[list[tuple[int, int, str]], set[int]]:
    """(the lines, offsets of those that are not UTF-8): of these as much as can be read.

    So that the speaker in such a line is known, and only this turn is bad.
    """
    broken = {offset for offset, _, text in lines if text is None}
    data = chunk.data or b""
    found = [
        (
            offset,
            length,
            data[offset : offset + length].decode(errors="replace").removeprefix("\ufeff")
            if text is None
            else text,
        )
        for offset, length, text in lines
    ]
    return found, broken


def head_text(head: bytes) -> str:
    """The first bytes of a file as text, for guessing; what is no text gives U+FFFD."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) & ~1].decode("utf-16", "replace")
    return head.decode("utf-8-sig", "replace")


def milliseconds(
    hours: str | None, minutes: str, seconds: str, fraction: str | None = None
) -> int | None:
    """Clock parts to milliseconds; None when the seconds or (after hours) minutes exceed 59."""
    if int(seconds) > 59 or (hours and int(minutes) > 59):
        return None
    part = int((fraction or "").ljust(3, "0")[:3])
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + part
