import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import SourceError
from tests.transforms.read.reading import source_of
from transforms.read.chunk import Chunk, Limits, checksum
from transforms.read.cutter import cut, scan_lines
from transforms.read.source import open_stream

lines = st.lists(st.integers(0, 60).map(lambda n: b"x" * n), max_size=12).map(b"\n".join)


def chunks_of(path: Path, limits: Limits) -> list[Chunk]:
    source = source_of(path)
    return list(cut(open_stream(source), limits, scan_lines, carry=not source.is_plain))


def reference(data: bytes, limits: Limits) -> list[tuple[bytes, bool]]:
    """Line by line, as the docstring says it."""
    found: list[tuple[bytes, bool]] = []
    chunk: list[bytes] = []
    for line in list(data.splitlines(keepends=True)) if data else []:
        long = len(line.removesuffix(b"\n")) > limits.record_bytes
        size = sum(map(len, chunk)) + len(line)
        if chunk and (long or len(chunk) >= limits.records or size > limits.bytes):
            found.append((b"".join(chunk), False))
            chunk = []
        if long:
            found.append((line, True))
        else:
            chunk.append(line)
    return [*found, (b"".join(chunk), False)] if chunk else found


@settings(deadline=None, max_examples=300)
@given(
    data=st.tuples(lines, st.sampled_from([b"", b"\n", b"\n\n"])).map(b"".join),
    records=st.integers(1, 6),
    size=st.integers(1, 80),
    record_bytes=st.integers(1, 50),
    packed=st.booleans(),
)
def test_same_as_line_by_line(tmp_path_factory, data, records, size, record_bytes, packed) -> None:
    path = tmp_path_factory.getbasetemp() / "lines"
    path.write_bytes(gzip.compress(data) if packed else data)
    limits = Limits(records=records, bytes=size, record_bytes=record_bytes)
    chunks, offset, position = chunks_of(path, limits), 0, 0
    expected = reference(data, limits)
    assert len(chunks) == len(expected)
    for index, (chunk, (part, long)) in enumerate(zip(chunks, expected, strict=True)):
        kept = (b"" if long else part) if packed else None
        lines = part.count(b"\n") + (not part.endswith(b"\n"))
        assert chunk == Chunk(
            index, position, offset, len(part), checksum(part), kept, oversize=long, units=lines
        )
        offset += len(part)
        position += lines


def test_before_a_break_all_whole_lines_come(tmp_path: Path) -> None:
    data = b"".join(b"line %d\n" % i for i in range(50_000))
    packed = gzip.compress(data, 1)
    (tmp_path / "a.gz").write_bytes(packed[: len(packed) // 2])
    source = source_of(tmp_path / "a.gz")
    got = b""
    with pytest.raises(SourceError, match="cut short at decompressed byte"):  # noqa: PT012
        for chunk in cut(open_stream(source), Limits(records=1000), scan_lines, carry=True):
            assert chunk.data is not None
            got += chunk.data
    assert data.startswith(got)
    assert got.endswith(b"\n")
    assert len(got) > len(data) // 3
