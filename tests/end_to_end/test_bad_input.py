"""Bad input: a clear message, the right exit code, rows at fault in quarantine, and nothing else lost."""

import gzip
import json
import re
import sqlite3
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
import zstandard

from tests.end_to_end.corpus import Ran, command

CONFIG = """lake: lake
corpora:
  - name: bad
    domain: social
    license: CC0-1.0
    sources: {sources}
    columns: {{text: text, id: id}}
"""
GOOD = [{"id": f"g{n}", "text": f"this is the good post number {n}"} for n in range(50)]
LINES = "".join(json.dumps(row) + "\n" for row in GOOD).encode()


def ingest(folder: Path, *sources: str, stage: str = "ingest") -> Ran:
    listed = "[" + ", ".join(sources) + "]"
    (folder / "config.yaml").write_text(CONFIG.format(sources=listed))
    return command(stage, "config.yaml", "--json", cwd=folder)


def counts(ran: Ran) -> dict[str, int]:
    return ran.json["stages"][0]["counts"]


def quarantined(folder: Path) -> list[tuple[int, str]]:
    files = sorted((folder / "lake" / "quarantine").rglob("*.parquet"))
    rows = pl.concat([pl.DataFrame(pl.from_arrow(pq.read_table(file))) for file in files])
    return sorted(rows.select("position", "error_class").rows())


def clear(ran: Ran) -> None:
    """No traceback, and the message says what to do next (a sentence after the first)."""
    assert "Traceback" not in ran.err
    assert ran.err.strip(), "a message is needed"


def test_missing_file(tmp_path: Path) -> None:
    (tmp_path / "posts.jsonl").write_bytes(LINES)
    ran = ingest(tmp_path, "post.jsonl")
    assert ran.code == 1
    clear(ran)
    assert "There is no file" in ran.err
    assert "Did you mean" in ran.err
    assert "posts.jsonl" in ran.err


def test_wrong_column(tmp_path: Path) -> None:
    (tmp_path / "posts.jsonl").write_bytes(LINES.replace(b'"text"', b'"texts"'))
    ran = ingest(tmp_path, "posts.jsonl")
    assert ran.code == 1
    clear(ran)
    assert "no column 'text'" in ran.err
    assert "texts" in ran.err


@pytest.mark.slow
def test_binary_file(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "posts.jsonl")
    database.execute("CREATE TABLE posts (text TEXT)")
    database.commit()
    database.close()
    ran = ingest(tmp_path, "posts.jsonl")
    assert ran.code == 1
    clear(ran)
    assert re.search("SQLite", ran.err)


@pytest.mark.slow
def test_empty_file_and_good_file(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "good.jsonl").write_bytes(LINES)
    ran = ingest(tmp_path, "empty.jsonl", "good.jsonl")
    assert ran.code == 0, ran.err
    assert counts(ran)["records"] == 50


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_truncated_compressed_file(tmp_path: Path, kind: str) -> None:
    import random

    draw = random.Random(1)
    many = [
        {"id": f"t{n}", "text": " ".join(str(draw.random()) for _ in range(20))}
        for n in range(5_000)
    ]
    raw = "".join(json.dumps(row) + "\n" for row in many).encode()
    packed = gzip.compress(raw) if kind == "gz" else zstandard.compress(raw)
    (tmp_path / f"cut.jsonl.{kind}").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "good.jsonl").write_bytes(LINES)
    ran = ingest(tmp_path, f"cut.jsonl.{kind}", "good.jsonl")
    assert ran.code == 1
    clear(ran) if ran.err else None
    found = counts(ran)
    # Half of the stream was there: about half of its rows are kept, and all of the good file's.
    assert 50 + 1_500 < found["records"] < 50 + 3_500
    assert found["in"] == found["used"] + found["skipped"] + found["quarantined"]
    assert (-1, "broken_source") in quarantined(tmp_path)


