"""JSON of transcription services: a list of what each speaker said, with the times of its words.

    Reduct      {"segments": [{"speaker_id", "speaker_name", "wdlist": [{"word", "start", "end"}]}]}
    AssemblyAI  {"utterances": [{"speaker", "text", "start", "end"}]}, in milliseconds
    Deepgram    {"results": {"utterances": [{"speaker", "transcript", "start", "end"}]}}
    Rev AI      {"monologues": [{"speaker", "elements": [{"value", "ts", "end_ts"}]}]}

The native units are these entries, and each is a turn: they are not merged. Where AssemblyAI or
Deepgram give no utterances, the units are the words, and those of one speaker that follow one another
are a turn (without speakers: a sentence or a few). A name is preferred to an id; the times are those of
the first and the last word that has any.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import re
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.chunk import Chunk, Limits, Parsed
from transforms.read.document import cut_document
from transforms.read.json_document import (
    clock,
    label,
    language,
    list_start,
    list_tail,
    load,
    segments,
)
from transforms.read.pieces import chunk_bytes, oversize
from transforms.read.source import SourceFile
from transforms.read.turns import FOUND, MAPPING, Join, Turns

# Where the list is, and which keys tell that its entries are of this kind.
_SHAPES: tuple[tuple[tuple[str, ...], frozenset[str]], ...] = (
    (("segments",), frozenset({"wdlist"})),
    (("utterances",), frozenset({"text", "speaker", "start", "end"})),
    (("results", "utterances"), frozenset({"transcript", "start", "end"})),
    (("monologues",), frozenset({"elements"})),
)
_WORD = frozenset({"text", "start", "end", "confidence"})
_CHANNEL = re.compile(r'\{\s*"alternatives"\s*:\s*\[\s*\{\s*"transcript"')


class WordTimes:
    """Reader of the JSON of transcription services."""

    name = "word_times"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the document has a list of one of the known shapes."""
        if name.lower().endswith((".jsonl", ".ndjson", ".jsonlines")):
            return False
        for keys, needed in (*_SHAPES, (("words",), _WORD)):
            first = list_start(head, *keys)
            if first is not None and needed <= first.keys():
                return True
        channel = list_tail(head, "results", "channels")
        return channel is not None and _CHANNEL.match(channel) is not None

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
        document = load(chunk_bytes(source, chunk), turns)
        if not turns.units:
            _say(document, turns)
        yield turns.parsed(chunk.checksum)

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of all documents."""
        return MAPPING

    def gold(self) -> tuple[GoldColumn, ...]:
        """Transcripts have none."""
        return ()


def _say(document: Any, turns: Turns) -> None:
    if isinstance(document, dict):
        turns.lang = language(document.get("language_code"))
    found = next((each for keys, _ in _SHAPES if (each := segments(document, *keys))), None)
    join: Join = None
    if found is None:
        found = _single_words(document)
        named = any(isinstance(word, dict) and label(word.get("speaker")) for word in found or ())
        join = "speaker" if named else "sentence"
    if found is None:
        turns.fail(0, 0, "wrong_type", "the document has no list of segments that is known")
        return
    unit_ms = _unit_ms(found) if "results" not in document else 1000
    for entry in found:
        if not isinstance(entry, dict) or (words := _words(entry)) is None:
            turns.fail(-1, 0, "wrong_type", "the segment has no words")
            continue
        text, starts, ends = words
        start_ms, one = clock(starts, unit_ms)
        end_ms, two = clock(ends, unit_ms)
        if not one or not two:
            turns.fail(-1, 0, "bad_time", "start or end of the segment is not a number")
            continue
        speaker = label(entry.get("speaker_name"), entry.get("speaker"), entry.get("speaker_id"))
        turns.say(text, speaker, start_ms, end_ms, join=join)


def _single_words(document: Any) -> list[Any] | None:
    """All words of a document without utterances; those of several channels in order of time."""
    plain = segments(document, "words")
    channels = segments(document, "results", "channels")
    if plain is not None or channels is None:
        return plain
    words: list[Any] = []
    for number, channel in enumerate(channels):
        alternatives = segments(channel, "alternatives") or [None]
        own = segments(alternatives[0], "words") or []
        several = {"speaker": f"channel {number}"} if len(channels) > 1 else {}
        words += [each | several if isinstance(each, dict) else each for each in own]
    if len(channels) > 1:
        words.sort(key=_start)
    return words


def _start(word: Any) -> float:
    start = word.get("start") if isinstance(word, dict) else None
    return start if isinstance(start, int | float) else 0.0


def _unit_ms(entries: list[Any]) -> int:
    """1 where all times are whole numbers, as in AssemblyAI's milliseconds; else 1000, seconds."""
    times = [
        entry[key]
        for entry in entries
        if isinstance(entry, dict) and "text" in entry
        for key in ("start", "end")
        if entry.get(key) is not None
    ]
    return 1 if times and all(isinstance(time, int) for time in times) else 1000


def _words(entry: dict[str, Any]) -> tuple[str, Any, Any] | None:
    """(text, start, end) of an entry; None when there is nothing that could be words."""
    for key in ("text", "transcript", "punctuated_word", "word"):
        if isinstance(entry.get(key), str):
            return entry[key], entry.get("start"), entry.get("end")
    for key, word, start, end in (
        ("wdlist", "word", "start", "end"),
        ("elements", "value", "ts", "end_ts"),
    ):
        words = entry.get(key)
        if not isinstance(words, list):
            continue
        if not all(isinstance(each, dict) and isinstance(each.get(word), str) for each in words):
            return None
        said = [each[word] for each in words]
        # Rev AI has the blanks as elements of their own, Reduct at the ends of words.
        spaced = key == "elements" or any(
            text[:1].isspace() or text[-1:].isspace() for text in said
        )
        starts = [each[start] for each in words if each.get(start) is not None]
        ends = [each[end] for each in words if each.get(end) is not None]
        return (
            ("" if spaced else " ").join(said),
            starts[0] if starts else entry.get("start"),
            ends[-1] if ends else entry.get("end"),
        )
    return None
