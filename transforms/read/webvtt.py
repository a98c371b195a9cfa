"""WebVTT captions: consecutive cues of one voice are one turn.

The native units are cues, and the blocks NOTE, STYLE and REGION, which are skipped. A voice is
`<v Name>`, or a name and a colon where the file does so throughout (Zoom); a cue without a voice goes
on with the voice before, as machine captions mean it. A cue of several voices is a part of several
turns. Where nobody is named, a record is a sentence or a few: cues up to one that ends a sentence, a
pause of 2 s, or 600 characters. Lines that a rolling caption shows again are dropped.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.captions import Caption, Part, blocks_of, say_captions
from transforms.read.chunk import Chunk, Limits, Parsed
from transforms.read.document import Line, cut_document, lines_of
from transforms.read.pieces import oversize
from transforms.read.source import SourceFile
from transforms.read.turns import FOUND, MAPPING, Turns, head_text

_HEADER = re.compile(r"WEBVTT(?:[ \t].*)?")
_BLOCKS = {"NOTE": "note", "STYLE": "style", "REGION": "region"}
_ARROW = re.compile(r"(?m)^[^\S\n]*(?:\d+:)?\d\d:\d\d[.,]\d{3}[ \t]*-->")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]{0,200})>")
_ROLLING = re.compile(r"<(?:\d+:)?\d\d:\d\d\.\d{3}><c")
_TAG = re.compile(
    r"</?(?:[bicuv]|ruby|rt|lang|font)(?:[.\s][^>]{0,200})?>|<(?:\d+:)?\d\d:\d\d\.\d{3}>"
)


class WebVtt:
    """Reader of WebVTT captions (`.vtt`)."""

    name = "webvtt"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the first line says WEBVTT, or a file called so has a cue or nothing."""
        text = head_text(head[:65_536])
        if _HEADER.fullmatch(text.split("\n", 1)[0].rstrip("\r")):
            return True
        called = name.lower().endswith(".vtt")
        return called and (not text.strip() or _ARROW.search(text) is not None)

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
        """One batch, the turns of the document."""
        if chunk.oversize:
            yield oversize(chunk, limits, FOUND)
            return
        turns = Turns(source)
        say_captions(_captions(lines_of(chunk)), turns)
        yield turns.parsed(chunk.checksum)

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of all documents."""
        return MAPPING

    def gold(self) -> tuple[GoldColumn, ...]:
        """Captions have none."""
        return ()


def _captions(lines: list[Line]) -> list[Caption]:
    found: list[Caption] = []
    rolling = any(line is not None and _ROLLING.search(line) for _, _, line in lines)
    for at, block in enumerate(blocks_of(lines, loose=False)):
        words = block.first.split(None, 1)
        if block.timing is None and at == 0 and _HEADER.fullmatch(block.first):
            continue
        if block.timing is None and words and words[0] in _BLOCKS:
            found.append(Caption(skipped=_BLOCKS[words[0]]))
        else:
            found.append(block.caption(_voices))
    return _once(found) if rolling else found


def _voices(payload: str) -> list[Part]:
    """(voice, words) of the parts of a cue, without tags and entities."""
    pieces = _VOICE.split(payload)
    parts: list[Part] = [(None, pieces[0])] if pieces[0].strip() else []
    parts += [
        (html.unescape(voice).strip() or None, words)
        for voice, words in zip(pieces[1::2], pieces[2::2], strict=True)
    ]
    return [(voice, html.unescape(_TAG.sub("", words))) for voice, words in parts]


def _once(captions: list[Caption]) -> list[Caption]:
    """Rolling captions (YouTube) show the last line once more above the new one: dropped."""
    shown: str | None = None
    for caption in captions:
        if not caption.parts:
            continue
        voice, words = caption.parts[0]
        lines = [line.strip() for line in words.split("\n") if line.strip()]
        fresh = lines[1:] if lines and lines[0] == shown else lines
        shown = lines[-1] if lines else shown
        if lines and not fresh and len(caption.parts) == 1:
            caption.skipped = "repeated"
        caption.parts[0] = (voice, "\n".join(fresh))
    return captions
