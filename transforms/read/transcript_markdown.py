r"""Transcripts in Markdown: a paragraph that begins with a speaker in bold begins a turn.

    **Jerod Santo:** \[04:08\] Welcome back. \[laughs\]

    A paragraph without a speaker goes on with the turn.

    **Break:** \[11:37\]

The native units are the blocks that a speaker in bold begins. Breaks, jingles and played clips are
no turns: `break` is skipped (`clip` when it has words); the text before the first speaker is skipped
as `preamble`. A time at the start of a turn is its start; times elsewhere are taken out only, for they
say nothing about the turn's ends. Of `hh:mm:ss.ff`, ff are frames, 30 a second (they go to 29). The
text stays Markdown; the mark of the speaker, times, HTML comments and non-speech marks do not.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.breaks import break_kind, is_break, is_played, listed
from transforms.read.chunk import Chunk, Limits, Parsed
from transforms.read.document import cut_document, lines_of
from transforms.read.nonspeech import lift_cues
from transforms.read.pieces import oversize
from transforms.read.source import SourceFile
from transforms.read.turns import FOUND, MAPPING, Turns, head_text, lossy_lines, milliseconds

_ENDINGS = (".md", ".markdown", ".mdown", ".txt", ".text")
# The colon within the bold, as nearly always, or behind it.
_INSIDE = re.compile(r" {0,3}(?:#{1,6} +)?\*\*([^*\n]{1,80}?) *: *\*\*(.*)")
_BEHIND = re.compile(r" {0,3}(?:#{1,6} +)?\*\*([^*\n]{1,80}?) *\*\* ?:(.*)")
_PLAIN = re.compile(r"([^\s*:][^*:\n]{0,60}):(.*)")
_FULL = re.compile(
    r"(?!(?:In|On|At|By|For|From|To|With|The|This|That|My|Our|Your|His|Her|Their|And|But|Or|So|As|If|All"
    r"|New|Best|Next|Last|Also|What|Why|How|When|Who)\b)"
    r"[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]+){1,3}: *(?:\S+ +){2}\S"
)
_TIME = re.compile(r"\\?\[\\*(?:(\d{1,2}):)?(\d{1,3}):(\d\d)(?:[.:](\d{1,3}))?\\*\]")
# The look back keeps the time linear in runs of blanks.
_TIMES = re.compile(rf"(?:(?<![ \t])[ \t]+)?{_TIME.pattern}(?=[.,;?!])|{_TIME.pattern}[ \t]*")
_TRAILING = re.compile(r"(?<![ \t])[ \t]+\n")
_BREAKS = re.compile(r"\n{3,}")
_RANGE = re.compile(rf"(?:{_TIME.pattern}|to|-|–|—|\\|\s)*")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_NOTES = listed(
    """
    note, notes, warning, caution, important, tip, example, examples, usage, args, arguments, parameters,
    returns, return, see also, description, solution, answer, default, type, input, output, pros, cons,
    features, fixed, added, changed, summary, date, title, status, version, hint, info, question,
    explanation
    """
)


@dataclass
class _Block:
    """Lines from one speaker's mark to the next; `broken`: one of them is no UTF-8."""

    label: str | None
    offset: int
    length: int = 0
    lines: list[str] = field(default_factory=list)
    broken: bool = False


class TranscriptMarkdown:
    """Reader of transcripts in Markdown."""

    name = "transcript_markdown"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether speakers in bold, who come again, begin many of the first paragraphs."""
        if not name.lower().endswith(_ENDINGS):
            return False
        paragraphs = [line for line in head_text(head[:262_144]).splitlines() if line.strip()]
        found = [
            match[1].strip() for line in paragraphs if (match := _marked(line, everywhere=True))
        ]
        labels = Counter(label for label in found if label.lower() not in _NOTES)
        spoken = labels.total()
        again = sum(count for count in labels.values() if count > 1)
        return spoken >= 2 and spoken >= len(paragraphs) / 20 and again * 2 >= len(found)

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
        blocks = _blocks(*lossy_lines(chunk, lines_of(chunk)))
        if not any(block.label for block in blocks):
            for block in blocks:
                message = "no paragraph begins with a speaker in bold, such as **Name:**"
                turns.fail(block.offset, block.length, "no_speakers", message)
            blocks = []
        pauses = _pauses(blocks)
        for block in blocks:
            _read(block, turns, pauses)
        yield turns.parsed(chunk.checksum)

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of all documents."""
        return MAPPING

    def gold(self) -> tuple[GoldColumn, ...]:
        """Transcripts have none."""
        return ()


