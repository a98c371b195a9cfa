"""What a real run tells Prometheus and an OpenLineage server, against the rows of its lake."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.end_to_end.corpus import Ran, command, environment
from tests.jobs.events_server import Got, events_server
from tests.jobs.metrics_runs import CANARIES, PAGE, by, on_page, samples, write

pytestmark = pytest.mark.slow

PARENT = ("airflow", "mine.daily", "01941f29-7c00-7087-8940-40e5bd6e8c85")
STAGES = [
    "ingest", "clean", "signatures", "dedup", "windows", "label.ekman", "check",
]  # fmt: skip


class Watched:
    """A finished run, and all that it told."""

    def __init__(self, folder: Path, ran: Ran, got: Got, unasked: Got) -> None:
        self.folder, self.ran, self.got, self.unasked = folder, ran, got, unasked
        self.lake = folder / "lake"
        self.prom = folder / "collector" / "affectmine_watched.prom"
        self.metrics = samples(self.prom)
        self.events = [json.loads(line) for line in (folder / "events.jsonl").open()]

    def rows(self, query: str, dataset: str) -> Counter:
        """Counts in the lake's Parquet files, by DuckDB alone."""
        files = [str(path) for path in self.lake.glob(f"**/{dataset}/**/*.parquet")]
        found = duckdb.execute(query.format(files=f"read_parquet({files!r})")).fetchall()
        return Counter({row[:-1]: row[-1] for row in found})

    def ended(self, stage: str) -> dict[str, Any]:
        (event,) = [
            each
            for each in self.events
            if each["job"]["name"] == f"watched.{stage}" and each["eventType"] != "START"
        ]
        return event


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    (folder / "collector").mkdir()
    (folder / "multiproc").mkdir()
    # A repository with a password in its address, as the client of openlineage would tell it.
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / ".git" / "config").write_text('[remote "origin"]\n\turl = https://me:gitsecret@h/r\n')
    with events_server() as got, events_server() as unasked:
        metrics = f"""  prometheus: collector
  openlineage: {{url: "{got.url}", file: events.jsonl}}"""
        ran = command(
            "run",
            write(folder, metrics),
            cwd=folder,
            OPENLINEAGE_API_KEY="a key",
            OPENLINEAGE_PARENT_ID="/".join(PARENT),
            # What the libraries would take from the environment by themselves.
            OPENLINEAGE_URL=unasked.url,
            OPENLINEAGE__TRANSPORT__TYPE="http",
            OPENLINEAGE__TRANSPORT__URL=unasked.url,
            OPENLINEAGE__FACETS__ENVIRONMENT_VARIABLES='["HOME"]',
            PROMETHEUS_MULTIPROC_DIR=str(folder / "multiproc"),
        )
        assert ran.code == 0, ran.err
        yield Watched(folder, ran, got, unasked)


def test_rows_are_those_of_the_lake(watched: Watched) -> None:
    rows, one = watched.metrics["stage_rows"], "count(*)"
    outcomes = by(rows, "corpus", "outcome", stage="clean")
    assert outcomes == watched.rows(
        f"SELECT corpus, outcome, {one} FROM {{files}} GROUP BY ALL", "clean"
    )
    assert outcomes[("demo_social", "kept")] > 400
    assert by(rows, "corpus", "outcome", stage="dedup") == watched.rows(
        f"SELECT corpus, outcome, {one} FROM {{files}} GROUP BY ALL", "dedup"
    )
    status = by(rows, "corpus", "outcome", stage="label", variant="ekman")
    assert +status == watched.rows(
        f"SELECT corpus, status, {one} FROM {{files}} GROUP BY ALL", "labels"
    )
    assert by(rows, "corpus", "outcome", stage="ingest") == {
        ("demo_social", "used"): 507, ("demo_social", "quarantined"): 5, ("demo_social", "skipped"): 0,
        ("talk", "used"): 12, ("talk", "quarantined"): 1, ("talk", "skipped"): 0,
    }  # fmt: skip
    assert by(watched.metrics["stage_input_rows"], "corpus", stage="ingest") == {
        ("demo_social",): 512, ("talk",): 13,
    }  # fmt: skip


