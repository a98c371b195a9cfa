"""Dedup in a whole run, as a user starts it: by the command."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.corpus import checksum, command, manifests

pytestmark = pytest.mark.slow

CONFIG = """lake: lake
corpora:
  - name: posts
    domain: social
    license: CC0-1.0
    sources: "*.jsonl"
    columns: {text: text, id: id, speaker: who, created_at: at, reply_to: to}
ingest: {shard_records: 4}
dedup: {}
engine: {workers: 2}
"""
POSTS = [
    # id, text, reply_to; two days, three shards of the file
    ("1", "I am so happy about the new job, thank you all!", None),
    ("2", "RT @jo_doe: I am so happy about the new job, thank you all!", None),
    ("3", "I am so happy about the new job, thank you all!!", None),
    ("4", "Thanks!", "1"),
    ("5", "Thanks!", "3"),
    ("6", "why would anyone do that?", None),
    ("7", "Why would anyone do that?", None),
    (
        "8",
        "> I am so happy about\n\nwhy would anyone do that?",
        None,
    ),  # a quoted reply: its own words are 6
    ("9", "nothing like the others", None),
]


def write(folder: Path, name: str, posts: list[tuple[str, str, str | None]], start: int) -> None:
    lines = [
        {"id": post, "text": text, "to": to, "who": f"user{post}", "at": start + 10_000 * number}
        for number, (post, text, to) in enumerate(posts)
    ]
    (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))


def ask(folder: Path, sql: str) -> list[dict]:
    asked = command("sql", sql, "--format", "json", cwd=folder)
    assert asked.code == 0, asked.err
    return [json.loads(line) for line in asked.out.splitlines()]


def test_a_run_with_dedup(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    write(
        tmp_path, "a.jsonl", POSTS, start=1_772_420_400
    )  # 03:00 on 2026-03-02; 9 is at 01:13 on the next day
    ran = command("run", "config.yaml", "--json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    stages = {stage["stage"]: stage for stage in ran.json["stages"]}
    assert stages["dedup"]["counts"] == {"in": 9, "kept": 5, "dropped": 4}
    assert stages["dedup"]["reasons"] == {"exact_duplicate": 2, "near_duplicate": 1, "retweet": 1}
    assert stages["label"]["counts"]["in"] == 5
    assert {gate["dataset"] for gate in ran.json["gates"] if gate["passed"]} >= {"dedup", "labels"}
    both = "SELECT count(*) AS n FROM labels JOIN dedup USING (record_id) WHERE dedup.outcome = 'dropped'"
    assert ask(tmp_path, both) == [{"n": 0}]
    assert command("sql", "SELECT * FROM signatures", cwd=tmp_path).code != 0  # restricted

    before, rows = manifests(tmp_path / "lake"), checksum(tmp_path / "lake")
    again = command("run", "config.yaml", "--json", cwd=tmp_path)
    assert again.json["partitions_changed"] == 0
    assert manifests(tmp_path / "lake") == before
    assert checksum(tmp_path / "lake") == rows

    write(tmp_path, "b.jsonl", [("10", "Nothing like the others", None)], start=1_772_582_400)
    later = command("run", "config.yaml", "--json", cwd=tmp_path)
    assert later.code == 0, later.err
    stages = {stage["stage"]: stage for stage in later.json["stages"]}
    assert stages["dedup"]["counts"] == {"in": 10, "kept": 5, "dropped": 5}
    after = manifests(tmp_path / "lake")
    assert {name: after[name] for name in before} == before