def _marked(line: str, *, everywhere: bool = False) -> re.Match[str] | None:
    """The mark (1: label, 2: rest) that begins a line; `everywhere`: the colon may be behind."""
    if "**" not in line[:12]:
        return None
    inside = _INSIDE.match(line)
    if inside is not None or not everywhere:
        return inside
    return _BEHIND.match(line)


def _blocks(lines: list[tuple[int, int, str]], broken: set[int]) -> list[_Block]:
    """The blocks of a document; text before the first speaker is one without label."""
    inside = {match[1] for _, _, line in lines if (match := _marked(line))}
    known = {_once(label) for label in inside}
    blocks: list[_Block] = []
    fresh = True  # a paragraph may begin here
    for offset, length, line in lines:
        match = _speaker(line, known, fresh=fresh) if line else None
        if match is not None:
            blocks.append(_Block(_once(match[1]), offset))
            line = match[2]
        elif not blocks:
            if not line.strip():
                continue
            blocks.append(_Block(None, offset))
        fresh = not line.strip()
        blocks[-1].broken |= offset in broken
        blocks[-1].lines.append(line)
        blocks[-1].length += length
    return blocks


def _speaker(line: str, known: set[str], *, fresh: bool) -> re.Match[str] | None:
    match = _marked(line, everywhere=True)
    if match is not None:
        label = _once(match[1])
        sure = match.re is _INSIDE or not known or label in known or is_break(label)
        return match if sure else None
    # Bold was forgotten: the name of somebody who speaks, or a full name with words behind it, or a
    # break with nothing but its times.
    plain = _PLAIN.match(line) if fresh else None
    if plain is None:
        return None
    bare = is_break(plain[1]) and _RANGE.fullmatch(plain[2]) is not None
    return plain if bare or plain[1] in known or _FULL.match(line) else None


def _once(label: str) -> str:
    """A label without a slip: "Ann Lee: Ann Lee" is one name twice."""
    label = label.strip().rstrip(":").strip()
    first, _, second = label.partition(":")
    return first.strip() if first.strip() == second.strip() else label


def _pauses(blocks: list[_Block]) -> set[str]:
    """The labels that are no speakers, by their words and by what stands behind them."""
    silent: dict[str, bool] = {}
    for block in blocks:
        if block.label:
            empty = all(line == "" or (line and _RANGE.fullmatch(line)) for line in block.lines)
            silent[block.label] = silent.get(block.label, True) and empty
    return {
        label
        for label, empty in silent.items()
        if (kind := break_kind(label)) == "break" or (kind == "perhaps" and empty)
    }


def _read(block: _Block, turns: Turns, pauses: set[str]) -> None:
    if block.broken:
        turns.fail(block.offset, block.length, "bad_encoding", "a line is not valid UTF-8")
        return
    text = "\n".join(block.lines)
    if "<!--" in text:
        text = _COMMENT.sub("", text)
    if block.label is None:
        turns.skip("preamble")
    elif block.label in pauses:
        _read_break(text, turns, played=is_played(block.label))
    else:
        words, start_ms = _timed(text)
        turns.say(words, block.label, start_ms)


def _read_break(text: str, turns: Turns, *, played: bool) -> None:
    """A break, and what comes behind it without saying who speaks."""
    first, _, rest = text.strip().partition("\n\n")
    if (not played or not rest) and _RANGE.fullmatch(first):
        turns.skip("break")
        words, start_ms = _timed(rest)
        if words:
            turns.say(words, None, start_ms)
    else:
        turns.skip("clip")


def _timed(text: str) -> tuple[str, int | None]:
    """(text without times, the time it begins with)."""
    start_ms = None
    first = _TIME.search(text)
    if first is None:
        return text.strip(), None
    if not lift_cues(text[: first.start()])[0].strip():
        start_ms = _clock(first)
    clear = _TRAILING.sub("\n", _TIMES.sub("", text))
    return _BREAKS.sub("\n\n", clear).strip(), start_ms


def _clock(time: re.Match[str]) -> int | None:
    hours, minutes, seconds, frames = time.groups()
    if frames is None and hours is None:
        return milliseconds(None, minutes, seconds)
    whole = milliseconds(hours, minutes, seconds)
    if whole is None or frames is None:
        return whole
    return whole + (int(frames) * 1000 // 30 if len(frames) == 2 else int(frames.ljust(3, "0")))
