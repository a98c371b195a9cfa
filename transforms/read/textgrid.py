"""Praat TextGrids (long and short text form): who says what from when to when.

The native units are intervals (and points of point tiers, which are skipped, as are tiers of sounds).
An interval with words is a turn; one without is `silence`. Each tier is a speaker. Where a talk has a
file for each speaker (`…_doctor.TextGrid`, `…_patient.TextGrid`: PriMock57), they are one source
(`textgrid_pair`). Turns are in the order of their starts; units are counted in this order too.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.chunk import Chunk, Limits, Parsed
from transforms.read.names import is_name, role_of
from transforms.read.pieces import oversize
from transforms.read.source import SourceFile
from transforms.read.textgrid_pair import Part, cut_pair, paired, parts_of, talk_of
from transforms.read.textgrid_text import Interval, Tier, decoded, is_textgrid, tiers_of
from transforms.read.turns import FOUND, MAPPING, Turns, head_text

_CONVERSATION = "conversation"
_FOUND = [*FOUND, _CONVERSATION]
_MAPPING = MAPPING.model_copy(update={"conversation_id": _CONVERSATION})
_SILENCE = ("", "sil", "<sil>", "sp", "<p:>", "<eps>", "#")
_SOUNDS = re.compile(r"(?:.*[ _-])?(?:phones?|phonemes?|mau|syllables?)", re.IGNORECASE)
# Names of tiers that are what is in them, not who.
_GENERIC = re.compile(
    r"(?:ortho?(?:graphy)?|text|words?|speech|trans(?:cript(?:ion|s)?)?|sentences?|phrases?"
    r"|utterances?|turns?|tier|talk|chunks?)?[ _-]*\d*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Unit:
    """An interval, by whom it is, and the reason to skip its tier."""

    interval: Interval
    speaker: str | None
    skip: str | None


class TextGrid:
    """Reader of Praat TextGrids."""

    name = "textgrid"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the file begins as a TextGrid does; or is called so, and empty."""
        text = head_text(head[:4096])
        return is_textgrid(text) or (not text.strip() and name.lower().endswith(".textgrid"))

    def pair(self, sources: list[SourceFile]) -> list[SourceFile]:
        """The talks; files of the other speakers of a talk are companions."""
        return paired(sources)

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes."""
        return _FOUND

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """One chunk, the talk."""
        return cut_pair(source, limits)

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """One batch, the turns of the talk."""
        if chunk.oversize:
            yield oversize(chunk, limits, _FOUND)
            return
        turns, roles = Turns(source), dict[str, str]()
        units = [unit for part in parts_of(chunk) for unit in _units(part, roles)]
        # Sorting is stable: at equal times the order of files and tiers decides.
        for unit in sorted(units, key=lambda unit: unit.interval.start):
            _tell(unit, turns)
        labels = [turn.speaker for turn in turns.turns]
        batch = turns.parsed(chunk.checksum)
        role = pl.Series("role", [roles.get(label or "") for label in labels], dtype=pl.String)
        batch.frame = batch.frame.with_columns(
            role.fill_null(batch.frame["role"]),
            pl.lit(talk_of(source), dtype=pl.String).alias(_CONVERSATION),
        )
        yield batch

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of all talks."""
        return _MAPPING

    def gold(self) -> tuple[GoldColumn, ...]:
        """TextGrids have none."""
        return ()


def _units(part: Part, roles: dict[str, str]) -> Iterator[_Unit]:
    """The intervals of a file; what role a label has is put into `roles`."""
    data, word = part
    tiers = tiers_of(decoded(data))
    if tiers is None:
        message = "no Praat TextGrid in text form"
        yield _Unit(Interval(0.0, None, "", ("wrong_format", message)), None, None)
        return
    skips = [_skip(tier) for tier in tiers]
    alone = skips.count(None) == 1
    role = role_of(word) if alone else None
    seen: set[str] = set()
    for place, (tier, skip) in enumerate(zip(tiers, skips, strict=True)):
        label = _label(tier, word if alone else None)
        if label is not None and tier.name in seen:
            label = f"{label} {place}"  # two tiers are two speakers, whatever they are called
        seen.add(tier.name)
        if role is not None and label is not None:
            roles[label] = role
        for interval in tier.intervals:
            yield _Unit(interval, label, skip)


def _skip(tier: Tier) -> str | None:
    """Why nothing that stands in a tier is a turn."""
    if tier.points:
        return "point"
    return "sounds" if _SOUNDS.fullmatch(tier.name) else None


def _label(tier: Tier, word: str | None) -> str | None:
    """Who a tier is: its name, the role word of its file, or not known."""
    name = tier.name.strip()
    if _GENERIC.fullmatch(name):
        return word
    return name if word is None or is_name(name) else word


def _tell(unit: _Unit, turns: Turns) -> None:
    interval, text = unit.interval, unit.interval.text.strip()
    if interval.error is not None:
        turns.fail(-1, 0, *interval.error)
    elif unit.skip is not None:
        turns.skip(unit.skip)
    elif "\ufffd" in text:
        turns.fail(-1, 0, "bad_encoding", "a text that is not validly encoded")
    elif text.lower() in _SILENCE:
        turns.skip("silence")
    else:
        end = None if interval.end is None else round(interval.end * 1000)
        turns.say(text, unit.speaker, round(interval.start * 1000), end)
