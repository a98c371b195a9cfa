"""A real Airflow (`airflow standalone`) runs the DAGs: by its clock, by hand, with a task that is killed, with a gate
that blocks, with two runs at once; and knows no text of anybody afterwards.
"""

import datetime as dt
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.lake.lake import open_lake
from pipelines.lake.snapshots import state
from tests.airflow_dags.airflow_venv import Home, new_home
from tests.airflow_dags.standalone import Airflow, eventually, standalone
from tests.end_to_end.corpus import command
from tests.end_to_end.generated import write_synthesis
from tests.jobs.test_days import posts
from tests.jobs.test_days import published as published_in
from tests.pipelines.serving.tiny_server import TinyServer

pytestmark = pytest.mark.slow

CANARIES = ("zanzibar", "quokka", "peppercorn")
TEXTS = tuple(f"I am so happy about the {canary} in the garden today" for canary in CANARIES)
TODAY = dt.datetime.now(dt.UTC).date()
YESTERDAY, BEFORE = (TODAY - dt.timedelta(days) for days in (1, 2))
MARCH = [dt.date(2026, 3, day) for day in (1, 2, 3)]


def write(home: Home, name: str, days: list[dt.date], more: str, check: str = "{}") -> Path:
    """A config with a lake and sources of its own, each day one file."""
    for day in days:
        posts(home.folder / f"{name}/{day}.jsonl", day, name, TEXTS)
    config = home.configs / f"{name}.yaml"
    columns = "columns: {text: body, id: id, created_at: at}"
    config.write_text(
        f"lake: ../lakes/{name}\nengine: {{workers: 1}}\ncheck: {check}\ncorpora:\n"
        f"  - {{name: {name}, domain: social, license: CC0-1.0, sources: '../{name}/{{day}}.jsonl', {columns}}}\n"
        f"airflow: {{{more}}}\n"
    )
    return config


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, tiny_server: TinyServer) -> Home:
    home = new_home(tmp_path_factory.mktemp("standalone"))
    (home.folder / "suite.txt").write_text(
        "suite: much\ndataset: labels\nversion: 1\nextends: labels\nexpectations:\n"
        "  - {id: has_rows, type: expect_table_row_count_to_be_between, parameters: {min_value: 1000}, "
        "severity: critical, why: A test wants it.}\n"
    )
    # Runs at the last two midnights are due: about the day before yesterday, and about yesterday.
    derived = "syntheses: [made/minimal_pairs.yaml], exports: [made/corpus.yaml], label_pool: default_pool"
    when = f'schedule: "0 0 * * *", start: {YESTERDAY}'
    write(home, "clock", [BEFORE, YESTERDAY], f"{when}, {derived}")
    (home.configs / "made").mkdir()
    write_synthesis(home.configs / "made", tiny_server.url, "minimal_pairs", items=4)
    (home.configs / "made" / "corpus.yaml").write_text(
        "{name: corpus, to: ../../corpus, format: classification, rows: [{labeler: student}]}\n"
    )
    write(home, "gated", MARCH[:1], "schedule: null", check="{suites: [../suite.txt]}")
    write(home, "march", MARCH, "schedule: null, groups: 2, report: null")
    return home


@pytest.fixture(scope="module")
def airflow(home: Home) -> Iterator[Airflow]:
    with standalone(home) as airflow:
        for dag in airflow.ask("dags?limit=100")["dags"]:
            if "maintenance" not in dag["dag_id"] and "clock" not in dag["dag_id"]:
                airflow.unpause(dag["dag_id"])
        yield airflow


def published(home: Home, name: str) -> dict[str, int]:
    return published_in(home.folder / "lakes" / name)


def states(tasks: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: task["state"] for name, task in tasks.items()}