def test_reasons_are_those_of_the_lake(watched: Watched) -> None:
    reasons = watched.metrics["stage_rows_by_reason"]
    assert by(reasons, "reason", stage="ingest") == watched.rows(
        "SELECT error_class, count(*) FROM {files} GROUP BY ALL", "quarantine"
    )
    dropped = "SELECT reason, count(*) FROM {files} WHERE reason IS NOT NULL GROUP BY ALL"
    assert by(reasons, "reason", stage="clean") == watched.rows(dropped, "clean")
    assert by(reasons, "reason", stage="dedup") == watched.rows(dropped, "dedup")
    of_labels = by(reasons, "reason", stage="label")
    assert of_labels == watched.rows(dropped, "labels")
    assert of_labels[("language:fr",)] > 0


def test_what_was_written_is_on_disk(watched: Watched) -> None:
    for dataset, stage in (("records", "ingest"), ("clean", "clean"), ("labels", "label")):
        files = list(watched.lake.glob(f"**/{dataset}/**/*.parquet"))
        size = by(watched.metrics["stage_output_bytes"], stage=stage, dataset=dataset)
        rows = by(watched.metrics["stage_output_rows"], stage=stage, dataset=dataset)
        assert size[()] == sum(path.stat().st_size for path in files)
        assert rows[()] == sum(pq.read_metadata(path).num_rows for path in files)
        done = by(watched.metrics["stage_shards"], "state", stage=stage)
        manifests = "ingest/**/chunk-*.json" if stage == "ingest" else f"{dataset}/**/shard-*.json"
        assert done == {
            ("done",): len(list(watched.lake.glob(manifests))),
            ("skipped",): 0,
            ("failed",): 0,
        }


def test_the_page_lists_them_all(watched: Watched) -> None:
    assert len(watched.metrics) > 15
    assert [name for name in watched.metrics if not on_page(name)] == []
    (alerts,) = re.findall(r"```yaml\n(- alert.*?)```", PAGE, flags=re.DOTALL)
    assert set(re.findall(r"affectmine_([a-z_]+)", alerts)) <= watched.metrics.keys()


def test_the_run_as_a_whole(watched: Watched) -> None:
    metrics, none = watched.metrics, ()
    assert metrics["run_exit_code"][none] == 0
    assert metrics["run_in_progress"][none] == 0
    assert metrics["snapshot_number"][none] == 1
    assert (
        metrics["last_success_timestamp_seconds"][none]
        == metrics["run_end_timestamp_seconds"][none]
    )
    lasted = (
        metrics["run_end_timestamp_seconds"][none] - metrics["run_start_timestamp_seconds"][none]
    )
    assert metrics["run_duration_seconds"][none] == pytest.approx(lasted)
    assert sum(metrics["stage_duration_seconds"].values()) < lasted
    assert "failures" not in metrics
    held = by(metrics["gate_expectations"], "dataset", "result")
    results = json.loads(next(watched.lake.glob("runs/*/gates.json")).read_text())
    assert held == Counter(
        (each["dataset"], "held" if finding["success"] else finding["severity"])
        for each in results
        for finding in each["findings"]
    )
    assert held[("records", "warning")] == 2  # a declared language that is none, an id given twice
    assert [path.name for path in watched.prom.parent.iterdir()] == [watched.prom.name]
    assert list((watched.folder / "multiproc").iterdir()) == []


def test_labels_have_few_values(watched: Watched) -> None:
    names = {
        "stage", "variant", "corpus", "outcome", "reason", "dataset", "state", "gate", "result",
        "version", "command", "engine",
    }  # fmt: skip
    found: dict[str, set[str]] = {}
    for values in watched.metrics.values():
        for key in values:
            for name, value in key:
                found.setdefault(name, set()).add(value)
    assert found.keys() <= names
    assert found["corpus"] == {"demo_social", "talk"}
    assert max(len(values) for values in found.values()) < 25


def test_the_server_got_what_the_file_got(watched: Watched) -> None:
    assert watched.got.events == watched.events
    assert {path for _, path, _, _ in watched.got.requests} == {"/api/v1/lineage"}
    assert {headers["Authorization"] for _, _, headers, _ in watched.got.requests} == {
        "Bearer a key"
    }
    assert watched.unasked.requests == []
    assert "did not reach" not in watched.ran.err


