"""Costs in words, what earlier runs tell, and what a cascade saves."""

import json
from pathlib import Path

import pytest

from jobs.cascade_report import _saved
from jobs.costs import per_million_rows, told_cost
from jobs.plan_costs import label_plan
from jobs.plan_past import past_of
from pipelines.lake.lake import create_lake
from schemas.config.run import LabelConfig
from schemas.manifest import Manifest
from tests.jobs.dedup_runs import KEY_ID
from transforms.evaluate.figures import Undefined

COST = {
    "requests": 800.0, "prompt_tokens": 200_000.0, "known_tokens": 200_000.0, "cached_tokens": 150_000.0,
    "completion_tokens": 4_000.0, "from_cache": 200.0, "seconds": 40.0, "price": 0.5,
}  # fmt: skip


def test_in_words() -> None:
    assert told_cost(COST, 1_000) == (
        "800 requests, 200 k prompt tokens (75% cached), 4 k completion tokens, 200 answers from the cache, "
        "40.0 s of the servers, price 0.5 (500 per million rows)"
    )
    assert told_cost({}, 5) == ""
    assert per_million_rows({"price": 0.0}, 5) is None


def made(rows: int, cost: dict[str, float]) -> Manifest:
    return Manifest(
        name="m", stage="label", stage_version=1, shard="s", source_file="f", source_chunk=0,
        fingerprint="p", inputs=(), outputs=(), counts={"in": rows}, attempt="a", run_id="r",
        created_at="", seconds=1.0, cost=cost,
    )  # fmt: skip


def test_what_is_saved() -> None:
    share, kinds = _saved([made(600, COST), made(400, {})], 3_000)
    assert share == pytest.approx(0.75)
    # 1,000 rows of which a fifth of the answers were known: 1.25 times what was paid, three times over.
    assert kinds["price"] == pytest.approx(0.5 * 3 * 1.25)
    assert _saved([], 10)[0] == Undefined("the second labeler was asked about no row")
    assert _saved([made(5, {})], 10)[0] == Undefined("the second labeler costs nothing")
    cached = _saved([made(5, {"from_cache": 5.0, "requests": 0.0})], 10)[0]
    assert cached == Undefined("all its answers came from the cache")


LABELER = """name: mine
model: m
revision: r
mode: score
price: {per_million_prompt_tokens: 2, per_hour: 3.6}
"""


def test_a_plan_from_earlier_runs(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(LABELER)
    lake = create_lake(tmp_path / "lake", KEY_ID)
    config = LabelConfig(task="emotion", taxonomy="ekman", labeler="mine.yaml")
    before = label_plan(lake, config, tmp_path, fresh=100, unit_bytes=50.0)
    assert before["units_to_do"] == 100
    assert before["seconds"] is None
    assert before["tokens"] > 100 * 50 / 4
    assert "estimated" in before["told"]
    assert "hours" in before["told"]
    name = "labels/emotion/ekman/mine/c/2026-03-02/shard-a-1.json"
    lake.path(name).parent.mkdir(parents=True)
    lake.path(name).write_text("{}")
    events = [
        {"event": "start", "at": "2026-03-02T00:00:00+00:00"},
        *(
            {"event": "done", "stage": "clean", "manifest": f"clean/c/2026-03-02/shard-{shard}-0.json",
             "counts": {"in": 1_000, "kept": 1_000}, "cost": {}, "skipped": False}
            for shard in "ab"
        ),
        {"event": "done", "stage": "label", "manifest": name, "counts": {"in": 1_000, "labeled": 1_000},
         "cost": COST, "skipped": False},
        {"event": "stage_end", "stage": "label", "seconds": 50.0},
    ]  # fmt: skip
    run = lake.runs / "20260302-000000000-aaaaaa"
    run.mkdir(parents=True)
    (run / "journal.jsonl").write_text("".join(json.dumps(each) + "\n" for each in events))
    assert past_of(lake, "emotion/ekman/mine").rows_left == 1_000
    plan = label_plan(lake, config, tmp_path, fresh=500, unit_bytes=50.0)
    assert plan["units_to_do"] == 1_500
    assert plan["seconds"] == 1_500 / 20
    # 800 of 1,000 answers were paid for: 250 prompt and 5 completion tokens, .05 s a row.
    assert plan["tokens"] == 1_500 * 255
    assert plan["cost"] == pytest.approx(1_500 * (250 * 2 / 1e6 + 0.05 * 3.6 / 3_600))
    assert "measured on 1,000 rows" in plan["told"]
    select = {"from": "student", "budget": 0.2, "audit": 0.05}
    some = LabelConfig.model_validate(config.model_dump() | {"select": select})
    part = label_plan(lake, some, tmp_path, fresh=500, unit_bytes=50.0)
    assert part["units_to_do"] == 375
    assert "25.0%" in part["told"]
