"""JSON as Whisper and its kin write it: a list of segments with start, end and text.

openai-whisper, faster-whisper's command line, WhisperX (with `speaker`) and OpenAI's `verbose_json`:
{"segments": [{"start", "end", "text"}]}; whisper.cpp: {"transcription": [{"offsets", "text"}]};
Transformers: {"chunks": [{"timestamp": [start, end], "text"}]}; a bare list of segments, when they have
Whisper's own measures. The native units are segments. Consecutive segments of one speaker are one turn;
without speakers a record is a sentence or a few (see `srt`). `language`, a code, is the records' `lang`.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.chunk import Chunk, Limits, Parsed
from transforms.read.document import cut_document
from transforms.read.json_document import clock, label, language, list_start, load, segments
from transforms.read.pieces import chunk_bytes, oversize
from transforms.read.source import SourceFile
from transforms.read.turns import FOUND, MAPPING, Turns

_KEYS = ("segments", "transcription", "chunks")
_MEASURES = {"avg_logprob", "no_speech_prob", "compression_ratio", "seek", "words"}


class Whisper:
    """Reader of Whisper's JSON."""

    name = "whisper"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the document has a list of segments of one of the known shapes."""
        if name.lower().endswith((".jsonl", ".ndjson", ".jsonlines")):
            return False
        bare = list_start(head)
        if bare is not None:
            return _is_segment(bare) and not _MEASURES.isdisjoint(bare)
        found = (list_start(head, key) for key in _KEYS)
        return any(first is not None and _is_segment(first) for first in found)

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


def _is_segment(first: dict[str, Any]) -> bool:
    times = first.keys() & {"start", "offsets", "timestamps", "timestamp"}
    return isinstance(first.get("text"), str) and bool(times)


def _say(document: Any, turns: Turns) -> None:
    lists = [segments(document), *(segments(document, key) for key in _KEYS)]
    found = next((each for each in lists if each is not None), None)
    if found is None:
        turns.fail(0, 0, "wrong_type", f"the document has no list of {', '.join(_KEYS)}")
        return
    if isinstance(document, dict):
        result = document.get("result")
        turns.lang = language(document.get("language")) or (
            language(result.get("language")) if isinstance(result, dict) else None
        )
    named = any(isinstance(each, dict) and label(each.get("speaker")) for each in found)
    for each in found:
        if not isinstance(each, dict) or not isinstance(each.get("text"), str):
            turns.fail(-1, 0, "wrong_type", "the segment has no text")
            continue
        (start_ms, one), (end_ms, two) = _times(each)
        if not one or not two:
            turns.fail(-1, 0, "bad_time", "start or end of the segment is not a number")
            continue
        speaker = label(each.get("speaker"))
        turns.say(each["text"], speaker, start_ms, end_ms, join="speaker" if named else "sentence")


def _times(segment: dict[str, Any]) -> tuple[tuple[int | None, bool], tuple[int | None, bool]]:
    offsets, pair = segment.get("offsets"), segment.get("timestamp")
    if isinstance(offsets, dict):  # whisper.cpp, in milliseconds
        return clock(offsets.get("from"), 1), clock(offsets.get("to"), 1)
    if isinstance(pair, list) and len(pair) == 2:
        return clock(pair[0], 1000), clock(pair[1], 1000)
    return clock(segment.get("start"), 1000), clock(segment.get("end"), 1000)
