"""Each DAG by `dag.test()`: what its tasks do to a lake, and what the asset hears."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from jobs.demo.config import demo_config
from pipelines.lake.lake import open_lake
from pipelines.lake.snapshots import state
from tests.airflow_dags.airflow_venv import DAGS, Home, new_home
from tests.end_to_end.corpus import command
from tests.jobs.test_days import published, write

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = new_home(tmp_path / "airflow")
    home.airflow("db", "migrate")
    return home


def ran(home: Home, dag: str, **conf: Any) -> Any:
    return home.asked("run_dag.py", DAGS, dag, json.dumps(conf))


def states(told: Any) -> dict[str, str]:
    return {name: task["state"] for name, task in told["tasks"].items()}


def test_the_demo_corpus(home: Home) -> None:
    """All DAGs of a config without days and syntheses."""
    text = demo_config().read_text()
    (home.configs / "demo.yaml").write_text(
        text.replace("sources: ", f"sources: {demo_config().parent}/")
        + "\nairflow: {groups: 2, exports: [exports/corpus.yaml]}\n"
    )
    (home.configs / "exports").mkdir()
    (home.configs / "exports" / "corpus.yaml").write_text(
        "{name: corpus, to: ../corpus, format: classification, rows: [{labeler: student}]}\n"
    )
    told = ran(home, "affect_corpus.demo")
    assert told["state"] == "success"
    assert set(states(told).values()) == {"success"}
    assert {"label[0]", "label[1]"} < set(told["tasks"])
    # The same rows and snapshot as without Airflow.
    alone = command("demo", "--lake", home.folder / "alone", "--json", cwd=home.folder).json
    asked = (
        "sql",
        "SELECT count(*) AS n, sum(len(labels)) AS given FROM labels",
        "-f",
        "json",
        "--lake",
    )
    lake = told["xcoms"]["publish"]["lake"]
    rows = [command(*asked, each, cwd=home.folder).json for each in (lake, alone["lake"])]
    assert rows[0] == rows[1]
    assert rows[0]["n"] > 100
    counts = {each["stage"]: each["counts"] for each in told["xcoms"]["clean"]["stages"]}
    assert counts["clean"] == next(
        each["counts"] for each in alone["stages"] if each["stage"] == "clean"
    )
    (event,) = told["events"]
    assert event == {
        "asset": "affect.demo",
        "extra": {"lake": lake, "snapshot": 1, "content": told["xcoms"]["publish"]["content"]},
        "partition": None,
    }
    # Again: nothing is new, no snapshot, no event.
    again = ran(home, "affect_corpus.demo")
    assert (again["state"], again["tasks"]["announce"]["state"]) == ("success", "skipped")
    assert again["xcoms"]["publish"] == told["xcoms"]["publish"] | {
        "run_id": again["xcoms"]["publish"]["run_id"],
        "partitions_changed": 0,
    }
    assert len(again["events"]) == 1
    (name,) = [
        each
        for each in home.airflow("dags", "list", "-o", "plain").split()
        if "maintenance" in each
    ]
    cared = ran(home, name)
    assert states(cared) == {"compact": "success", "vacuum": "success", "drift": "success"}
    assert cared["xcoms"]["drift"] == {"snapshot": 1, "over": 0}
    assert cared["xcoms"]["vacuum"]["snapshots"] == 0
    shown = ran(home, "affect_report.demo")
    assert shown["state"] == "success"
    (page,) = (home.configs / "reports").glob("demo-*.html")
    assert shown["xcoms"]["report"]["page"] == str(page)
    made = ran(home, "affect_training_corpora.demo")
    assert set(states(made).values()) == {"success"}
    examples = made["xcoms"]["export_corpus"]["examples"]
    on_disk = {
        path.name.partition("-")[0]: pl.read_parquet(path).height
        for path in (home.configs / "corpus" / "data").glob("*.parquet")
    }
    assert examples == on_disk
    assert sum(on_disk.values()) > 100
    event = made["events"][-1]
    assert (event["asset"], event["extra"]["snapshot"]) == ("affect.demo.training_corpora", 1)
    assert list(event["extra"]["content"]) == ["corpus"]
    again = ran(home, "affect_training_corpora.demo")  # the same files: nothing to tell
    assert states(again) == {"export_corpus": "success", "announce_corpus": "skipped"}


def test_days_and_their_backfill(home: Home) -> None:
    write(home.configs)
    first = ran(home, "affect_corpus.posts", day="2026-03-02")
    assert set(states(first).values()) == {"success"}
    assert published(home.configs / "lake") == {"2026-03-02": 6}
    (event,) = first["events"]
    assert (event["partition"], list(event["extra"]["content"])) == ("2026-03-02", ["2026-03-02"])
    # A backfill starts the days that are not done: runs that Airflow's scheduler takes up.
    told = ran(home, "affect_backfill.posts", first="2026-03-01", last="2026-03-31")
    assert told["tasks"]["start[1]"]["state"] == "success"
    started = [each for each in told["runs"] if each[1].startswith("backfill__")]
    assert started == [
        ["affect_corpus.posts", f"backfill__{day}", {"day": day}]
        for day in ("2026-03-01", "2026-03-03")
    ]
    nothing = ran(home, "affect_backfill.posts", first="2026-03-02", last="2026-03-02")
    assert (nothing["state"], states(nothing)["start"]) == ("success", "skipped")
    assert len(nothing["runs"]) == len(told["runs"]) + 1
    again = ran(home, "affect_backfill.posts", first="2026-03-02", last="2026-03-02", again=True)
    assert ["affect_corpus.posts", "backfill__2026-03-02", {"day": "2026-03-02"}] in again["runs"]


def test_a_day_without_files_is_tried_again(home: Home) -> None:
    config = write(home.configs)
    config.write_text(config.read_text() + "airflow: {retries: 2}\n")
    told = ran(home, "affect_corpus.posts", day="2026-05-05")
    assert told["state"] == "failed"
    assert told["tasks"]["plan"] == {"state": "failed", "tries": 3}
    assert states(told)["publish"] == "upstream_failed"


def test_a_gate_that_blocks_fails_at_once_and_nothing_is_published(home: Home) -> None:
    config = write(home.configs)
    (home.folder / "suite.yaml").write_text(
        "suite: much\ndataset: labels\nversion: 1\nextends: labels\nexpectations:\n"
        "  - {id: has_rows, type: expect_table_row_count_to_be_between, parameters: {min_value: 1000}, "
        "severity: critical, why: A test wants it.}\n"
    )
    text = config.read_text()
    config.write_text(text.replace("check: {}", "check: {suites: [../suite.yaml]}"))
    told = ran(home, "affect_corpus.posts", day="2026-03-02")
    assert told["state"] == "failed"
    assert told["tasks"]["check"] == {"state": "failed", "tries": 1}
    assert states(told)["publish"] == states(told)["announce"] == "upstream_failed"
    assert told["events"] == []
    assert state(open_lake(home.configs / "lake")) == (0, {})
    config.write_text(text)  # the gate is mended: the same day again does what is left
    mended = ran(home, "affect_corpus.posts", day="2026-03-02")
    assert (mended["state"], len(mended["events"])) == ("success", 1)


def test_a_wrong_config_says_so_without_another_try(home: Home) -> None:
    (home.configs / "wrong.yaml").write_text("lake: [x\n")
    told = ran(home, "affect_corpus.wrong")
    assert told["tasks"] == {"plan": {"state": "failed", "tries": 1}}
    assert told["events"] == []
