"""The words of reading: chunks, limits, what a batch of native rows is, and what a reader does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import polars as pl
import xxhash

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.source import SourceFile

POSITION = "_position"  # Int64, native unit number in the source, from 0
WANTED = "_wanted"  # option set by the caller: {native column: Kind}, see mapping.wanted
MIB = 1 << 20

# What a wanted column may hold. text: a string. key: a string or a whole number (ids, speakers).
# int, time, number: a string or number. labels: also a list of strings or numbers. any: whatever
# JSON has, as its JSON text. Everything else is `wrong_type`: nothing is cast silently.
Kind = Literal["text", "key", "int", "time", "number", "labels", "any"]


@dataclass(frozen=True)
class Limits:
    """Sizes that bound work and memory; chunk boundaries are a function of these and the bytes.

    A native unit of more than `record_bytes` is quarantined without being held in memory whole.
    """

    records: int = 125_000
    bytes: int = 64 * MIB
    record_bytes: int = 16 * MIB
    batch_bytes: int = 16 * MIB


@dataclass(frozen=True)
class Chunk:
    """A range of whole native units of a source: what one worker parses and one shard holds.

    `offset` and `length` are bytes of the decompressed stream. `data` is None when the worker reads
    the range from the plain file itself. `header` is what must be known to parse the range alone
    (the header row of a table). An `oversize` chunk is one unit beyond `record_bytes`: never in
    memory.
    """

    index: int
    position: int
    offset: int
    length: int
    checksum: str
    data: bytes | None
    header: bytes = b""
    oversize: bool = False
    units: int = 0  # native units in it, blank lines and headers included


@dataclass(frozen=True)
class BadUnit:
    """A native unit that could not be read; the message never holds its content."""

    position: int
    offset: int
    length: int
    error_class: str
    message: str


@dataclass
class Parsed:
    """One batch: `units` = units used + skipped + bad.

    `frame`: native columns as read, and `_position` (Int64), in order of position. Rows of the same
    position come from one unit: all of them are kept or none. With `merge`, rows with an equal `id`
    are one record (several annotators of one utterance): their gold is put together.
    """

    frame: pl.DataFrame
    units: int
    skipped: dict[str, int] = field(default_factory=dict)
    bad: list[BadUnit] = field(default_factory=list)
    merge: bool = False


class Reader(Protocol):
    """A format: how a file is recognized, cut into chunks, and parsed into native rows."""

    name: str
    version: int

    def matches(self, name: str, head: bytes) -> bool:
        """Whether a file of this name (no compression suffix) and first bytes is of this format."""

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """Names of the native columns (JSONL: keys of the first 4 MiB). Raises `SourceError`."""

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks in order. Raises `SourceError` where the source breaks, after all before it."""

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """Batches of one chunk, in order."""

    def columns(self, names: list[str]) -> Columns | None:
        """The column mapping when the format is known, else None."""

    def gold(self) -> tuple[GoldColumn, ...]:
        """The gold columns that the format is known to have."""


@runtime_checkable
class Pairing(Protocol):
    """A reader that reads several files as one source (two channels of one talk, say)."""

    def pair(self, sources: list[SourceFile]) -> list[SourceFile]:
        """Of all files of a corpus that are this reader's: those to read, with `companions`.

        What a chunk takes from companions must be part of its data or header.
        """


def checksum(data: bytes | memoryview) -> str:
    """xxh3_128 of bytes, as 32 hex digits."""
    return xxhash.xxh3_128_hexdigest(data)
