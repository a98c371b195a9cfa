"""The section `metrics`: what is refused before anything is read, and what never hurts a run."""

import json
import re
import socket
import time
from pathlib import Path

import pytest
import yaml

from jobs.metrics.families import families
from jobs.metrics.lineage_delivery import Delivery
from jobs.metrics.lineage_facets import Facets
from jobs.metrics.told import RunTold, StageTold
from jobs.metrics.watch import watched
from jobs.screen import Screen
from jobs.session import Session, StageTotals
from pipelines.lake.lake import Lake
from pipelines.lake.place import place
from schemas.config.load import load_config
from schemas.config.metrics import MetricsConfig, OpenLineageConfig
from schemas.errors import ConfigError, GateError, StoppedError, TransientError
from tests.end_to_end.corpus import ROOT, command
from tests.jobs.events_server import events_server
from tests.jobs.metrics_runs import CANARIES, PAGE, on_page, samples, write

RUN_ID = "20260302-080910123-0a1b2c"


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("{}", "nothing is told"),
        ("{openlineage: {}}", "events go nowhere"),
        ("{openlineage: {url: marquez}}", "http://host:5000"),
        ("{openlineage: {url: 'ftp://h/'}}", "http://host:5000"),
        ("{openlineage: {url: 'http://me:secret@h:5000'}}", "OPENLINEAGE_API_KEY"),
        ("{name: 'a b', prometheus: x.prom}", "metrics.name"),
        ("{prometheus: x.prom, push: h}", "metrics.push"),
    ],
)
def test_mistakes_of_the_section(tmp_path: Path, section: str, told: str) -> None:
    config = write(tmp_path, "  REPLACED")
    config.write_text(config.read_text().replace("\n  REPLACED", f" {section}"))
    with pytest.raises(ConfigError, match=told) as raised:
        load_config(config)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("metrics", "told"),
    [
        ("  prometheus: metrics.txt", "ends with .prom"),
        ("  prometheus: gone/x.prom", "no folder"),
        ("  openlineage: {file: watched.yaml/events.jsonl}", "cannot be written"),
    ],
)
def test_a_place_that_cannot_be_is_told_at_the_start(
    tmp_path: Path, metrics: str, told: str
) -> None:
    config = write(tmp_path, metrics)
    with pytest.raises(ConfigError, match=told), opened(config):
        pytest.fail("nothing may run")


def opened(config: Path):
    return watched(
        load_config(config), config, Screen(quiet=True), command="run", group=None, publishes=True
    )


def stopped(config: Path, error: BaseException) -> None:
    """A run that `error` stops while it cleans."""
    with opened(config) as watch:
        lake = Lake(config.parent / "lake")
        watch.opened(lake, RUN_ID)
        screen = Screen(quiet=True)
        session = Session(
            lake,
            load_config(config),
            config.parent,
            "",
            None,
            None,
            screen,  # type: ignore[arg-type]
        )
        watch.began(session, [StageTotals("clean")])
        assert samples(config.parent / "x.prom")["run_in_progress"][()] == 1
        raise error


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (KeyboardInterrupt(), "ABORT", 130),
        (StoppedError("Asked to stop."), "ABORT", 75),
        (TransientError("The store is down."), "FAIL", 75),
        (GateError("Too few rows."), "FAIL", 3),
    ],
)
def test_how_a_run_that_is_stopped_ends(
    tmp_path: Path, error: BaseException, kind: str, code: int
) -> None:
    config = write(tmp_path, "  prometheus: x.prom\n  openlineage: {file: e.jsonl}")
    with pytest.raises(type(error)):
        stopped(config, error)
    events = [json.loads(line) for line in (tmp_path / "e.jsonl").open()]
    assert [(each["job"]["name"], each["eventType"]) for each in events] == [
        ("watched", "START"), ("watched.clean", "START"), ("watched.clean", kind), ("watched", kind),
    ]  # fmt: skip
    # UUIDs of version 7 begin with the milliseconds; 2026-03-02T08:09:10.123Z is 1772438950123.
    assert {each["run"]["runId"].replace("-", "")[:12] for each in events} == {
        f"{1772438950123:012x}"
    }
    found = samples(tmp_path / "x.prom")
    assert (found["run_exit_code"][()], found["run_in_progress"][()]) == (code, 0)
    again = {"transient" if code == 75 else "terminal"}
    assert {dict(key)["kind"] for key in found["failures"]} == again


