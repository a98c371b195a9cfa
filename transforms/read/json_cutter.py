"""Cuts one JSON document into chunks of whole elements as it streams by."""

import io
from collections.abc import Iterator
from typing import BinaryIO, cast

import numpy as np
import xxhash

from schemas.errors import SourceError
from transforms.read.chunk import Chunk, Limits
from transforms.read.cutter import Ends, _Cutter
from transforms.read.fill import Fill
from transforms.read.json_splitter import Splitter

_NONE: Ends = np.empty(0, dtype=np.int64)


class WatchedDocument(io.RawIOBase):
    """A stream of one document, which notes where its units end, and ends with an error if it breaks."""

    def __init__(self, stream: BinaryIO, shown: str) -> None:
        super().__init__()
        self.splitter = Splitter()
        self._stream, self._shown = stream, shown
        self._ends: list[Ends] = []
        self._ended = False

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """How many bytes were put into `buffer`. Raises `SourceError` where the document breaks."""
        splitter = self.splitter
        if splitter.garbage is not None:
            raise self._broken()
        before = splitter.total
        count: int = self._stream.readinto(buffer)  # type: ignore[attr-defined]
        if not count:
            self._end(before)
            return 0
        self._ends.append(splitter.feed(memoryview(buffer)[:count]))
        if splitter.garbage is None:
            return count
        if splitter.closed is not None:
            self._ends.append(np.array([splitter.garbage], dtype=np.int64))
        if splitter.garbage == before:
            raise self._broken()
        return splitter.garbage - before

    def ends_behind(self, offset: int) -> Ends:
        """The known ends behind an offset of the document; those before it are forgotten."""
        ends = np.concatenate(self._ends) if self._ends else _NONE
        ends = ends[np.searchsorted(ends, offset, side="right") :]
        self._ends = [ends]
        return ends

    def close(self) -> None:
        """Close the stream too."""
        self._stream.close()
        super().close()

    def _end(self, total: int) -> None:
        if self._ended or not total:
            return
        self._ended = True
        if self.splitter.closed is None:
            raise self._broken()
        self._ends.append(np.array([total], dtype=np.int64))

    def _broken(self) -> SourceError:
        splitter = self.splitter
        if not splitter.opening:
            return SourceError(
                f"{self._shown} does not start with [ or {{: it is no JSON array or object.",
                remedy="Check the file, its `reader` and its encoding (options.encoding).",
            )
        if splitter.garbage is None:
            return SourceError(
                f"{self._shown} is cut short at decompressed byte {splitter.total}: its JSON "
                "document is not closed.",
                remedy="What came before was read; fetch the file again, then rerun.",
            )
        what = "its JSON document ends before" if splitter.closed is not None else "wrong bracket"
        return SourceError(
            f"{self._shown} is corrupt at decompressed byte {splitter.garbage}: {what}.",
            remedy="What came before was read; a file must hold one JSON document.",
        )


class ElementCutter(_Cutter):
    """Cuts where a watched stream says; a unit that is too long ends there too, not with a line."""

    def __init__(self, watched: WatchedDocument, limits: Limits, *, carry: bool) -> None:
        super().__init__(Fill(cast("BinaryIO", watched)), limits, self._known, carry=carry)
        self._watched = watched

    def _known(self, window: memoryview, known: Ends, old: int, final: bool) -> Ends:  # noqa: ARG002, FBT001
        return self._watched.ends_behind(self.offset) - self.offset

    def _long_line(self) -> Iterator[Chunk]:
        hasher, length, end = xxhash.xxh3_128(), 0, 0
        while not end:
            hasher.update(self.window[: self.size])
            length += self.size
            self.size = self.fill.into(self.window)
            if not self.size:
                break
            ends = self._watched.ends_behind(self.offset + length)
            end = int(ends[0]) - self.offset - length if len(ends) else 0
        if self.fill.error is not None and not end:
            self.size = 0
            return
        hasher.update(self.window[:end])
        yield self._chunk(0, length + end, 1, hasher.hexdigest(), self.window[:0], oversize=True)
        self.offset += length
        self.ends = _NONE
        self._drop(end)
        self.ends = self._known(self.window[: self.size], _NONE, 0, final=False)
