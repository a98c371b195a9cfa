"""Readers by name, and which one a file calls for. A new reader is one file and one line here."""

from schemas.errors import SourceError
from transforms.read.annomi import AnnoMi
from transforms.read.brighter import Brighter
from transforms.read.chunk import MIB, Reader
from transforms.read.clinical_note_json import ClinicalNoteJson
from transforms.read.counseling import Counseling
from transforms.read.delimited import CSV, TSV
from transforms.read.dialogue_cell import DialogueCell
from transforms.read.edos import Edos
from transforms.read.emobank import EmoBank
from transforms.read.fill import Fill
from transforms.read.goemotions import GoEmotions
from transforms.read.jsonl import JsonLines
from transforms.read.multidogo import MultiDoGo
from transforms.read.notes import Notes
from transforms.read.parquet import Parquet
from transforms.read.premo import Premo
from transforms.read.reddit import Reddit
from transforms.read.signatures import signature
from transforms.read.source import SourceFile, open_stream
from transforms.read.srt import SubRip
from transforms.read.stackexchange import StackExchange
from transforms.read.textgrid import TextGrid
from transforms.read.topical_chat import TopicalChat
from transforms.read.transcript_markdown import TranscriptMarkdown
from transforms.read.transcript_times import TranscriptTimes
from transforms.read.webvtt import WebVtt
from transforms.read.whisper import Whisper
from transforms.read.word_times import WordTimes
from transforms.read.xed import Xed

# In the order in which they are asked: the more special before the more general.
READERS: dict[str, Reader] = {
    reader.name: reader
    for reader in (
        Parquet(),
        TranscriptMarkdown(),
        TranscriptTimes(),
        WebVtt(),
        SubRip(),
        Whisper(),
        WordTimes(),
        StackExchange(),
        TopicalChat(),
        Premo(),
        AnnoMi(),
        TextGrid(),
        ClinicalNoteJson(),
        Counseling(),
        Notes(),
        DialogueCell(),
        MultiDoGo(),
        Brighter(),
        Xed(),
        Edos(),
        EmoBank(),
        Reddit(),
        JsonLines(),
        GoEmotions(),
        CSV,
        TSV,
    )
}


def guess(source: SourceFile) -> Reader:
    """The first reader that knows the file by its name and first MiB.

    Raises `SourceError` naming what the file looks like instead, or listing the readers.
    """
    with open_stream(source) as stream:
        fill = Fill(stream)
        head = fill.read(MIB)
    if not head and fill.error is None:
        return _by_name(source)
    for reader in READERS.values():
        if reader.matches(source.name, head):
            return reader
    if fill.error is not None:
        raise fill.error
    looks = signature(head)
    what = f"looks like {looks}, which" if looks else "is of a format that"
    raise SourceError(
        f"{source.shown} {what} no reader knows.",
        remedy=f"Take it out of `sources`, convert it, or set `reader` to one of: {_names()}.",
    )


def reader_named(name: str) -> Reader:
    """A reader by its name. Raises `SourceError` listing the readers when there is none."""
    if name not in READERS:
        raise SourceError(f"There is no reader {name!r}.", remedy=f"The readers are: {_names()}.")
    return READERS[name]


def _by_name(source: SourceFile) -> Reader:
    """For an empty file: it has no rows, but it is not an error."""
    for reader in READERS.values():
        if reader.matches(source.name, b""):
            return reader
    return READERS["jsonl"]


def _names() -> str:
    return ", ".join(READERS)