def kill_the_task_of(*words: str) -> None:
    """Kills (SIGKILL) the process of Airflow that runs a command of ours with these words."""
    until = time.monotonic() + 300
    while time.monotonic() < until:
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                line = (entry / "cmdline").read_bytes().decode().split("\0")
                if "--json" in line and all(word in line for word in words):
                    parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                    os.kill(parent, signal.SIGKILL)
                    return
            except (OSError, UnicodeDecodeError):
                continue
        time.sleep(0.01)
    raise AssertionError("the command never ran")


def test_by_its_clock_with_a_task_that_is_killed(airflow: Airflow, home: Home) -> None:
    airflow.unpause("affect_corpus.clock")
    for kind in ("report", "synthesis", "training_corpora"):
        airflow.unpause(f"affect_{kind}.clock")
    kill_the_task_of("label", str(home.configs / "clock.yaml"))
    eventually(lambda: len(airflow.runs("affect_corpus.clock")) == 2, 120)
    runs = airflow.runs("affect_corpus.clock")
    assert {each["partition_key"] for each in runs.values()} == {str(BEFORE), str(YESTERDAY)}
    tries = []
    for run in runs:
        tasks = airflow.finished("affect_corpus.clock", run)
        assert set(states(tasks).values()) == {"success"}
        tries.append(tasks["label[0]"]["try_number"])
    assert sorted(tries) == [1, 2]  # one was killed, and tried again
    assert published(home, "clock") == {str(BEFORE): 3, str(YESTERDAY): 3}
    events = airflow.events("affect.clock")
    assert sorted(each["partition_key"] for each in events) == [str(BEFORE), str(YESTERDAY)]
    # What is generated has a snapshot of its own, before or after that of the second day.
    assert sorted(each["extra"]["snapshot"] for each in events) in ([1, 2], [1, 3])
    eventually(
        lambda: len(airflow.runs("affect_report.clock")) == 2, 120
    )  # the asset starts the reports
    for run in airflow.runs("affect_report.clock"):
        assert states(airflow.finished("affect_report.clock", run)) == {"report": "success"}
    pages = sorted(path.name for path in (home.configs / "reports").iterdir())
    assert pages == [f"clock-{BEFORE}.html", f"clock-{YESTERDAY}.html"]


def test_what_is_published_starts_syntheses_and_training_corpora(
    airflow: Airflow, home: Home
) -> None:
    """What was announced of each day, and then what was generated. Builds on the test before."""
    synthesis, corpora = "affect_synthesis.clock", "affect_training_corpora.clock"
    days = {str(BEFORE), str(YESTERDAY)}

    def heard() -> set[tuple[str, str]]:
        """The assets that runs of training corpora heard, with their days."""
        found = set()
        for name, run in airflow.runs(corpora).items():
            told = airflow.ask(f"dags/{corpora}/dagRuns/{name}/upstreamAssetEvents")
            found |= {(each["name"], run["partition_key"]) for each in told["asset_events"]}
        return found

    eventually(lambda: len(airflow.runs(synthesis)) == 2, 120)
    told = []
    for run in airflow.runs(synthesis):
        tasks = airflow.finished(synthesis, run)
        assert tasks["synthesize_minimal_pairs"]["state"] == "success"
        told.append(tasks["announce_minimal_pairs"]["state"])
    # Its prompts ask nothing of the lake: on the second day all is done, and there is nothing to tell.
    assert sorted(told) == ["skipped", "success"]
    (event,) = airflow.events("affect.clock.synthetic")
    assert event["partition_key"] in days
    assert list(event["extra"]["content"]) == ["made_minimal_pairs"]
    expected = {("affect.clock", day) for day in days}
    expected |= {("affect.clock.synthetic", event["partition_key"])}
    eventually(lambda: heard() == expected, 300)
    for run in airflow.runs(corpora):
        tasks = airflow.finished(corpora, run)
        assert tasks["export_corpus"]["state"] == "success"
    manifest = json.loads((home.folder / "corpus" / "export.json").read_text())
    assert sum(manifest["examples"].values()) == 2 * len(TEXTS)
    assert manifest["snapshot"] == state(open_lake(home.folder / "lakes" / "clock"))[0] == 3


