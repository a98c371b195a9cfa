"""Decompression as a stream: bounded memory, exact about where a file breaks, guarded against
bombs.

Python's own gzip and zstandard stream readers either lose what they had decoded when the input
breaks or take a cut file for a complete one. Here input is fed block by block, so all good bytes
come out first and the error says where it broke.
"""

import io
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Literal, cast

import zstandard

from schemas.errors import SourceError

Compression = Literal["none", "gzip", "zstd"]

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# Text compresses to a tenth, repetitive logs to a hundredth. A bomb only costs time here (memory is
# bounded), so the guard starts late and cannot refuse an honest small file.
BOMB_FREE_BYTES = 1 << 30
BOMB_RATIO = 250
_STEP = 1 << 18


def compression_of(head: bytes) -> Compression:
    """The compression that the first bytes of a file show, whatever its name says."""
    if head.startswith(GZIP_MAGIC):
        return "gzip"
    if head.startswith(ZSTD_MAGIC) or (
        len(head) >= 4 and head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F
    ):
        return "zstd"
    return "none"


class Decompressed(io.RawIOBase):
    """Readable stream over decoded pieces. `read(n)` gives at most n bytes, fewer when fewer are at
    hand.

    Raises `SourceError` when the broken place is reached, once everything before it has been read.
    """

    def __init__(self, pieces: Iterator[bytes], closer: BinaryIO) -> None:
        super().__init__()
        self._pieces = pieces
        self._closer = closer
        self._left: memoryview = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """At most `size` bytes; all of the rest when it is negative."""
        if size is None or size < 0:
            return self.readall()
        while not len(self._left):
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            if len(piece) <= size:
                if piece:
                    return piece
                continue
            self._left = memoryview(piece)
        taken, self._left = self._left[:size], self._left[size:]
        return bytes(taken)

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """How many bytes were put into the buffer."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file beneath too."""
        self._left = memoryview(b"")
        self._closer.close()
        super().close()


def decompress(raw: BinaryIO, kind: Compression, shown: str) -> BinaryIO:
    """Decoded stream of `raw` (which it owns and closes); `shown` names the file in errors."""
    if kind == "none":
        return raw
    counted = _Counted(raw)
    pieces = (_gzip if kind == "gzip" else _zstd)(counted, shown)
    return cast("BinaryIO", Decompressed(_guarded(pieces, counted, shown), raw))


class _Counted(io.RawIOBase):
    """Compressed input that knows how much of it was read."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__()
        self._raw = raw
        self.at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self.at += len(data)
        return len(data)


def _guarded(pieces: Iterator[bytes], raw: _Counted, shown: str) -> Iterator[bytes]:
    out = 0
    for piece in pieces:
        out += len(piece)
        if out > BOMB_FREE_BYTES + BOMB_RATIO * raw.at:
            raise SourceError(
                f"{shown} decompresses to more than {BOMB_RATIO} times its size: it looks like a "
                f"decompression bomb (stopped at decompressed byte {out}).",
                remedy="If the file is right, decompress it first and read the plain file.",
            )
        yield piece


def peeked(stream: BinaryIO, size: int) -> tuple[bytes, BinaryIO]:
    """The first bytes of a stream, and a stream that still starts with them."""
    head = b""
    while len(head) < size and (data := stream.read(size - len(head))):
        head += data

    def again() -> Iterator[bytes]:
        yield head
        while data := stream.read(_STEP):
            yield data

    return head, cast("BinaryIO", Decompressed(again(), stream))


def _broken(shown: str, offset: int, what: str, why: str) -> SourceError:
    return SourceError(
        f"{shown} is {what} at decompressed byte {offset}: {why}.",
        remedy="What came before was read; fetch the file again, then rerun.",
    )


def _gzip(raw: io.RawIOBase, shown: str) -> Iterator[bytes]:
    out, first = 0, True
    held = b""
    while True:
        held = held or raw.read(_STEP) or b""
        if not first:
            # Members follow one another; padding with NUL after the last one is allowed.
            while held and not held.strip(b"\0"):
                held = raw.read(_STEP) or b""
            held = held.lstrip(b"\0")
        if not held:
            return
        first = False
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            if not held and not (held := raw.read(_STEP) or b""):
                raise _broken(shown, out, "cut short", "its gzip data end too early")
            try:
                piece = member.decompress(held, _STEP)
            except zlib.error:
                raise _broken(shown, out, "corrupt", "its gzip data cannot be decoded") from None
            held = member.unused_data if member.eof else member.unconsumed_tail
            out += len(piece)
            yield piece


def _zstd(raw: io.RawIOBase, shown: str) -> Iterator[bytes]:
    """Walks the frames block by block: a block gives at most 128 KiB, whatever it holds."""
    out = 0
    context = zstandard.ZstdDecompressor(max_window_size=1 << 31)
    reader = io.BufferedReader(raw, 1 << 20)

    def need(size: int) -> bytes:
        data = reader.read(size)
        if len(data) < size:
            raise _broken(shown, out, "cut short", "its zstd data end too early")
        return data

    while magic := reader.read(4):
        if len(magic) < 4:
            raise _broken(shown, out, "cut short", "its zstd data end too early")
        if magic != ZSTD_MAGIC:
            if compression_of(magic) != "zstd":
                raise _broken(shown, out, "corrupt", "there is no zstd frame")
            skip = int.from_bytes(need(4), "little")
            while skip:
                skip -= len(need(min(skip, _STEP)))
            continue
        header, checksum = _zstd_header(magic, need)
        frame = context.decompressobj()
        last = False
        try:
            frame.decompress(header)
            while not last:
                block = need(3)
                bits = int.from_bytes(block, "little")
                last, kind, size = bool(bits & 1), (bits >> 1) & 3, bits >> 3
                piece = frame.decompress(block + need(1 if kind == 1 else size))
                out += len(piece)
                yield piece
            if checksum:
                piece = frame.decompress(need(4))
                out += len(piece)
                yield piece
        except zstandard.ZstdError:
            raise _broken(shown, out, "corrupt", "its zstd data cannot be decoded") from None


def _zstd_header(magic: bytes, need: Callable[[int], bytes]) -> tuple[bytes, bool]:
    """The whole frame header, and whether a checksum follows the last block (RFC 8878, 3.1.1.1)."""
    first = need(1)
    bits = first[0]
    single = bool(bits & 0x20)
    size = (0 if single else 1) + (0, 1, 2, 4)[bits & 3] + (1 if single else 0, 2, 4, 8)[bits >> 6]
    return magic + first + need(size), bool(bits & 4)