@pytest.mark.parametrize("topmost", [None, "airflow/mine/01941f29-7c00-7087-8940-000000000002"])
def test_who_started_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, topmost: str | None
) -> None:
    """A task of Airflow, or what it started, and the run of the DAG above it; ids that are none are left out."""
    parent = "http://airflow:8080/mine.daily/01941f29-7c00-7087-8940-000000000001"
    monkeypatch.setenv("OPENLINEAGE_PARENT_ID", parent)
    monkeypatch.setenv("OPENLINEAGE_ROOT_PARENT_ID", topmost or "airflow/mine/yesterday")
    with opened(write(tmp_path, "  openlineage: {file: e.jsonl}")):
        pass
    for line in (tmp_path / "e.jsonl").open():
        above = json.loads(line)["run"]["facets"]["parent"]
        job, root = above["job"], above["root"]
        assert f"{job['namespace']}/{job['name']}/{above['run']['runId']}" == parent
        found = f"{root['job']['namespace']}/{root['job']['name']}/{root['run']['runId']}"
        assert found == (topmost or parent)


def test_datasets_on_an_object_store_are_named_by_bucket_and_key() -> None:
    lake = Lake(place("s3://talks/all/lake"))
    named = Facets().input(lake, ("labels", "emotion/ekman/student"))
    assert (named.namespace, named.name) == (
        "s3://talks", "all/lake/labels/emotion/ekman/student",
    )  # fmt: skip


def test_what_the_page_says_is_so() -> None:
    """Its config is one, and it lists what the metrics of language models and failures are called."""
    (sample,) = re.findall(r"```yaml\n(metrics:.*?)```", PAGE, flags=re.DOTALL)
    config = MetricsConfig.model_validate(yaml.safe_load(sample)["metrics"])
    assert config.name == "nightly"
    assert config.openlineage is not None
    assert config.openlineage.file == "lineage.jsonl"
    totals = StageTotals("label", "asked")
    spent = ("requests", "prompt_tokens", "from_cache", "seconds", "price")
    totals.cost = dict.fromkeys(spent, 1.0)
    told = RunTold("p", "run", "local", "", True, 0.0, stages=[StageTold(totals, 0.0, 1.0)])
    told.failures = [("label", "0a1b", TransientError("It was down."))]
    names = {each.name.removeprefix("affectmine_") for each in families(told, 1.0)}
    asked = {"llm_requests", "llm_tokens", "llm_reused_answers", "llm_seconds", "llm_cost"}
    assert names >= asked | {"failures", "last_success_timestamp_seconds"}
    assert [name for name in names if not on_page(name)] == []


def test_reasons_that_may_be_anything_are_no_labels() -> None:
    totals = StageTotals("label", "ekman")
    totals.reasons = {"language:pt-BR": 2, "no_letters": 1, "Ottilie Brandvold": 3, "said: so": 4}
    totals.reasons |= {f"reason_{number}": 1 for number in range(100)}
    told = RunTold("p", "run", "local", "", True, 0.0, stages=[StageTold(totals, 0.0, 1.0)])
    (family,) = [each for each in families(told, None) if each.name.endswith("by_reason")]
    shown = {each.labels["reason"]: each.value for each in family.samples}
    assert shown["language:pt-BR"] == 2
    assert len(shown) <= 42
    assert "Ottilie Brandvold" not in shown
    assert sum(shown.values()) == 110
    assert shown["other"] >= 7


