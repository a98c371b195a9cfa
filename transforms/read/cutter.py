"""Cuts a stream of units (lines, table records) into chunks, bounded in number and bytes.

Boundaries are greedy, so a pure function of the bytes and the limits: a chunk takes the next unit
as long as neither limit is passed, and at least one. A unit of more than `record_bytes` is a chunk
of its own, whose bytes are counted and hashed as they stream by and then let go.
"""

from collections.abc import Callable, Iterator
from typing import BinaryIO

import numpy as np
import xxhash
from numpy.typing import NDArray

from transforms.read.chunk import MIB, Chunk, Limits, checksum
from transforms.read.fill import Fill

_SCAN = MIB  # compare and find within the processor's cache
_LINE_END = 10
Ends = NDArray[np.int64]
# (window from a unit's start on, ends known so far, bytes they were found in, whether the stream
# ends with the window) -> offsets behind all units that are sure.
Scan = Callable[[memoryview, Ends, int, bool], Ends]


def line_ends(data: bytes | memoryview) -> Ends:
    r"""Offsets just behind each b"\n"."""
    view = np.frombuffer(data, dtype=np.uint8)
    found = [
        np.flatnonzero(view[at : at + _SCAN] == _LINE_END) + (at + 1)
        for at in range(0, len(view), _SCAN)
    ]
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)


def scan_lines(window: memoryview, known: Ends, old: int, final: bool) -> Ends:  # noqa: FBT001
    """Scan for units that are lines; a last line without line end counts at the stream's end."""
    ends = np.concatenate((known, line_ends(window[old:]) + old))
    if final and len(window) and not (len(ends) and ends[-1] == len(window)):
        ends = np.append(ends, len(window))
    return ends


def cut(stream: BinaryIO, limits: Limits, scan: Scan, *, carry: bool) -> Iterator[Chunk]:
    """Chunks of whole units; with `carry` they hold their bytes. Closes the stream.

    Raises `SourceError` where the stream breaks, after all whole units before it.
    """
    with stream:
        yield from _Cutter(Fill(stream), limits, scan, carry=carry).chunks()


class _Cutter:
    """A window over the stream, in one buffer that is filled again and again."""

    def __init__(self, fill: Fill, limits: Limits, scan: Scan, *, carry: bool) -> None:
        self.fill, self.limits, self.scan, self.carry = fill, limits, scan, carry
        # So much that a full window without a chunk in it begins with a line that is too long.
        size = max(limits.bytes, limits.record_bytes + 1) + 1
        self.window = np.empty(size, dtype=np.uint8).data  # untouched until it is filled
        self.size = 0  # bytes in the window
        self.ends = np.empty(0, dtype=np.int64)  # of lines, in the window
        self.offset = 0  # of the window in the stream
        self.index = 0
        self.position = 0

    def chunks(self) -> Iterator[Chunk]:
        while True:
            self._refill()
            start = 0
            while (found := self._next(start)) is not None:
                end, units, oversize = found
                data = self.window[start:end]
                yield self._chunk(start, end - start, units, checksum(data), data, oversize)
                start = end
            if start == 0:
                if not self.size:
                    break
                yield from self._long_line()
            else:
                self._drop(start)
        if self.fill.error is not None:
            raise self.fill.error

    def _refill(self) -> None:
        old = self.size
        self.size += self.fill.into(self.window[old:])
        final = self.fill.done and self.fill.error is None
        self.ends = self.scan(self.window[: self.size], self.ends, old, final)
        if self.fill.error is not None:
            # The unit that the break cuts is not whole: it is not read.
            self.size = int(self.ends[-1]) if len(self.ends) else 0

    def _drop(self, start: int) -> None:
        rest = self.size - start
        self.window[:rest] = self.window[start : self.size]
        self.ends = self.ends[np.searchsorted(self.ends, start, side="right") :] - start
        self.size = rest
        self.offset += start

    def _next(self, start: int) -> tuple[int, int, bool] | None:
        """(end, units, oversize) of the chunk at `start`; None while more bytes could change it."""
        limits, ends = self.limits, self.ends
        first = int(np.searchsorted(ends, start, side="right"))
        if first == len(ends):
            return None
        by_bytes = int(np.searchsorted(ends, start + limits.bytes, side="right"))
        stop = min(first + limits.records, max(by_bytes, first + 1))
        lengths = np.diff(ends[first:stop], prepend=start)
        long = np.flatnonzero(lengths > limits.record_bytes)
        long = long[[self._is_long(start, first + int(line)) for line in long.tolist()]]
        if len(long) and long[0] == 0:
            return int(ends[first]), 1, True
        if len(long):
            stop = first + int(long[0])
        full = (
            stop - first == limits.records
            or stop < len(ends)
            or self.size - start > limits.bytes
            or self.fill.done
        )
        return (int(ends[stop - 1]), stop - first, False) if full else None

    def _is_long(self, start: int, line: int) -> bool:
        """Whether a line is too long without its line end, which the last one may not have."""
        begin = max(start, int(self.ends[line - 1]) if line else 0)
        end = int(self.ends[line])
        return end - begin - (self.window[end - 1] == _LINE_END) > self.limits.record_bytes

    def _long_line(self) -> Iterator[Chunk]:
        """The line that fills the window without an end: streamed by, not held."""
        hasher, length = xxhash.xxh3_128(), 0
        end = 0
        while not end:
            hasher.update(self.window[: self.size])
            length += self.size
            self.size = self.fill.into(self.window)
            if not self.size:
                break
            ends = line_ends(self.window[: self.size])
            end = int(ends[0]) if len(ends) else 0
        if self.fill.error is not None and not end:
            self.size = 0
            return
        hasher.update(self.window[:end])
        yield self._chunk(0, length + end, 1, hasher.hexdigest(), self.window[:0], oversize=True)
        self.offset += length
        self.ends = np.empty(0, dtype=np.int64)
        self._drop(end)
        self.ends = self.scan(self.window[: self.size], self.ends, 0, False)  # noqa: FBT003

    def _chunk(
        self,
        start: int,
        length: int,
        units: int,
        digest: str,
        data: memoryview,
        oversize: bool,  # noqa: FBT001
    ) -> Chunk:
        chunk = Chunk(
            index=self.index,
            position=self.position,
            offset=self.offset + start,
            length=length,
            checksum=digest,
            data=(b"" if oversize else bytes(data)) if self.carry else None,
            oversize=oversize,
            units=units,
        )
        self.index += 1
        self.position += units
        return chunk
