"""Formats that are one document a file, such as a transcript: one chunk holds all of it.

A document is bounded by `record_bytes`: what one conversation needs to be told apart (its speakers,
its turns) is then in one place, and memory stays bounded. A longer one is a chunk that is quarantined.
"""

import codecs
from collections.abc import Iterator

import numpy as np
import xxhash

from transforms.read.chunk import MIB, Chunk, Limits, checksum
from transforms.read.fill import Fill
from transforms.read.source import SourceFile, open_stream

_BOM = codecs.BOM_UTF8
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Line = tuple[int, int, str | None]
"""Byte offset, byte length with its line end, and the text without it; None when not UTF-8."""


def cut_document(source: SourceFile, limits: Limits) -> Iterator[Chunk]:
    """One chunk with the bytes of the whole file, none for an empty one.

    More than `limits.record_bytes` make an `oversize` chunk, streamed by and not held. Where the
    stream breaks, the chunk ends with the last whole line; then `SourceError` is raised.
    """
    with open_stream(source) as stream:
        fill = Fill(stream)
        data = fill.read(limits.record_bytes + 1)
        if len(data) > limits.record_bytes:
            yield _oversize(data, fill)
        else:
            if fill.error is not None:
                data = data[: data.rfind(b"\n") + 1]
            if data:
                yield Chunk(0, 0, 0, len(data), checksum(data), data)
        if fill.error is not None:
            raise fill.error


def _oversize(data: bytes, fill: Fill) -> Chunk:
    digest, length = xxhash.xxh3_128(data), len(data)
    window = np.empty(MIB, dtype=np.uint8).data
    while size := fill.into(window):
        digest.update(window[:size])
        length += size
    return Chunk(0, 0, 0, length, digest.hexdigest(), b"", oversize=True, units=1)


def lines_of(chunk: Chunk) -> list[Line]:
    r"""The lines of a document. Ends are "\n" or "\r\n"; a byte order mark is no text.

    UTF-16 with its mark is decoded; its lines have the offset -1.
    """
    data = chunk.data or b""
    if data.startswith(_UTF16):
        text = data.decode("utf-16", "replace")
        return [(-1, 0, line.removesuffix("\r")) for line in text.removesuffix("\n").split("\n")]
    found: list[Line] = []
    start = 0
    while start < len(data):
        end = data.find(b"\n", start) + 1 or len(data)
        line = data[start:end].removesuffix(b"\n").removesuffix(b"\r")
        if start == 0:
            line = line.removeprefix(_BOM)
        try:
            found.append((start, end - start, line.decode()))
        except UnicodeDecodeError:
            found.append((start, end - start, None))
        start = end
    return found
