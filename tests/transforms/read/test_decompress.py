import gzip
import io
import random

import pytest
import zstandard

from schemas.errors import SourceError
from transforms.read import decompress as module
from transforms.read.decompress import compression_of, decompress
from transforms.read.fill import Fill

DATA = b"".join(b"line %d %d\n" % (i, i * i) for i in range(40_000))


def zst(data: bytes, **kwargs: object) -> bytes:
    return zstandard.ZstdCompressor(**kwargs).compress(data)  # type: ignore[arg-type]


def all_of(packed: bytes) -> tuple[bytes, SourceError | None]:
    with decompress(io.BytesIO(packed), compression_of(packed[:8]), "the-file") as stream:
        fill = Fill(stream)
        data = b"".join(iter(lambda: fill.read(1 << 16), b""))
        return data, fill.error


SKIPPABLE = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"12345"
LONG_WINDOW = zstandard.ZstdCompressionParameters.from_level(
    3, window_log=29, enable_ldm=True, write_checksum=True
)


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(DATA),
        gzip.compress(DATA[:1000]) + gzip.compress(b"") + gzip.compress(DATA[1000:]) + b"\0" * 700,
        zst(DATA),
        zst(DATA, write_checksum=True, write_content_size=False),
        zst(DATA[:7]) + SKIPPABLE + zst(b"") + zst(DATA[7:]),
        SKIPPABLE + zst(DATA),
        zstandard.ZstdCompressor(compression_params=LONG_WINDOW).compress(DATA),
        DATA,
    ],
    ids=["gzip", "members", "zstd", "checksum", "frames", "skippable", "long", "plain"],
)
def test_whole_files(packed: bytes) -> None:
    assert all_of(packed) == (DATA, None)


def test_a_window_of_2_gib_is_accepted() -> None:
    frame = bytearray(zst(b"x" * 10, write_content_size=False))
    frame[4] &= ~0x20  # not a single segment: a window descriptor follows
    frame[5] = (31 - 10) << 3
    assert all_of(bytes(frame))[0] == b"x" * 10


@pytest.mark.parametrize("pack", [gzip.compress, zst], ids=["gzip", "zstd"])
def test_cut_anywhere(pack) -> None:
    packed = pack(DATA)
    for end in [*range(9, 60), *random.Random(1).sample(range(60, len(packed)), 60)]:
        data, error = all_of(packed[:end])
        assert DATA.startswith(data)
        assert error is not None
        assert "the-file is cut short" in str(error)
        assert f"byte {len(data)}" in str(error)
    assert len(data) > 0


@pytest.mark.parametrize("pack", [gzip.compress, zst], ids=["gzip", "zstd"])
def test_corrupt_in_the_middle_keeps_what_was_before(pack) -> None:
    whole = pack(DATA)
    packed = bytearray(whole + pack(DATA))
    for at in range(len(whole) + 30, len(whole) + 200):
        packed[at] ^= 0x5A
    data, error = all_of(bytes(packed))
    assert data[: len(DATA)] == DATA
    assert error is not None
    assert "corrupt" in str(error) or "cut short" in str(error)


def test_rubbish_after_the_end() -> None:
    assert "corrupt" in str(all_of(zst(DATA) + b"hello there")[1])
    assert "corrupt" in str(all_of(gzip.compress(DATA) + b"hello there")[1])


@pytest.mark.parametrize("pack", [gzip.compress, zst], ids=["gzip", "zstd"])
def test_bombs_are_stopped(monkeypatch: pytest.MonkeyPatch, pack) -> None:
    monkeypatch.setattr(module, "BOMB_FREE_BYTES", 1 << 20)
    data, error = all_of(pack(b"\0" * (64 << 20)))
    assert "bomb" in str(error)
    assert len(data) < 32 << 20


def test_pieces_of_a_bomb_are_small() -> None:
    packed = zst(b"\0" * (64 << 20))
    with decompress(io.BytesIO(packed), "zstd", "x") as stream:
        assert max(map(len, iter(lambda: stream.read(1 << 30), b""))) <= 1 << 18