def test_events_are_whole_and_linked(watched: Watched) -> None:
    """The rules of OpenLineage's RunEvent and of its facets, and one START and one end of every run."""
    ids: dict[str, list[str]] = {}
    for event in watched.events:
        assert datetime.fromisoformat(event["eventTime"]).tzinfo is not None
        assert event["producer"].startswith("urn:affectmine:")
        assert event["schemaURL"].endswith("OpenLineage.json#/$defs/RunEvent")
        assert event["job"]["namespace"] == "affectmine"
        assert uuid.UUID(event["run"]["runId"]).version == 7
        ids.setdefault(event["job"]["name"], []).append(event["run"]["runId"])
        facets = [*event["run"]["facets"].values(), *event["job"]["facets"].values()]
        for dataset in (*event["inputs"], *event["outputs"]):
            assert dataset["namespace"]
            assert dataset["name"]
            for kind in ("facets", "inputFacets", "outputFacets"):
                facets += dataset.get(kind, {}).values()
        for facet in facets:
            assert facet["_producer"] == event["producer"]
            assert facet["_schemaURL"].startswith("https://openlineage.io/spec/facets/")
        keys = set(event["run"]["facets"]) | set(event["job"]["facets"])
        known = {"processing_engine", "parent", "executionParameters", "errorMessage", "jobType"}
        assert keys <= known  # neither tags nor environmentVariables nor sourceCodeLocation
    assert list(ids) == ["watched", *(f"watched.{stage}" for stage in STAGES)]
    assert all(len(set(found)) == 1 for found in ids.values())
    assert len({found[0] for found in ids.values()}) == len(ids)
    kinds = [(each["job"]["name"], each["eventType"]) for each in watched.events]
    assert Counter(kinds) == Counter((name, kind) for name in ids for kind in ("START", "COMPLETE"))
    assert (kinds[0], kinds[-1]) == (("watched", "START"), ("watched", "COMPLETE"))
    times = [each["eventTime"] for each in watched.events]
    assert times == sorted(times)
    airflow = {"namespace": PARENT[0], "name": PARENT[1]}
    for event in watched.events:
        above = event["run"]["facets"]["parent"]
        assert above["root"]["run"]["runId"] == PARENT[2]
        assert above["root"]["job"].items() >= airflow.items()
        whole = event["job"]["name"] == "watched"
        assert above["run"]["runId"] == (PARENT[2] if whole else ids["watched"][0])
        assert above["job"]["name"] == (PARENT[1] if whole else "watched")


def test_datasets_of_events_are_those_of_the_lake(watched: Watched) -> None:
    ingest = watched.ended("ingest")
    sources = {
        (each["namespace"], each["name"]): (
            each["inputFacets"]["inputStatistics"]["rowCount"],
            each["inputFacets"]["inputStatistics"]["fileCount"],
        )
        for each in ingest["inputs"]
    }
    assert sources == {
        ("affectmine", "corpora/demo_social"): (512, 1), ("affectmine", "corpora/talk"): (13, 1),
    }  # fmt: skip
    lake = str(watched.lake)
    reads = {
        "clean": {"restricted/records"},
        "signatures": {"clean"},
        "dedup": {"clean", "restricted/signatures"},
        "windows": {"clean"},
        "label.ekman": {"clean", "dedup"},
    }
    outputs = 0
    for stage, wanted in reads.items():
        event = watched.ended(stage)
        assert {each["name"].removeprefix(f"{lake}/") for each in event["inputs"]} == wanted
    for stage in ("ingest", *reads):
        for each in watched.ended(stage)["outputs"]:
            assert each["namespace"] == "file"
            files = list(Path(each["name"]).rglob("*.parquet"))
            stats = each["outputFacets"]["outputStatistics"]
            assert stats["fileCount"] == len(files)
            assert stats["size"] == sum(path.stat().st_size for path in files)
            assert stats["rowCount"] == sum(pq.read_metadata(path).num_rows for path in files)
            fields = each["facets"]["schema"]["fields"]
            schema = pq.read_schema(files[0])
            assert [field["name"] for field in fields] == schema.names
            assert [field["type"] for field in fields] == [str(kind) for kind in schema.types]
            outputs += 1
    assert outputs == 3 + len(reads)


