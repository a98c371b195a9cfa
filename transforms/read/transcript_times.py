"""Plain transcripts in which a line names the speaker and the time, then comes what was said.

Understood, one style a file (the one that most lines have):

    after      Ann Lee (00:01:05) - text …      Ann Lee (01:05): then paragraphs    Ann Lee: (01:05) …
    trailing   Ann Lee  0:05 (on a line of its own; Otter), then paragraphs
    before     [00:00:05] Ann Lee: text …       00:00:05 Ann Lee: text …            (00:05) Ann Lee: …
    names      Ann Lee: (on a line of its own, without any times), then paragraphs

The native units are turns; the text before the first speaker is skipped as `preamble`. Wrapped lines
are joined by a blank, paragraphs stay apart.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.breaks import is_break, listed
from transforms.read.chunk import Chunk, Limits, Parsed
from transforms.read.document import cut_document, lines_of
from transforms.read.names import is_name
from transforms.read.pieces import oversize
from transforms.read.source import SourceFile
from transforms.read.turns import FOUND, MAPPING, Turns, head_text, lossy_lines, milliseconds

_ENDINGS = (".txt", ".text", ".md", ".markdown", ".transcript")
# A name begins with a capital or digit and has no sentence's punctuation but a full stop (Dr.).
_NAME = r"(?P<name>[^\W_a-z](?:[\w.'’&,-]|[ \u00a0](?=[\w(\"'&])|\([\w. ]+\)){0,60}?)"
_CLOCK = r"(?:(?P<h>\d{1,2}):)?(?P<m>\d{1,3}):(?P<s>\d\d)(?:[.,](?P<f>\d{1,3}))?"
_STYLES = {
    "after": re.compile(
        rf"{_NAME} ?:? ?[(\[]{_CLOCK}[)\]]\s*(?:[-–—:]\s*(?P<said>.*)|(?P<only>$))"
    ),
    "trailing": re.compile(rf"{_NAME}(?: {{2,}}|\t| \| | [-–—·] ){_CLOCK}\s*$"),
    "before": re.compile(
        rf"(?:[\[(]{_CLOCK}[\])]|{_CLOCK.replace('<', '<b')})\s+(?:[-–—]\s+)?{_NAME} ?:\s+(?P<said>.*)"
    ),
    "names": re.compile(r"(?P<name>[A-Z][\w.'’-]*(?: [A-Z0-9][\w.'’-]*){0,4}) ?:\s*$"),
}
_MARKED = re.compile(rf"{_NAME} ?: [(\[]{_CLOCK}[)\]] (?P<said>.+)")
_LOG = re.compile(r"(?i:trace|debug|info|notice|warn|warning|error|fatal|critical|http|root)")
_PARTICLES = listed(
    "de, da, di, do, dos, du, del, la, le, van, von, der, den, ter, bin, al, el, and, of, the, y"
)
_LATE_MS = 1_200_000  # a log may begin at any time of the day, a recording begins at its start
_SAMPLE = 262_144


@dataclass
class _Block:
    """A speaker's line and what follows; `broken`: one of them is no UTF-8."""

    label: str | None
    start_ms: int | None
    offset: int
    length: int = 0
    lines: list[str] = field(default_factory=list)
    broken: bool = False


class TranscriptTimes:
    """Reader of transcripts with lines of speaker and time."""

    name = "transcript_times"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether many lines name a speaker and a time, and the times grow from the start on."""
        if "." in name and not name.lower().endswith(_ENDINGS):
            return False
        return _style(head_text(head[:_SAMPLE]).splitlines()) is not None

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
        lines, broken = lossy_lines(chunk, lines_of(chunk))
        style = _style([text for _, _, text in lines])
        for block in _blocks(lines, broken, style):
            if style is None:
                message = "no lines with a speaker and a time, such as Name (00:01:05) - text"
                turns.fail(block.offset, block.length, "no_speakers", message)
            elif block.broken:
                turns.fail(block.offset, block.length, "bad_encoding", "a line is not valid UTF-8")
            elif block.label is None:
                turns.skip("preamble")
            elif is_break(block.label):
                turns.skip("break")
            else:
                turns.say(_text(block.lines), block.label, block.start_ms)
        yield turns.parsed(chunk.checksum)

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of all documents."""
        return MAPPING

    def gold(self) -> tuple[GoldColumn, ...]:
        """Transcripts have none."""
        return ()


