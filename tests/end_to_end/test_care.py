"""A lake over its life: plan, run, status, late data, a gate that blocks, compact, vacuum, groups."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from tests.end_to_end.corpus import START, checksum, command, manifests, write_corpus

pytestmark = pytest.mark.slow


BLOCKING = """suite: strict_clean
dataset: clean
version: 1
extends: clean
expectations:
  - id: never_more_than_ten
    type: expect_table_row_count_to_be_between
    parameters: {max_value: 10}
    severity: critical
    why: Planted by a test to see that a critical expectation stops publication.
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("care")
    config = write_corpus(folder, 1_200, shard_records=300)
    ran = command("run", config, "--json", cwd=folder)
    assert ran.code == 0, ran.err
    return folder


def test_plan_knows_what_is_done_and_writes_nothing(lake: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    plan = command("plan", lake / "config.yaml", "--lake", fresh, "--json", cwd=lake).json
    assert plan["corpora"]["posts"] == {
        "shards": 4, "shards_done": 0, "units": 1_200, "units_done": 0,
        "bytes": (lake / "posts.jsonl").stat().st_size,
    }  # fmt: skip
    assert plan["stages"][0]["seconds"] is None
    assert not fresh.exists()
    plan = command("plan", lake / "config.yaml", "--json", cwd=lake).json
    assert plan["corpora"]["posts"]["shards_done"] == 4
    assert [stage["units_to_do"] for stage in plan["stages"]] == [0, 0, 0]


def test_status_counts(lake: Path) -> None:
    status = command("status", "--json", cwd=lake).json
    assert status["snapshot"] == 1
    rows = {row["dataset"]: row["rows"] for row in status["datasets"]}
    assert rows == {
        "records": 1_199, "clean": 1_199, "labels": 1_198, "quarantine": 1, "quarantine_raw": 1,
    }  # fmt: skip
    run = status["last_run"]
    assert run["state"] == "done"
    assert [(row["stage"], row["pending"], row["failed"]) for row in run["stages"]] == [
        ("ingest", 0, 0), ("clean", 0, 0), ("label", 0, 0),
    ]  # fmt: skip


def test_a_gate_that_blocks_publishes_nothing(lake: Path, tmp_path: Path) -> None:
    for name in ("posts.jsonl", "config.yaml"):
        shutil.copy(lake / name, tmp_path / name)
    (tmp_path / "strict.yaml").write_text(BLOCKING)
    config = tmp_path / "config.yaml"
    config.write_text(config.read_text() + "check: {suites: [strict.yaml]}\n")
    ran = command("run", config, "--json", cwd=tmp_path)
    assert ran.code == 3
    assert ran.json["snapshot"] is None
    shown = command("run", config, cwd=tmp_path)
    assert shown.code == 3
    assert "never_more_than_ten" in shown.err
    assert not (tmp_path / "lake" / "snapshots").exists()
    refused = command("sql", "SELECT 1", cwd=tmp_path)
    assert (refused.code, "Nothing is published" in refused.err) == (1, True)
    # The work is kept: with the suite gone, nothing is computed again.
    config.write_text(config.read_text().replace("check: {suites: [strict.yaml]}\n", ""))
    ran = command("run", config, "--json", cwd=tmp_path)
    assert ran.code == 0
    assert all(stage["done_before"] == stage["shards"] for stage in ran.json["stages"])


def test_no_quality_extra_stops_before_ingest(lake: Path, tmp_path: Path) -> None:
    hidden = tmp_path / "hide"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.util\n_find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *a: None if name.startswith('great_exp') "
        "else _find(name, *a)\n"
    )
    ran = command(
        "run", lake / "config.yaml", "--lake", tmp_path / "lake", cwd=lake,
        PYTHONPATH=f"{hidden}{os.pathsep}{Path(__file__).resolve().parents[2]}",
    )  # fmt: skip
    assert ran.code == 2
    assert "pip install 'affectmine[quality]'" in ran.err
    assert not (tmp_path / "lake").exists()


def test_late_data_groups_compact_vacuum(lake: Path, tmp_path: Path) -> None:
    for name in ("posts.jsonl", "config.yaml"):
        shutil.copy(lake / name, tmp_path / name)
    config = tmp_path / "config.yaml"
    for group in ("1/2", "2/2"):
        ran = command("label", config, "--group", group, "--json", cwd=tmp_path)
        assert ran.code == 0, ran.err
    made = manifests(tmp_path / "lake")
    ran = command("publish", config, "--json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert manifests(tmp_path / "lake") == made  # the two groups had done all of it
    assert checksum(tmp_path / "lake") == checksum(lake / "lake")

    late = {"id": "late", "author": "x", "body": "this came a day late", "created_utc": START + 60}
    (tmp_path / "late.jsonl").write_text(json.dumps(late) + "\n")
    config.write_text(config.read_text().replace("posts.jsonl", "late.jsonl"))
    ran = command("run", config, "--json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    rows = checksum(tmp_path / "lake")
    assert rows["clean"][0] == 1_200  # the late row came to its day, nothing else left

    before = checksum(tmp_path / "lake")
    ran = command("compact", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert checksum(tmp_path / "lake") == before
    old = time.time() - 7 * 86_400
    for path in (tmp_path / "lake").rglob("*"):
        os.utime(path, (old, old))
    ran = command("vacuum", "--retain", "1", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert checksum(tmp_path / "lake") == before
    files = [
        path for path in (tmp_path / "lake" / "clean").rglob("*.parquet")
        if path.name.startswith("shard-")
    ]  # fmt: skip
    assert files == []
    # A new taxonomy needs the clean shards, which now lie in compacted files.
    config.write_text(config.read_text() + "label: [{taxonomy: ekman}]\n")
    ran = command("run", config, "--json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert (
        checksum(tmp_path / "lake")["labels emotion/goemotions/student"]
        == before["labels emotion/goemotions/student"]
    )
    told = command("vacuum", "--older-than", "soon", cwd=tmp_path)
    assert (told.code, "not an age" in told.err) == (2, True)
