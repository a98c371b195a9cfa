"""The choice of one partition: budgets, margins, ties, rows without an answer, the audit sample."""

import random
from pathlib import Path

import polars as pl
import pytest

from pipelines.engines.duck_database import open_duck_database
from pipelines.lake.commit import DataWriter
from pipelines.lake.lake import Lake, create_lake
from pipelines.stages.select_rows import Wanted, choose
from schemas.datasets import LABELS
from schemas.manifest import DataFile
from tests.jobs.dedup_runs import KEY_ID
from transforms.annotate.margins import margin
from transforms.arrow import polars_schema, to_arrow

MODULUS = 4_294_967_291


def shard(lake: Lake, number: int, rows: list[tuple[int, float | None]]) -> DataFile:
    """Rows of (sample_key, distance of one score to .5); None: rejected."""
    frame = pl.DataFrame(
        [
            {
                "record_id": f"{number}-{place}", "sample_key": key, "corpus": "c", "domain": "social",
                "partition": "2026-03-02", "task": "t", "task_version": "1", "taxonomy": "x",
                "taxonomy_version": "1", "labeler": "one", "labeler_version": "1",
                "status": "rejected" if far is None else "labeled",
                "scores": None if far is None else [{"label": "joy", "probability": 0.5 + far}],
            }
            for place, (key, far) in enumerate(rows)
        ],
        schema=polars_schema(LABELS.schema),
    )  # fmt: skip
    writer = DataWriter(
        lake,
        "labels",
        corpus="c",
        partition="2026-03-02",
        variant="t/x/one",
        stem=f"shard-{number}",
    )
    writer.write(to_arrow(frame, LABELS.schema))
    return writer.close()


def chosen(folder: Path, shards: list[list[tuple[int, float | None]]], wanted: Wanted) -> list[str]:
    """The reason of each row, shard after shard."""
    folder.mkdir(parents=True)
    lake = create_lake(folder / "lake", KEY_ID)
    files = [shard(lake, number, rows) for number, rows in enumerate(shards)]
    sql = margin(exclusive=False, thresholds={})
    with open_duck_database("200MB", 1, "A test") as database:
        paths = choose(database, lake, files, wanted, folder, margin_sql=sql)
    frames = [pl.read_parquet(path) for path in paths]
    assert [frame["row"].to_list() for frame in frames] == [list(range(len(r))) for r in shards]
    return [reason for frame in frames for reason in frame["reason"]]


def test_unanswered_first_then_the_smallest_margin(tmp_path: Path) -> None:
    rows = [[(9, 0.25), (8, None), (7, 0.125)], [(6, 0.0625), (5, None), (4, 0.375)]]
    for budget, asked in enumerate(
        ([], [4], [4, 1], [4, 1, 3], [4, 1, 3, 2], [4, 1, 3, 2, 0], [4, 1, 3, 2, 0])
    ):
        told = chosen(tmp_path / str(budget), rows, Wanted(0.3, None, budget, 0.0))
        reasons = {1: "unanswered", 4: "unanswered"}
        wanted = [
            reasons.get(place, "margin") if place in asked else "over_budget" for place in range(5)
        ]
        assert told == [*wanted, "confident"]


def test_ties_go_by_sample_key_and_record(tmp_path: Path) -> None:
    rows = [[(3, 0.125), (1, 0.125), (2, 0.125)], [(1, 0.125)]]
    told = chosen(tmp_path / "a", rows, Wanted(None, 0.5, None, 0.0))
    assert told == ["over_budget", "margin", "over_budget", "margin"]


def test_a_margin_that_equals_the_limit_is_sure(tmp_path: Path) -> None:
    told = chosen(tmp_path / "a", [[(1, 0.25), (2, 0.125)]], Wanted(0.25, None, None, 0.0))
    assert told == ["confident", "margin"]


def test_the_audit_sample_costs_no_budget_and_goes_by_key_alone(tmp_path: Path) -> None:
    draw = random.Random("audit")
    rows = [(draw.getrandbits(64), draw.random() / 2) for _ in range(3000)]
    told = chosen(tmp_path / "a", [rows[:1000], rows[1000:]], Wanted(0.1, 0.1, None, 0.2))
    audited = {place for place, (key, _) in enumerate(rows) if key % MODULUS < MODULUS // 5}
    assert told.count("margin") == 300
    assert {place for place, reason in enumerate(told) if reason == "audit"} == {
        place for place in audited if told[place] != "margin"
    }
    assert len(audited) == pytest.approx(600, abs=4 * (3000 * 0.2 * 0.8) ** 0.5)
    # The row order does not matter.
    turned = chosen(tmp_path / "b", [rows[::-1]], Wanted(0.1, 0.1, None, 0.2))
    assert turned[::-1] == told


@pytest.mark.parametrize(
    ("share", "rows", "number"), [(0.29, 100, 29), (0.25, 7, 1), (0.1, 9, 0), (1.0, 5, 5)]
)
def test_a_budget_is_exact(share: float, rows: int, number: int) -> None:
    assert Wanted(None, share, None, 0.0).rows(rows) == number
    assert Wanted(None, share, 3, 0.0).rows(rows) == min(3, number)
