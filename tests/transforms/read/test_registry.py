import gzip
import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from schemas.errors import SourceError
from tests.transforms.read.reading import source_of
from transforms.read.registry import READERS, guess, reader_named


@pytest.mark.parametrize(
    ("name", "data", "reader"),
    [
        ("a.jsonl", b'{"text":"a"}\n', "jsonl"),
        ("a.jsonl", b'{"text": \n{"text":"a"}\n', "jsonl"),
        pytest.param("a.jsonl", b'{"text":"' + b"x" * (2 << 20), "jsonl", id="long line"),
        ("a.txt", b' \n{"text":"a"}\n', "jsonl"),
        ("a.jsonl.gz", gzip.compress(b'{"text":"a"}\n', mtime=0), "jsonl"),
        ("a.csv", b"id,text\n1,a\n", "csv"),
        ("a.csv", "id,text\n".encode("utf-16"), "csv"),
        ("a.tsv", b"id\ttext\n", "tsv"),
        ("a.tsv.zst", zstandard.compress(b"some text\t3,4\teebbqej\n"), "goemotions"),
        ("empty.csv", b"", "csv"),
        ("empty.jsonl", b"", "jsonl"),
    ],
)
def test_guesses(tmp_path: Path, name: str, data: bytes, reader: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert guess(source_of(tmp_path / name)).name == reader


def test_parquet_by_its_bytes(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "data")
    assert guess(source_of(tmp_path / "data")).name == "parquet"


@pytest.mark.parametrize(
    ("data", "looks"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "a PNG image"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"PK\x03\x04" + b"x" * 50, "a zip archive"),
        (b"\x80\x04\x95abc", "a Python pickle"),
        (b"\0\1\2\3" * 100, "a binary file"),
        (b'{\n  "text": "a"\n}\n', "a JSON document"),
        (b'[{"text": "a"}]\n', "a JSON document"),
        (gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "gzip data inside of gzip data"),
    ],
)
@pytest.mark.parametrize("name", ["data.bin", "data.csv"])
def test_binary_files_are_named(tmp_path: Path, data: bytes, looks: str, name: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=f"looks like {looks}"):
        guess(source_of(tmp_path / name))


def test_an_sqlite_database(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "posts.db") as base:
        base.execute("create table t (a)")
    with pytest.raises(SourceError, match="SQLite database"):
        guess(source_of(tmp_path / "posts.db"))


def test_text_of_no_known_format(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("just words\n")
    with pytest.raises(SourceError, match=r"no reader knows.*jsonl.*csv"):
        guess(source_of(tmp_path / "a.txt"))


def test_a_cut_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"x" * 100)[:12])
    with pytest.raises(SourceError, match="cut short"):
        guess(source_of(tmp_path / "a.gz"))


def test_names() -> None:
    assert reader_named("csv") is READERS["csv"]
    with pytest.raises(SourceError, match=r"no reader 'xls'.*parquet, .*reddit, jsonl"):
        reader_named("xls")
