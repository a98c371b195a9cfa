"""The bytes of a chunk in the worker, checked, and cut into pieces of whole lines."""

from collections.abc import Iterator

import polars as pl

from schemas.errors import SourceError
from transforms.read.chunk import POSITION, BadUnit, Chunk, Limits, Parsed, checksum
from transforms.read.source import SourceFile


def chunk_bytes(source: SourceFile, chunk: Chunk) -> bytes:
    """The bytes of a chunk. Raises `SourceError` when the file is not what was cut."""
    if chunk.data is not None:
        return chunk.data
    try:
        with open(source.path, "rb") as file:
            file.seek(chunk.offset)
            data = file.read(chunk.length)
    except OSError as error:
        raise SourceError(f"{source.path} cannot be read: {error.strerror}.") from None
    if len(data) != chunk.length or checksum(data) != chunk.checksum:
        raise SourceError(
            f"{source.path} changed while it was read, in bytes {chunk.offset} to "
            f"{chunk.offset + chunk.length}.",
            remedy="Rerun when nothing writes to it.",
        )
    return data


def line_pieces(data: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    """(offset, piece) of about `size` bytes, each of whole lines, at least one."""
    start = 0
    while start < len(data):
        end = len(data)
        if start + size < end:
            end = data.rfind(b"\n", start, start + size) + 1 or data.find(b"\n", start) + 1 or end
        yield start, data[start:end]
        start = end


def oversize(chunk: Chunk, limits: Limits, columns: list[str]) -> Parsed:
    """The batch of a chunk that is one unit of more than `record_bytes`: quarantined unread."""
    bad = BadUnit(
        chunk.position,
        chunk.offset,
        chunk.length,
        "unit_too_long",
        f"{chunk.length} bytes, more than record_bytes = {limits.record_bytes}",
    )
    return Parsed(empty_frame(columns), units=1, bad=[bad])


def empty_frame(columns: list[str]) -> pl.DataFrame:
    """No rows, all columns of strings, and `_position`."""
    return pl.DataFrame(schema={**dict.fromkeys(columns, pl.String), POSITION: pl.Int64})
