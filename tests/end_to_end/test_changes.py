"""Sources that change between runs, and lakes that suffer: the next run tells, heals or refuses."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.corpus import START, Ran, command

pytestmark = pytest.mark.slow

HEAD = """lake: lake
corpora:
  - name: c
    domain: social
    license: CC0-1.0
    sources: {sources}
    columns: {columns}
"""


def run(folder: Path, *, sources: str, columns: str = "{text: text}", more: str = "") -> Ran:
    (folder / "config.yaml").write_text(HEAD.format(sources=sources, columns=columns) + more)
    return command("run", "config.yaml", "--json", cwd=folder)


def texts(folder: Path) -> list[str]:
    asked = command(
        "sql", "SELECT text_clean AS t FROM clean WHERE outcome = 'kept' ORDER BY 1",
        "--format", "json", cwd=folder,
    )  # fmt: skip
    assert asked.code == 0, asked.err
    return [json.loads(line)["t"] for line in asked.out.splitlines()]


def lines(*rows: dict) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_a_source_that_lost_its_rows_is_unpublished(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines({"text": "this goes away"}))
    (tmp_path / "b.jsonl").write_text(lines({"text": "this stays here"}))
    assert run(tmp_path, sources="[a.jsonl, b.jsonl]").code == 0
    assert texts(tmp_path) == ["this goes away", "this stays here"]
    (tmp_path / "a.jsonl").write_text('{"text": 7}\n')
    ran = run(tmp_path, sources="[a.jsonl, b.jsonl]")
    assert (ran.code, ran.json["snapshot"]) == (0, 2)
    assert texts(tmp_path) == ["this stays here"]
    (tmp_path / "b.jsonl").write_text("")
    ran = run(tmp_path, sources="[a.jsonl, b.jsonl]")
    assert ran.code == 0, ran.err
    assert texts(tmp_path) == []
    asked = command("sql", "SELECT count(*) AS n FROM labels", "--format", "json", cwd=tmp_path)
    assert json.loads(asked.out) == {"n": 0}


def test_a_changed_header_redoes_every_chunk(tmp_path: Path) -> None:
    rows = [f"some text number {n},user{n}" for n in range(9)]
    (tmp_path / "t.csv").write_text("\n".join(["text,user", *rows]) + "\n")
    more = "ingest: {shard_records: 4}\n"
    columns = "{text: text, speaker: user}"
    assert run(tmp_path, sources="t.csv", columns=columns, more=more).code == 0
    before = texts(tmp_path)
    assert before == sorted(f"some text number {n}" for n in range(9))
    (tmp_path / "t.csv").write_text("\n".join(["user,text", *rows]) + "\n")
    assert run(tmp_path, sources="t.csv", columns=columns, more=more).code == 0
    assert texts(tmp_path) == sorted(f"user{n}" for n in range(9))


def test_a_damaged_shard_leaves_its_day_as_it_was_and_the_lake_heals(tmp_path: Path) -> None:
    two_days = [
        {"text": "monday was fine", "at": START},
        {"text": "tuesday was better", "at": START + 86_400},
    ]
    (tmp_path / "p.jsonl").write_text(lines(*two_days))
    columns = "{text: text, created_at: at}"
    (tmp_path / "config.yaml").write_text(HEAD.format(sources="p.jsonl", columns=columns))
    assert command("clean", "config.yaml", cwd=tmp_path).code == 0
    (shard,) = (tmp_path / "lake" / "clean" / "c" / "2026-03-03").glob("*.parquet")
    shard.write_bytes(shard.read_bytes()[:100])
    ran = run(tmp_path, sources="p.jsonl", columns=columns)
    assert ran.code == 1
    assert [failure["stage"] for failure in ran.json["failures"]] == ["label"]
    assert texts(tmp_path) == ["monday was fine"]
    told = command("status", cwd=tmp_path)
    assert "cannot be read as Parquet" in told.out
    shard.unlink()
    assert command("vacuum", "--older-than", "0s", cwd=tmp_path).code == 0
    ran = run(tmp_path, sources="p.jsonl", columns=columns)
    assert ran.code == 0, ran.err
    assert texts(tmp_path) == ["monday was fine", "tuesday was better"]


def test_damaged_notes_are_told(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(lines({"text": "a text of some length"}))
    assert run(tmp_path, sources="p.jsonl").code == 0
    (manifest,) = (tmp_path / "lake" / "clean").rglob("shard-*.json")
    whole = manifest.read_bytes()
    manifest.write_bytes(b"")
    ran = run(tmp_path, sources="p.jsonl")
    assert ran.code == 1
    shown = command("run", "config.yaml", cwd=tmp_path)
    assert "is damaged" in shown.err
    assert "Delete it" in shown.err
    manifest.write_bytes(whole)
    marker = tmp_path / "lake" / "lake.json"
    for content in (b"", b"[]", b"{}"):
        marker.write_bytes(content)
        ran = command("status", cwd=tmp_path)
        assert ran.code in (1, 2)
        assert "Unexpected" not in ran.err


def test_old_snapshots_are_told_as_vacuumed(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / "p.jsonl").write_text(lines({"text": f"edition number {number}"}))
        assert run(tmp_path, sources="p.jsonl").json["snapshot"] == number + 1
    assert command("vacuum", "--retain", "1", "--older-than", "0s", cwd=tmp_path).code == 0
    assert texts(tmp_path) == ["edition number 2"]
    ran = command("sql", "SELECT 1 FROM clean", "--as-of", "1", cwd=tmp_path)
    assert (ran.code, "vacuumed" in ran.err) == (2, True)


def test_a_path_that_sql_would_take_as_a_pattern_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "st*r"
    folder.mkdir()
    (folder / "p.jsonl").write_text(lines({"text": "a text"}))
    ran = run(folder, sources="p.jsonl")
    assert ran.code == 2
    assert "choose a path without them" in ran.err


def test_raw_text_is_for_the_owner_only(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(lines({"text": "a text"}))
    assert run(tmp_path, sources="p.jsonl").code == 0
    mode = (tmp_path / "lake" / "restricted").stat().st_mode & 0o777
    assert mode == 0o700
    note = json.loads((tmp_path / "lake" / "corpora" / "c.json").read_text())
    assert note["license"] == "CC0-1.0"
