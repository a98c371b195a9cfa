"""Posts that are edited or deleted between runs: the newest revision is published, whichever file is run last."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.corpus import START, Ran, checksum, command

pytestmark = pytest.mark.slow

CONFIG = """lake: lake
corpora:
  - name: posts
    domain: social
    license: CC0-1.0
    sources: {sources}
    columns: {{text: body, id: id, speaker: author, created_at: at, revision: edited}}
engine: {{workers: 2}}
label: [{{taxonomy: {taxonomy}}}]
"""
REDDIT = """lake: lake
corpora:
  - {{name: reddit, domain: social, license: CC0-1.0, sources: {sources}}}
engine: {{workers: 2}}
"""


def post(name: str, body: str, *, edited: int = 0, at: int = START) -> dict:
    return {"id": name, "author": f"author of {name}", "body": body, "at": at, "edited": edited}


def write(folder: Path, name: str, *rows: dict) -> None:
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def run(folder: Path, sources: str, *, config: str = CONFIG, taxonomy: str = "ekman") -> Ran:
    (folder / "config.yaml").write_text(config.format(sources=sources, taxonomy=taxonomy))
    ran = command("run", "config.yaml", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    return ran


def ask(folder: Path, sql: str, *more: str) -> list[dict]:
    asked = command("sql", sql, "--format", "json", *more, cwd=folder)
    assert asked.code == 0, asked.err
    return [json.loads(line) for line in asked.out.splitlines()]


def texts(folder: Path, *more: str) -> list[str]:
    rows = ask(
        folder,
        "SELECT text_clean AS t FROM clean JOIN labels USING (record_id) "
        "WHERE outcome = 'kept' ORDER BY 1",
        *more,
    )
    return [row["t"] for row in rows]


def test_an_edit_in_a_later_file_wins_and_the_old_run_does_not_undo_it(tmp_path: Path) -> None:
    write(
        tmp_path, "old.jsonl",
        post("a", "the first words of a"), post("b", "the only words of b"), post("c", "words of c"),
    )  # fmt: skip
    write(
        tmp_path, "new.jsonl",
        post("a", "the second words of a", edited=5), post("d", "the only words of d"),
    )  # fmt: skip
    run(tmp_path, "old.jsonl")
    assert texts(tmp_path) == ["the first words of a", "the only words of b", "words of c"]
    ran = run(tmp_path, "new.jsonl")
    newest = ["the only words of b", "the only words of d", "the second words of a", "words of c"]
    assert texts(tmp_path) == newest
    assert ran.json["snapshot"] == 2  # the old revision went in the same snapshot
    assert ask(tmp_path, "SELECT reason, count(*) AS n FROM clean WHERE reason IS NOT NULL GROUP BY 1") == [
        {"reason": "duplicate_id", "n": 1}
    ]  # fmt: skip
    assert texts(tmp_path, "--as-of", "1")[0] == "the first words of a"
    published = checksum(tmp_path / "lake")
    for sources in ("old.jsonl", "new.jsonl", "[old.jsonl, new.jsonl]", "old.jsonl"):
        ran = run(tmp_path, sources)
        assert (ran.json["partitions_changed"], ran.json["snapshot"]) == (0, 2), sources
        assert all(stage["done_before"] == stage["shards"] for stage in ran.json["stages"]), sources
        assert checksum(tmp_path / "lake") == published


def test_an_older_revision_that_comes_late_changes_nothing_published(tmp_path: Path) -> None:
    write(tmp_path, "new.jsonl", post("a", "the second words of a", edited=5))
    write(tmp_path, "old.jsonl", post("a", "the first words of a"), post("b", "the words of b"))
    run(tmp_path, "new.jsonl")
    run(tmp_path, "old.jsonl")
    assert texts(tmp_path) == ["the second words of a", "the words of b"]
    write(tmp_path, "newest.jsonl", post("a", "the third words of a", edited=7, at=START + 86_400))
    run(tmp_path, "newest.jsonl")
    assert texts(tmp_path) == ["the third words of a", "the words of b"]
    write(
        tmp_path, "first.jsonl", post("a", "no words of a", edited=6), post("e", "the words of e")
    )
    run(tmp_path, "first.jsonl")
    run(tmp_path, "old.jsonl")
    run(tmp_path, "new.jsonl")
    assert texts(tmp_path) == ["the third words of a", "the words of b", "the words of e"]
    rows = ask(tmp_path, "SELECT count(*) AS n FROM clean WHERE reason = 'duplicate_id'")
    assert rows == [{"n": 3}]


def test_a_deleted_post_is_no_longer_published(tmp_path: Path) -> None:
    def comment(name: str, body: str, edited: object = False) -> dict:
        return {
            "id": name, "author": "someone", "body": body, "created_utc": START, "edited": edited,
            "link_id": "t3_x", "parent_id": "t3_x", "subreddit": "test", "score": 1,
        }  # fmt: skip

    write(
        tmp_path, "RC_1",
        comment("a", "what I would rather not have said"), comment("b", "a plain remark of mine"),
        comment("c", "what I edited before I deleted it", START + 9), comment("d", "words that stay"),
    )  # fmt: skip
    write(
        tmp_path, "RC_2",
        comment("a", "[deleted]"), comment("b", "[removed]"), comment("c", "[deleted]"),
    )  # fmt: skip
    run(tmp_path, "RC_1", config=REDDIT)
    assert len(texts(tmp_path)) == 4
    run(tmp_path, "RC_2", config=REDDIT)
    assert texts(tmp_path) == ["words that stay"]
    run(tmp_path, "RC_1", config=REDDIT)
    assert texts(tmp_path) == ["words that stay"]
    assert ask(tmp_path, "SELECT reason, count(*) AS n FROM clean WHERE reason IS NOT NULL GROUP BY 1 ORDER BY 1") == [
        {"reason": "duplicate_id", "n": 3}, {"reason": "removed", "n": 3},
    ]  # fmt: skip
    assert ask(
        tmp_path,
        "SELECT count(*) AS n FROM clean WHERE text_clean LIKE '%rather not%' AND outcome = 'kept'",
    ) == [{"n": 0}]


def test_labels_of_another_run_go_with_the_old_revision_and_come_back(tmp_path: Path) -> None:
    write(tmp_path, "old.jsonl", post("a", "the first words of a"), post("b", "the words of b"))
    write(tmp_path, "new.jsonl", post("a", "the second words of a", edited=5))
    run(tmp_path, "old.jsonl", taxonomy="sentiment")
    run(tmp_path, "new.jsonl", taxonomy="ekman")
    told = "SELECT taxonomy, count(*) AS n FROM labels GROUP BY 1 ORDER BY 1"
    assert ask(tmp_path, told) == [{"taxonomy": "ekman", "n": 2}]
    run(tmp_path, "old.jsonl", taxonomy="sentiment")
    assert ask(tmp_path, told) == [{"taxonomy": "ekman", "n": 2}, {"taxonomy": "sentiment", "n": 1}]


def test_forgotten_doubles_leave_the_other_shards_as_they_are(tmp_path: Path) -> None:
    write(
        tmp_path, "old.jsonl",
        post("a", "the first words of a"), post("b", "the words of b"), post("c", "the words of c"),
    )  # fmt: skip
    write(
        tmp_path,
        "new.jsonl",
        post("a", "the second words of a", edited=5),
        post("c", "c again", edited=1),
    )
    run(tmp_path, "old.jsonl")
    run(tmp_path, "new.jsonl")
    gone = command("forget", "--corpus", "posts", "--record", "a", "--json", cwd=tmp_path)
    assert gone.json["rows"] == {"records": 2, "clean": 3, "labels": 2}, gone.out
    published = checksum(tmp_path / "lake")
    for sources in ("old.jsonl", "new.jsonl", "[old.jsonl, new.jsonl]"):
        ran = run(tmp_path, sources)
        assert ran.json["partitions_changed"] == 0
        assert all(stage["done_before"] == stage["shards"] for stage in ran.json["stages"]), sources
        assert checksum(tmp_path / "lake") == published
    assert texts(tmp_path) == ["c again", "the words of b"]
