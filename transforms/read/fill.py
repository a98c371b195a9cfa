"""Full reads from a stream that gives less than asked for, with its break kept for later."""

from typing import BinaryIO

import numpy as np

from schemas.errors import SourceError


class Fill:
    """Reads full blocks; a break of the stream is kept in `error`, after all before it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.done = False
        self.error: SourceError | None = None

    def into(self, buffer: memoryview) -> int:
        """How many bytes were put into `buffer`: fewer than it holds only at the end (`done`)."""
        at = 0
        while at < len(buffer) and not self.done:
            try:
                count = self._stream.readinto(buffer[at:])  # type: ignore[attr-defined]
            except SourceError as error:
                self.error = error
                count = 0
            self.done = not count
            at += count
        return at

    def read(self, size: int) -> bytes:
        """`size` bytes, fewer only at the end or break of the stream."""
        buffer = np.empty(size, dtype=np.uint8).data  # untouched until it is filled
        return bytes(buffer[: self.into(buffer)])