def test_gates_are_assertions(watched: Watched) -> None:
    results = json.loads(next(watched.lake.glob("runs/*/gates.json")).read_text())
    severity = {"error": "critical", "warn": "warning"}
    wanted = {
        each["dataset"]: {(one["id"], one["success"], one["severity"]) for one in each["findings"]}
        for each in results
    }
    found = {}
    for each in watched.ended("check")["inputs"]:
        made = each["inputFacets"]["dataQualityAssertions"]["assertions"]
        dataset = each["name"].removeprefix(f"{watched.lake}/").removeprefix("restricted/")
        found[dataset.split("/")[0]] = {
            (one["name"].rpartition(".")[2], one["success"], severity[one["severity"]])
            for one in made
        }
    assert found == wanted


def test_no_text_and_no_person_is_told(watched: Watched) -> None:
    told = watched.prom.read_bytes()
    for _, path, headers, body in watched.got.requests:
        told += path.encode() + json.dumps(headers).encode() + body
    assert [
        word for word in (*CANARIES, "gitsecret") if word.lower().encode() in told.lower()
    ] == []
    clean = [
        pq.read_table(path).to_pylist() for path in watched.lake.glob("clean/talk/**/*.parquet")
    ]
    ids = {row[key] for rows in clean for row in rows for key in ("record_id", "speaker")}
    assert len(ids) == 12 + 2
    assert [each for each in ids if each.encode() in told] == []
    shard = next(watched.lake.glob("clean/talk/**/*.parquet")).name.split("-")[1]
    assert shard.encode() not in told


