"""Cuts a stream of lines into chunks: whole lines, bounded in number and bytes, at scan speed.

Boundaries are greedy, so a pure function of the bytes and the limits: a chunk takes the next line as
long as neither limit is passed, and at least one. A line of more than `record_bytes` is a chunk of its
own, whose bytes are counted and hashed as they stream by and then let go.
"""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import xxhash
from numpy.typing import NDArray

from schemas.errors import SourceError
from transforms.read.chunk import MIB, Chunk, Limits, checksum
from transforms.read.source import SourceFile, open_stream

_SCAN = MIB  # compare and find in the processor's cache


def line_ends(data: bytes) -> NDArray[np.int64]:
    r"""Offsets just behind each b"\n"."""
    view = np.frombuffer(data, dtype=np.uint8)
    found = [
        np.flatnonzero(view[at : at + _SCAN] == 10) + (at + 1) for at in range(0, len(view), _SCAN)
    ]
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)


class Fill:
    """Reads full blocks from a stream; a break is kept in `error`, after all bytes before it."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.done = False
        self.error: SourceError | None = None

    def read(self, size: int) -> bytes:
        """`size` bytes, fewer only at the end or break of the stream (then `done`)."""
        parts: list[bytes] = []
        while size > 0 and not self.done:
            try:
                data = self.stream.read(size)
            except SourceError as error:
                self.error, self.done = error, True
                break
            if not data:
                self.done = True
            parts.append(data)
            size -= len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def cut_lines(source: SourceFile, limits: Limits) -> Iterator[Chunk]:
    """Chunks of whole lines; a unit is a line. Raises `SourceError` at a break, after all before it."""
    with open_stream(source) as stream:
        yield from _Cutter(Fill(stream), limits, carry=not source.is_plain).chunks()


class _Cutter:
    def __init__(self, fill: Fill, limits: Limits, *, carry: bool) -> None:
        self.fill, self.limits, self.carry = fill, limits, carry
        self.window = max(limits.bytes, limits.record_bytes + 1) + 1
        self.block = b""
        self.ends = np.empty(0, dtype=np.int64)
        self.offset = 0  # of block[0] in the stream
        self.index = 0
        self.position = 0

    def chunks(self) -> Iterator[Chunk]:
        while True:
            self._refill(0)
            if not self.block:
                break
            start = 0
            while start < len(self.block):
                found = self._next(start)
                if found is None:
                    break
                end, units, oversize = found
                yield self._chunk(start, end, units, oversize=oversize)
                start = end
            if start == 0:
                chunk = self._long_line()
                if chunk is not None:
                    yield chunk
                continue
            self._drop(start)
        if self.fill.error is not None:
            raise self.fill.error

    def _refill(self, start: int) -> None:
        """Fills the block up; at the end of the stream the last line counts as ended."""
        new = self.fill.read(self.window - len(self.block))
        if self.fill.error is not None:
            # The line that the break cuts is not whole: it is not read.
            cut = new.rfind(b"\n") + 1
            if not cut:
                self.block = self.block[: self.block.rfind(b"\n") + 1]
            new = new[:cut]
        more = line_ends(new) + len(self.block)
        self.block += new
        self.ends = np.concatenate((self.ends, more))
        size = len(self.block)
        if self.fill.done and size and not (len(self.ends) and self.ends[-1] == size):
            self.ends = np.append(self.ends, size)

    def _drop(self, start: int) -> None:
        self.block = self.block[start:]
        self.ends = self.ends[self.ends > start] - start
        self.offset += start

    def _next(self, start: int) -> tuple[int, int, bool] | None:
        """(end, units, oversize) of the chunk at `start`; None while more bytes could change it."""
        limits, ends = self.limits, self.ends
        first = int(np.searchsorted(ends, start, side="right"))
        if first == len(ends):
            return None
        by_bytes = int(np.searchsorted(ends, start + limits.bytes, side="right"))
        stop = min(first + limits.records, max(by_bytes, first + 1))
        lengths = np.diff(ends[first:stop], prepend=start) - 1
        if self.block[-1:] != b"\n" and stop == len(ends) and self.fill.done:
            lengths[-1] += 1  # the last line has no line end
        long = np.flatnonzero(lengths > limits.record_bytes)
        if len(long) and long[0] == 0:
            return int(ends[first]), 1, True
        if len(long):
            stop = first + int(long[0])
        full = (
            stop - first == limits.records
            or stop < len(ends)
            or len(self.block) - start > limits.bytes
            or self.fill.done
        )
        return (int(ends[stop - 1]), stop - first, False) if full else None

    def _chunk(self, start: int, end: int, units: int, *, oversize: bool) -> Chunk:
        data = self.block[start:end]
        kept = data if self.carry and not oversize else None
        if oversize and self.carry:
            kept = b""
        chunk = Chunk(
            index=self.index,
            position=self.position,
            offset=self.offset + start,
            length=end - start,
            checksum=checksum(data),
            data=kept,
            oversize=oversize,
        )
        self.index += 1
        self.position += units
        return chunk

    def _long_line(self) -> Chunk | None:
        """The line at the head of a full block that has no end in it: streamed by, not held."""
        hasher = xxhash.xxh3_128(self.block)
        length = len(self.block)
        rest = b""
        while not self.fill.done:
            data = self.fill.read(4 * MIB)
            end = data.find(b"\n") + 1
            if end:
                hasher.update(data[:end])
                length += end
                rest = data[end:]
                break
            hasher.update(data)
            length += len(data)
        self.block = rest
        self.ends = line_ends(rest)
        if self.fill.error is not None:
            return None
        chunk = Chunk(
            index=self.index,
            position=self.position,
            offset=self.offset,
            length=length,
            checksum=hasher.hexdigest(),
            data=b"" if self.carry else None,
            oversize=True,
        )
        self.index += 1
        self.position += 1
        self.offset += length
        return chunk
