"""What WebVTT and SRT share: blocks of lines to timed captions, and captions to turns."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from transforms.read.document import Line
from transforms.read.turns import Said, Turns, milliseconds

Part = tuple[str | None, str]  # (voice, words)

_CLOCK = r"(?:(\d{1,4}):)?(\d{1,2}):(\d\d)(?:[.,](\d{1,3}))?"
_TIMING = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}(?:\s.*)?")
# A new speaker without a name: "- " in subtitles, ">>" in live captions.
_DASH = re.compile(r"\s*(?:[-–—‐]\s*|>>+\s*)(?=\S)")
_LABEL = re.compile(
    r"\s*(?:[-–—]\s*|>>+\s*)?([A-Z0-9][\w.'’&-]{0,30}(?: [\w.'’&()-]{1,20}){0,4}) ?:(?:\s+|$)"
)
_FULL_NAME = re.compile(r"[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*)+")


@dataclass
class Caption:
    """One native unit: a cue with its parts, or a block that is skipped or bad."""

    offset: int = -1
    length: int = 0
    start_ms: int | None = None
    end_ms: int | None = None
    parts: list[Part] = field(default_factory=list)
    skipped: str | None = None
    error: tuple[str, str] | None = None


@dataclass
class Block:
    """Lines without a blank one between; `timing`: which of them has the arrow."""

    lines: list[Line]
    timing: int | None = None

    @property
    def first(self) -> str:
        """The text of the first line, empty when it is no UTF-8."""
        return self.lines[0][2] or ""

    def caption(self, plain: Callable[[str], list[Part]]) -> Caption:
        """The cue; `plain` splits its payload into voices and takes the tags away."""
        found = Caption(self.lines[0][0], sum(length for _, length, _ in self.lines))
        texts = [text for _, _, text in self.lines if text is not None]
        if len(texts) < len(self.lines):
            found.error = ("bad_encoding", "a line of the cue is not valid UTF-8")
        elif self.timing is None:
            found.error = ("bad_cue", "a block without a line of times (start --> end)")
        elif (times := _times(texts[self.timing])) is None:
            found.error = ("bad_time", "the times of the cue are not start --> end")
        else:
            found.start_ms, found.end_ms = times
            found.parts = plain("\n".join(texts[self.timing + 1 :]))
        return found


def blocks_of(lines: list[Line], *, loose: bool) -> Iterator[Block]:
    """The blocks between empty lines; a second line of times in one begins a block of its own.

    `loose`: a line of nothing but white space is empty too (in WebVTT it is a part of a cue).
    """
    held: list[Line] = []
    timing: int | None = None
    for line in lines:
        text = line[2]
        if text is not None and not (text.strip() if loose else text):
            if held:
                yield Block(held, timing)
            held, timing = [], None
            continue
        if text is not None and "-->" in text:
            # The line before is the cue's number or name, if it can be one.
            named = bool(held) and (timing is None or (held[-1][2] or "").strip().isdigit())
            before = held[:-1] if named and timing != len(held) - 1 else held
            if before:
                yield Block(before, timing)
                held = held[len(before) :]
            timing = len(held)
        held.append(line)
    if held:
        yield Block(held, timing)


def _times(line: str) -> tuple[int, int] | None:
    match = _TIMING.fullmatch(line)
    if match is None:
        return None
    start, end = milliseconds(*match.groups()[:4]), milliseconds(*match.groups()[4:])
    return None if start is None or end is None or end < start else (start, end)


def say_captions(captions: list[Caption], turns: Turns) -> None:
    """All captions into `turns`: by voices, by names with a colon, or by sentences."""
    voiced = any(voice is not None for caption in captions for voice, _ in caption.parts)
    names = set() if voiced else _names(captions)
    speaker: str | None = None
    for caption in captions:
        if caption.skipped is not None:
            turns.skip(caption.skipped)
        elif caption.error is not None:
            turns.fail(caption.offset, caption.length, *caption.error)
        else:
            said: list[Said] = []
            for voice, words in caption.parts:
                if voiced:
                    speaker = voice or speaker
                    said.append((_line(words), speaker, "speaker"))
                elif names:
                    for name, part in _by_name(words, names):
                        speaker = name or speaker
                        said.append((part, speaker, "speaker"))
                else:
                    said += _by_dash(words)
            turns.say_parts(said, caption.start_ms, caption.end_ms)


def _line(words: str) -> str:
    return " ".join(words.split())


def _names(captions: list[Caption]) -> set[str]:
    """The names with a colon before what they say, if the file marks its speakers so.

    It does when nearly all labels come again, and they are at the first cue with words or at every
    third. A label that comes once counts only if it is a full name.
    """
    texts = [words for caption in captions for _, words in caption.parts if words.strip()]
    found = [_LABEL.match(line) for words in texts for line in words.split("\n")]
    labels = Counter(match[1] for match in found if match is not None)
    again = sum(count for count in labels.values() if count > 1)
    if labels.total() < 3 or again < 0.8 * labels.total():
        return set()
    if labels.total() < len(texts) / 3 and _LABEL.match(texts[0]) is None:
        return set()
    return {name for name, count in labels.items() if count > 1 or _FULL_NAME.fullmatch(name)}


def _by_name(words: str, names: set[str]) -> list[Part]:
    parts: list[tuple[str | None, list[str]]] = []
    for line in words.split("\n"):
        match = _LABEL.match(line)
        if match is not None and match[1] in names:
            parts.append((match[1], [line[match.end() :]]))
        elif parts:
            parts[-1][1].append(line)
        else:
            parts.append((None, [line]))
    return [(name, _line(" ".join(lines))) for name, lines in parts]


def _by_dash(words: str) -> list[Said]:
    """Parts that begin with a dash are said by somebody else; the first may go on."""
    said: list[Said] = []
    for line in words.split("\n"):
        dash = _DASH.match(line)
        if dash is not None:
            said.append((_line(line[dash.end() :]), None, None))
        elif said:
            said[-1] = (_line(f"{said[-1][0]} {line}"), *said[-1][1:])
        else:
            said.append((_line(line), None, "sentence"))
    return said