def test_a_blocked_gate_and_a_missing_source_are_told(watched: Watched, tmp_path: Path) -> None:
    """The same lake again: first with a suite that nothing passes, then with a source that is gone."""
    folder = tmp_path / "again"
    shutil.copytree(watched.folder, folder)
    (folder / "strict.yaml").write_text(
        "suite: strict\ndataset: clean\nversion: 1\nexpectations:\n"
        "  - {id: at_most_ten, type: expect_table_row_count_to_be_between, "
        "parameters: {max_value: 10}, severity: critical, why: Ten are enough.}\n"
    )
    config = write(folder, "  prometheus: collector\n  openlineage: {file: blocked.jsonl}")
    config.write_text(config.read_text() + "check: {suites: [strict.yaml]}\n")
    ran = command("run", config, cwd=folder)
    assert ran.code == 3, ran.err
    metrics = samples(folder / "collector" / watched.prom.name)
    assert metrics["run_exit_code"][()] == 3
    assert by(metrics["gate_blocked"], "dataset")[("clean",)] == 1
    assert by(metrics["gate_expectations"], "result", dataset="clean") == {("critical",): 1}
    assert metrics["snapshot_number"][()] == 1
    before = watched.metrics["last_success_timestamp_seconds"][()]
    assert metrics["last_success_timestamp_seconds"][()] == before
    assert by(metrics["stage_shards"], "state", stage="clean")[("done",)] == 0
    assert by(metrics["stage_shards"], "state", stage="clean")[("skipped",)] > 2
    assert not any(
        dict(key)["stage"] == "clean" for key in metrics.get("stage_rows_per_second", ())
    )
    events = [json.loads(line) for line in (folder / "blocked.jsonl").open()]
    ends = {each["job"]["name"]: each for each in events if each["eventType"] != "START"}
    assert {name for name, each in ends.items() if each["eventType"] == "FAIL"} == {
        "watched", "watched.check",
    }  # fmt: skip
    for name in ("watched", "watched.check"):
        assert "at_most_ten" in ends[name]["run"]["facets"]["errorMessage"]["message"]
    (clean,) = [each for each in ends["watched.check"]["inputs"] if each["name"].endswith("/clean")]
    (failed,) = clean["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert (failed["success"], failed["severity"]) == (False, "error")
    written = [
        each["outputFacets"]["outputStatistics"] for each in ends["watched.clean"]["outputs"]
    ]
    assert [(each["rowCount"], each["fileCount"]) for each in written] == [(0, 0)]
    read = [each["inputFacets"]["inputStatistics"] for each in ends["watched.ingest"]["inputs"]]
    assert {(each["rowCount"], each["fileCount"]) for each in read} == {(0, 0)}
    first = {each["run"]["runId"] for each in watched.events}
    assert not first & {each["run"]["runId"] for each in events}

    gone = "diary_of_Zebulon_Quaxley.jsonl"
    config = write(
        folder, "  prometheus: collector\n  openlineage: {file: gone.jsonl}", source=gone
    )
    ran = command("run", config, cwd=folder)
    assert ran.code in (1, 2)
    assert gone in ran.err
    metrics = samples(folder / "collector" / watched.prom.name)
    assert metrics["run_exit_code"][()] == ran.code
    assert by(metrics["failures"], "stage", "kind") == {("run", "terminal"): 1}
    assert metrics["last_success_timestamp_seconds"][()] == before
    start, end = [json.loads(line) for line in (folder / "gone.jsonl").open()]
    assert (start["eventType"], end["eventType"]) == ("START", "FAIL")
    assert start["run"]["runId"] == end["run"]["runId"]
    told = (folder / "gone.jsonl").read_text() + (
        folder / "collector" / watched.prom.name
    ).read_text()
    assert [word for word in CANARIES if word in told] == []


def test_a_failed_shard_and_a_part_of_the_shards(watched: Watched, tmp_path: Path) -> None:
    """A damaged manifest fails its shard and stage; each `--group` has a file of its own, and a label."""
    folder = tmp_path / "parts"
    shutil.copytree(watched.folder, folder)
    damaged = next((folder / "lake" / "clean" / "talk").rglob("shard-*.json"))
    rows = json.loads(damaged.read_text())["counts"]["in"]
    damaged.write_text("{")
    config = write(
        folder, "  name: nightly\n  prometheus: night.prom\n  openlineage: {file: parts.jsonl}"
    )
    codes, rest, failed = [], 0, 0
    for group in ("1/2", "2/2"):
        codes.append(command("clean", config, "--group", group, cwd=folder).code)
        found = samples(folder / f"night_{group[0]}_of_2.prom")
        assert {dict(key)["group"] for values in found.values() for key in values} == {group}
        rest += by(found["stage_input_rows"], "stage")[("clean",)]
        failed += by(found["stage_shards"], "state", stage="clean")[("failed",)]
        if codes[-1]:
            assert by(found["failures"], "stage", "error_class", "kind") == {
                ("clean", "TerminalError", "terminal"): 1,
            }  # fmt: skip
        assert "last_success_timestamp_seconds" not in found  # nothing was published
    assert sorted(codes) == [0, 1]
    assert failed == 1
    assert rest == by(watched.metrics["stage_input_rows"], "stage")[("clean",)] - rows
    events = [json.loads(line) for line in (folder / "parts.jsonl").open()]
    (event,) = [
        each
        for each in events
        if (each["job"]["name"], each["eventType"]) == ("nightly.clean", "FAIL")
    ]
    message = event["run"]["facets"]["errorMessage"]["message"]
    assert message.startswith("1 of ")
    assert "shards failed (TerminalError)" in message
    assert sum(each["eventType"] == "START" for each in events) == len(events) / 2


def test_sigterm_is_told_and_still_kills(tmp_path: Path) -> None:
    """As a scheduler stops a run: aborted for whoever watches, killed by the signal for whoever sent it."""
    config = write(tmp_path, "  prometheus: x.prom\n  openlineage: {file: e.jsonl}")
    events = tmp_path / "e.jsonl"
    run = subprocess.Popen(
        [sys.executable, "-m", "jobs.cli", "run", str(config)],
        cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    until = time.monotonic() + 60
    while not (events.exists() and "watched.ingest" in events.read_text()):
        assert time.monotonic() < until
        assert run.poll() is None
        time.sleep(0.02)
    run.terminate()
    _, error = run.communicate(timeout=60)
    assert run.returncode == -signal.SIGTERM
    assert b"Traceback" not in error
    assert b"leaked" not in error
    found = samples(tmp_path / "x.prom")
    assert (found["run_exit_code"][()], found["run_in_progress"][()]) == (143, 0)
    assert "last_success_timestamp_seconds" not in found
    ends = [json.loads(line) for line in events.open()][2:]
    assert [(each["job"]["name"], each["eventType"]) for each in ends] == [
        ("watched.ingest", "ABORT"), ("watched", "ABORT"),
    ]  # fmt: skip
    assert command("ingest", config, cwd=tmp_path).code == 0  # nothing keeps the next one away