def test_an_error_that_stops_the_run_is_told_without_its_message(tmp_path: Path) -> None:
    config = write(tmp_path, "  prometheus: x.prom\n  openlineage: {file: e.jsonl}")
    with pytest.raises(ValueError, match="Ottilie"):
        stopped(config, ValueError("Ottilie said something"))
    end = json.loads((tmp_path / "e.jsonl").read_text().splitlines()[-1])
    assert end["run"]["facets"]["errorMessage"]["message"].startswith("Stopped by ValueError.")
    told = (tmp_path / "x.prom").read_text() + (tmp_path / "e.jsonl").read_text()
    assert [word for word in CANARIES if word in told] == []
    assert samples(tmp_path / "x.prom")["failures"] == {
        (("error_class", "ValueError"), ("kind", "terminal"), ("stage", "run")): 1,
    }  # fmt: skip
    assert samples(tmp_path / "x.prom")["run_exit_code"][()] == 1


def event(number: int):
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

    return RunEvent(
        eventType=RunState.OTHER,
        eventTime="2026-03-02T00:00:00+00:00",
        run=Run(f"01941f29-7c00-7087-8940-{number:012d}"),
        job=Job("n", "j"),
        producer="urn:test",
    )


def test_the_address_of_a_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("OPENLINEAGE_API_KEY", raising=False)
    with events_server() as got:
        for path in ("", "/", "/openapi/openlineage/api/v1/lineage", "/proxy/lineage"):
            delivery = Delivery(OpenLineageConfig(url=got.url + path), tmp_path)
            delivery.send(event(1))
            assert delivery.close() is None
    paths = [path for _, path, _, _ in got.requests]
    marquez = "/api/v1/lineage"
    assert paths == [marquez, marquez, "/openapi/openlineage/api/v1/lineage", "/proxy/lineage"]
    assert not any("Authorization" in headers for _, _, headers, _ in got.requests)


def test_a_server_that_refuses_is_asked_once_an_event(tmp_path: Path) -> None:
    with events_server(status=503) as got:
        delivery = Delivery(OpenLineageConfig(url=got.url), tmp_path)
        for number in range(5):
            delivery.send(event(number))
        told = delivery.close()
    assert told is not None
    assert told.startswith("5 of 5 OpenLineage events did not reach 127.0.0.1:")
    assert "HTTPError" in told
    assert len(got.requests) == 5


@pytest.mark.slow
def test_a_server_that_hangs_costs_the_run_seconds_in_all(tmp_path: Path) -> None:
    with events_server(hangs=True) as got:
        delivery = Delivery(OpenLineageConfig(url=got.url, file="e.jsonl"), tmp_path)
        started = time.perf_counter()
        for number in range(200):
            delivery.send(event(number))
        assert time.perf_counter() - started < 1
        told = delivery.close()
        assert time.perf_counter() - started < 5
    assert told is not None
    assert told.startswith("200 of 200 ")
    assert len((tmp_path / "e.jsonl").read_text().splitlines()) == 200
    assert len(got.requests) <= 2


@pytest.mark.slow
def test_a_server_that_is_down_is_one_warning(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound, but nobody listens: connections are refused
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        config = write(tmp_path, f"  openlineage: {{url: '{url}'}}")
        ran = command("ingest", config, cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert ran.err.count("OpenLineage events did not reach") == 1
    assert "4 of 4 OpenLineage events did not reach" in ran.err
    assert "ConnectionError" in ran.err
    assert "Traceback" not in ran.err
    assert "etrying" not in ran.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("library", "metrics"),
    [
        ("prometheus_client", "  prometheus: x.prom"),
        ("openlineage", "  openlineage: {file: e.jsonl}"),
    ],
)
def test_a_library_that_is_missing_is_told_at_the_start(
    tmp_path: Path, library: str, metrics: str
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(f"import sys\nsys.modules[{library!r}] = None\n")
    config = write(tmp_path, metrics)
    ran = command("run", config, cwd=tmp_path, PYTHONPATH=f"{hooks}:{ROOT}")
    assert ran.code == 2
    assert "pip install 'affectmine[metrics]'" in ran.err
    assert not (tmp_path / "lake").exists()
    assert [path.suffix for path in tmp_path.iterdir() if path.is_file()].count(".prom") == 0
