"""SubRip captions (`.srt`): cues to sentences, or to turns where the file names its speakers.

The native units are cues. Subtitles name nobody as a rule: then a record is a sentence or a few
(cues up to one that ends a sentence, a pause of 2 s, or 600 characters), and a line that begins with
a dash or `>>` is said by somebody else. Where names with a colon are used throughout, consecutive cues
of one speaker are one turn, and a cue without a name goes on with the speaker before.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import re
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.captions import Block, Part, blocks_of, say_captions
from transforms.read.chunk import Chunk, Limits, Parsed
from transforms.read.document import Line, cut_document, lines_of
from transforms.read.pieces import oversize
from transforms.read.source import SourceFile
from transforms.read.turns import FOUND, MAPPING, Turns, head_text

_CLOCK = r"(?:\d{1,4}:)?\d{1,2}:\d\d[,.]\d{1,3}"
_START = re.compile(rf"\s*\d+[ \t]*\r?\n[ \t]*{_CLOCK}[ \t]*-->[ \t]*{_CLOCK}")
_BROKEN = re.compile(r"\s*\d+\s*\n\s*\d+:\d\d")  # a number and a time, but no arrow
_TAG = re.compile(
    r"</?(?:[bius]|font)(?:\s[^>]{0,200})?>|\{(?:\\[^}]{0,200}|[bius/]{1,2})\}", re.IGNORECASE
)


class SubRip:
    """Reader of SubRip captions (`.srt`)."""

    name = "srt"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the file begins with a numbered cue; or is called so, and empty."""
        text = head_text(head[:4096])
        if not text.strip():
            return name.lower().endswith(".srt")
        return _START.match(text) is not None

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes."""
        return FOUND

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """One chunk, the document."""
        return cut_document(source, limits)

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """One batch, the turns or sentences of the document."""
        if chunk.oversize:
            yield oversize(chunk, limits, FOUND)
            return
        turns = Turns(source)
        captions = [block.caption(_plain) for block in _blocks(lines_of(chunk))]
        say_captions(captions, turns)
        yield turns.parsed(chunk.checksum)

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of all documents."""
        return MAPPING

    def gold(self) -> tuple[GoldColumn, ...]:
        """Captions have none."""
        return ()


def _blocks(lines: list[Line]) -> list[Block]:
    """The cues; text behind a blank line belongs to the cue before it, but no broken cue does."""
    found: list[Block] = []
    for block in blocks_of(lines, loose=True):
        broken = len(block.lines) > 1 and _BROKEN.match(f"{block.first}\n{block.lines[1][2]}")
        if block.timing is None and not broken and found and found[-1].timing is not None:
            found[-1].lines.extend(block.lines)
        else:
            found.append(block)
    return found


def _plain(payload: str) -> list[Part]:
    return [(None, _TAG.sub("", payload))]
