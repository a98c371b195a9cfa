"""One document a file: bounds, breaks, encodings."""

import codecs
import random
from pathlib import Path

import pytest
import zstandard

from schemas.errors import SourceError
from tests.transforms.read.reading import source_of
from transforms.read.chunk import Limits
from transforms.read.document import cut_document, lines_of


def chunks(path: Path, **limits: int) -> list:
    return list(cut_document(source_of(path), Limits(**limits)))


def test_a_document_is_one_chunk_and_an_empty_file_none(tmp_path: Path) -> None:
    path = tmp_path / "talk.md"
    path.write_bytes(b"one\r\ntwo\n\nfour")
    [chunk] = chunks(path)
    assert (chunk.index, chunk.offset, chunk.length, chunk.oversize) == (0, 0, 14, False)
    assert lines_of(chunk) == [(0, 5, "one"), (5, 4, "two"), (9, 1, ""), (10, 4, "four")]
    path.write_bytes(b"")
    assert chunks(path) == []


def test_marks_and_encodings(tmp_path: Path) -> None:
    path = tmp_path / "talk.md"
    path.write_bytes(codecs.BOM_UTF8 + "é\n".encode() + b"\xff\n" + b"ok\n")
    assert [line[2] for line in lines_of(chunks(path)[0])] == ["é", None, "ok"]
    path.write_bytes("a\r\né\n".encode("utf-16"))
    assert lines_of(chunks(path)[0]) == [(-1, 0, "a"), (-1, 0, "é")]


def test_a_document_beyond_the_bound_streams_by(tmp_path: Path) -> None:
    path = tmp_path / "talk.md"
    path.write_bytes(b"x" * 5_000_000)
    [chunk] = chunks(path, record_bytes=1_000)
    assert (chunk.oversize, chunk.length, chunk.data) == (True, 5_000_000, b"")


def test_a_cut_stream_gives_its_whole_lines_and_then_the_error(tmp_path: Path) -> None:
    numbers = random.Random(7)
    text = "".join(f"line {numbers.random()}\n" for _ in range(100_000))
    path = tmp_path / "talk.md.zst"
    packed = zstandard.compress(text.encode())
    path.write_bytes(packed[: len(packed) // 2])
    cut = cut_document(source_of(path), Limits())
    chunk = next(cut)
    assert chunk.data is not None
    assert text.startswith(chunk.data.decode())
    assert chunk.data.endswith(b"\n")
    with pytest.raises(SourceError, match="is cut short"):
        next(cut)