def test_a_gate_that_blocks_stops_publication(airflow: Airflow, home: Home) -> None:
    run = airflow.start("affect_corpus.gated", partition_key=str(MARCH[0]))
    tasks = airflow.finished("affect_corpus.gated", run)
    assert (tasks["check"]["state"], tasks["check"]["try_number"]) == ("failed", 1)
    assert {tasks[name]["state"] for name in ("publish", "announce")} == {"upstream_failed"}
    assert airflow.events("affect.gated") == []
    assert state(open_lake(home.folder / "lakes" / "gated")) == (0, {})


def test_a_backfill_does_what_is_not_done(airflow: Airflow, home: Home) -> None:
    config = home.configs / "march.yaml"
    done = command(
        "run", config, "--day", MARCH[1], cwd=home.folder
    )  # by somebody, without Airflow
    assert done.code == 0, done.err
    run = airflow.start("affect_backfill.march", conf={"first": "2026-03-01", "last": "2026-03-31"})
    assert set(states(airflow.finished("affect_backfill.march", run)).values()) == {"success"}
    runs = airflow.runs("affect_corpus.march")
    assert set(runs) == {f"backfill__{MARCH[0]}", f"backfill__{MARCH[2]}"}
    for each in runs:
        assert set(states(airflow.finished("affect_corpus.march", each)).values()) == {"success"}
    assert published(home, "march") == {str(day): 3 for day in MARCH}
    keys = [each["partition_key"] for each in airflow.events("affect.march")]
    assert keys == [str(MARCH[0]), str(MARCH[2])]


def test_a_day_again_and_two_runs_at_once(airflow: Airflow, home: Home) -> None:
    """Builds on the test before."""
    config = home.configs / "march.yaml"
    before = state(open_lake(home.folder / "lakes" / "march"))
    run = airflow.start("affect_corpus.march", partition_key=str(MARCH[0]))
    beside = command("run", config, "--day", f"{MARCH[0]}..{MARCH[2]}", cwd=home.folder)
    assert beside.code == 0, beside.err
    tasks = airflow.finished("affect_corpus.march", run)
    assert tasks["announce"]["state"] == "skipped"
    assert set(states(tasks).values()) == {"success", "skipped"}
    assert state(open_lake(home.folder / "lakes" / "march")) == before
    # A late file: one run of Airflow and one beside it, both about it.
    posts(
        home.folder / "march" / f"{MARCH[2]}.jsonl",
        MARCH[2],
        "march",
        (*TEXTS, "one more, said late"),
    )
    run = airflow.start("affect_corpus.march", partition_key=str(MARCH[2]))
    beside = command("run", config, "--day", MARCH[2], cwd=home.folder)
    assert beside.code == 0, beside.err
    assert "failed" not in states(airflow.finished("affect_corpus.march", run)).values()
    assert published(home, "march") == {str(day): 3 for day in MARCH[:2]} | {str(MARCH[2]): 4}
    number, _ = state(open_lake(home.folder / "lakes" / "march"))
    assert number == before[0] + 1  # equal rows are published once


def test_airflow_knows_no_text(airflow: Airflow, home: Home) -> None:
    """Nor ids as they were: in its database, its logs and what tasks pass on. Builds on the tests before."""
    files = [path for path in (home.folder / "logs").rglob("*") if path.is_file()]
    files += [*home.folder.glob("airflow.db*"), home.folder / "standalone.log"]
    assert len(files) > 40
    size = 0
    for path in files:
        content = path.read_bytes().lower()
        size += len(content)
        found = [each for each in (*CANARIES, "-march-0", "-clock-0") if each.encode() in content]
        assert not found, (path, found)
    assert size > 500_000
    assert any(b"affect_corpus.march" in path.read_bytes() for path in files)