@pytest.mark.slow
def test_truncated_parquet(tmp_path: Path) -> None:
    pl.DataFrame(GOOD).write_parquet(tmp_path / "cut.parquet")
    whole = (tmp_path / "cut.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[:-50])
    ran = ingest(tmp_path, "cut.parquet")
    assert ran.code == 1
    clear(ran)
    assert "cut.parquet" in ran.err


@pytest.mark.slow
def test_rows_at_fault_are_quarantined(tmp_path: Path) -> None:
    deep = b'{"id": "deep", "text": ' + b"[" * 10_000 + b"]" * 10_000 + b"}\n"
    faults = [
        b'{"id": "utf8", "text": "caf\xe9"}\n',
        b'{"id": "nul", "text": "a\x00b"}\n',
        deep,
        b'{"id": "number", "text": 12}\n',
        b'{"id": "none"}\n',
        b'{"id": "cut", "text": "abc\n',
        b"[1, 2]\n",
    ]
    (tmp_path / "bad.jsonl").write_bytes(LINES + b"".join(faults) + LINES.replace(b"g", b"h"))
    ran = ingest(tmp_path, "bad.jsonl")
    assert ran.code == 0, ran.err
    found = counts(ran)
    assert found["in"] == 107
    assert found["records"] == 100
    assert found["quarantined"] == 7
    assert [position for position, _ in quarantined(tmp_path)] == list(range(50, 57))


@pytest.mark.slow
def test_one_long_line(tmp_path: Path) -> None:
    with (tmp_path / "long.jsonl").open("wb") as file:
        file.write(LINES)
        file.write(b'{"id": "long", "text": "' + b"x" * 100_000_000 + b'"}\n')
        file.write(LINES.replace(b'"g', b'"h'))
    ran = ingest(tmp_path, "long.jsonl")
    assert ran.code == 0, ran.err
    assert counts(ran)["records"] == 100
    assert quarantined(tmp_path) == [(50, "unit_too_long")]


@pytest.mark.slow
def test_duplicate_ids(tmp_path: Path) -> None:
    twice = json.dumps({"id": "g3", "text": "this is the edited post"}).encode() + b"\n"
    (tmp_path / "posts.jsonl").write_bytes(LINES + twice)
    ran = ingest(tmp_path, "posts.jsonl", stage="clean")
    assert ran.code == 0, ran.err
    clean = ran.json["stages"][1]
    assert clean["counts"] == {"in": 51, "kept": 50, "dropped": 1}
    assert clean["reasons"] == {"duplicate_id": 1}
    files = list((tmp_path / "lake" / "clean").rglob("*.parquet"))
    kept = pl.read_parquet(files).filter(outcome="kept")["text_clean"].to_list()
    assert "this is the edited post" in kept  # the later line wins
    assert "this is the good post number 3" not in kept


def test_five_mistakes_in_a_config(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        """lake: lake
corpora:
  - name: Bad Name
    domain: socail
    sources: posts.jsonl
    colums: {text: text}
engine: {workers: 0}
"""
    )
    ran = command("run", "config.yaml", cwd=tmp_path)
    assert ran.code == 2
    clear(ran)
    assert "5 mistakes" in ran.err
    for line, key in ((3, "name"), (4, "domain"), (3, "license"), (6, "colums"), (7, "workers")):
        assert re.search(rf"line {line}: .*{key}", ran.err), (line, key, ran.err)
    assert "did you mean 'columns'?" in ran.err


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "keys and values"), ("- a\n", "keys and values"), ("a: [", "not YAML")],
)
def test_configs_that_are_none(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "config.yaml").write_text(text)
    ran = command("run", "config.yaml", cwd=tmp_path)
    assert ran.code == 2
    clear(ran)
    assert told in ran.err


def test_no_config(tmp_path: Path) -> None:
    ran = command("run", "nothing.yaml", cwd=tmp_path)
    assert ran.code == 2
    assert "affectmine init" in ran.err


@pytest.mark.slow
def test_another_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "posts.jsonl").write_bytes(LINES)
    assert ingest(tmp_path, "posts.jsonl").code == 0
    ran = command(
        "ingest", "config.yaml", cwd=tmp_path, AFFECTMINE_KEY="another key, quite long " * 2
    )
    assert ran.code == 2
    assert "another pseudonym key" in ran.err
    assert "AFFECTMINE_KEY" in ran.err