def _header(line: str, style: str, *, fresh: bool) -> tuple[str, int | None, str] | None:
    """(speaker, start, text on the same line) of a line that begins a turn."""
    # A line that is all name and time is sure; a wrapped line may by chance begin like a name.
    if not fresh and style not in ("before", "trailing"):
        return None
    match = _STYLES[style].match(line)
    if match is None and style == "after":
        match = _MARKED.match(line)
    if match is None:
        return None
    found = match.groupdict()
    name = found["name"].strip()
    if _LOG.fullmatch(name) or not _may_be_name(name):
        return None
    clock = "b" if found.get("m") is None else ""
    start_ms = None
    if style != "names":
        hours, minutes, seconds, part = (found.get(clock + key) for key in "hmsf")
        assert minutes is not None
        assert seconds is not None
        start_ms = milliseconds(hours, minutes, seconds, part)
        if start_ms is None:
            return None
    return name, start_ms, found.get("said") or ""


def _may_be_name(label: str) -> bool:
    """Whether it has few words, which begin as names do ("With us at noon" does not)."""
    words = label.split()
    small = [word for word in words if word[0].islower() and word not in _PARTICLES]
    return len(words) <= 6 and (not small or not is_name(label))


def _style(lines: list[str]) -> str | None:
    """The style of a file, None when it is no such transcript."""
    filled = [line for line in lines if line.strip()]
    for style in _STYLES:
        found = [
            each for line, fresh in _fresh(lines) if (each := _header(line, style, fresh=fresh))
        ]
        labels = Counter(label for label, _, _ in found)
        again = sum(count for count in labels.values() if count > 1)
        if len(found) < 2 or again < len(found) / 2 or len(found) < len(filled) / 40:
            continue
        if style == "names":
            # Without times only a file that is nothing but names and paragraphs is one.
            if len(found) >= 4 and len(labels) <= len(found) / 2 and found[0] == _first(lines):
                return style
            continue
        times = [start_ms for _, start_ms, _ in found if start_ms is not None]
        later = sum(one <= two for one, two in pairwise(times))
        if times[0] <= _LATE_MS and later >= 0.9 * (len(times) - 1):
            return style
    return None


def _first(lines: list[str]) -> tuple[str, int | None, str] | None:
    line = next((line for line in lines if line.strip()), "")
    return _header(line, "names", fresh=True)


def _fresh(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it begins the file or follows a blank line."""
    fresh = True
    for line in lines:
        yield line, fresh
        fresh = not line.strip()


def _blocks(lines: list[tuple[int, int, str]], broken: set[int], style: str | None) -> list[_Block]:
    blocks: list[_Block] = []
    fresh = True
    for offset, length, line in lines:
        text = line
        if style is not None:
            header = _header(line.rstrip(), style, fresh=fresh)
            if header is not None:
                label, start_ms, text = header
                blocks.append(_Block(label, start_ms, offset))
        fresh = not line.strip()
        if not blocks:
            if fresh:
                continue
            blocks.append(_Block(None, None, offset))
        blocks[-1].broken |= offset in broken
        blocks[-1].lines.append(text)
        blocks[-1].length += length
    return blocks


def _text(lines: list[str]) -> str:
    """Paragraphs with their wrapped lines joined."""
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        words = line.strip()
        if words:
            paragraphs[-1].append(words)
        elif paragraphs[-1]:
            paragraphs.append([])
    return "\n\n".join(" ".join(words) for words in paragraphs if words)
