"""A language model labels a lake, and everything goes wrong on the way: before a real vLLM server."""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.asked import (
    UNFLUSHED,
    WINDOW,
    forget_work,
    labels_of,
    point_to,
    wait_for,
    write_asked,
)
from tests.end_to_end.corpus import command, environment
from tests.pipelines.serving.fault_proxy import FaultProxy, Plan

pytestmark = pytest.mark.slow

ROWS = 360
TRANSIENT = {"500": 0.03, "503": 0.03, "reset": 0.02, "half": 0.02, "not_json": 0.02, "hang": 0.004}
SPOILED = {"length": 0.02, "nonsense": 0.02}


def nonsense(told: dict) -> dict:
    """Valid under no schema of ours, as free text of a server that ignores response_format is."""
    for choice in told["choices"]:
        choice["message"]["content"] = '{"labels": ["melancholy"]}'
        choice["logprobs"] = None
    return told


def start(folder: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "jobs.cli", "run", "config.yaml", "--json"],
        cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module", params=["generate", "score"])
def undisturbed(request, tmp_path_factory, tiny_server) -> tuple[str, pl.DataFrame, int]:
    """Mode, labels and requests of a run in which nothing goes wrong."""
    folder = tmp_path_factory.mktemp(f"undisturbed_{request.param}")
    with FaultProxy(tiny_server.url) as proxy:
        write_asked(folder, proxy.url, tiny_server.model, ROWS, mode=request.param)
        ran = command("run", "config.yaml", "--json", cwd=folder)
        assert ran.code == 0, ran.err
        return request.param, labels_of(folder / "lake"), proxy.completions


def assert_like(found: pl.DataFrame, expected: pl.DataFrame, *, failed: int = 0) -> None:
    """Every row has one outcome; but for `failed` ones at most, it is that of the undisturbed run."""
    assert found["record_id"].to_list() == expected["record_id"].to_list()
    assert found["record_id"].is_unique().all()
    both = found.select("record_id", "status", "labels", "scores", "reason").join(
        expected.select("record_id", "status", "labels", "scores"), on="record_id", suffix="_was"
    )
    other = both.filter(pl.col("status") != pl.col("status_was"))
    assert other.height <= failed, other["reason"].value_counts()
    assert set(other["reason"]) <= {"refused", "invalid_answer", "cut_off", "unavailable"}
    same = both.filter((pl.col("status") == "labeled") & (pl.col("status_was") == "labeled"))
    assert same.height > 240
    apart = [
        abs(one["probability"] - other["probability"])
        for scores, were in same.select("scores", "scores_was").iter_rows()
        for one, other in zip(scores, were, strict=True)
    ]
    # One sum of bfloat16 in another order is .004; the answer to another text differs by more, and in its labels.
    repaired = (
        failed / expected.height + 0.02
    )  # a second try is another question, with another answer
    assert sorted(apart)[int((1 - repaired) * len(apart)) - 1] < 0.02
    assert (same["labels"] == same["labels_was"]).mean() >= 1 - repaired


def test_faults_and_kills(undisturbed, tmp_path: Path, tiny_server) -> None:
    mode, expected, requests = undisturbed
    spoiled = SPOILED if mode == "generate" else {"nonsense": 0.02}
    plan = Plan(TRANSIENT | spoiled | {"400": 0.01}, seed=7, spoil=nonsense)
    with FaultProxy(tiny_server.url, plan) as proxy:
        write_asked(tmp_path, proxy.url, tiny_server.model, ROWS, mode=mode, deadline=3)
        kills = 0
        for part in (0.25, 0.5):  # of the requests, at which the client is killed
            process = start(tmp_path)
            wait_for(lambda part=part: proxy.completions >= part * requests, process)
            process.kill()
            process.wait()
            kills += 1
        process = start(tmp_path)
        wait_for(lambda: proxy.completions >= 0.8 * requests, process)
        proxy.stop()  # the server is gone for a while
        time.sleep(2)
        proxy.start()
        out, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
        faults, completions = proxy.faults.total(), proxy.completions
        bad = sum(proxy.faults[kind] for kind in ("400", "length", "nonsense"))
    assert faults > 12
    found = labels_of(tmp_path / "lake")
    assert_like(found, expected, failed=bad)
    told = json.loads(out.splitlines()[-1])
    label = next(stage for stage in told["stages"] if stage["stage"] == "label")
    assert label["counts"]["in"] == expected.height
    # Stopping the server takes with it what was in flight, as a kill of the client does.
    assert completions - requests <= faults + (kills + 1) * (WINDOW + UNFLUSHED)


def test_what_was_answered_is_not_asked_again(undisturbed, tmp_path: Path, tiny_server) -> None:
    mode, expected, requests = undisturbed
    with FaultProxy(tiny_server.url) as proxy:
        write_asked(tmp_path, proxy.url, tiny_server.model, ROWS, mode=mode)
        first = command("run", "config.yaml", "--json", cwd=tmp_path)
        assert first.code == 0, first.err
        assert proxy.completions == requests
        before = labels_of(tmp_path / "lake")
        forget_work(tmp_path / "lake")
        again = command("run", "config.yaml", "--json", cwd=tmp_path)
        assert again.code == 0, again.err
        assert proxy.completions == requests
    drop = ["labeler"]
    assert labels_of(tmp_path / "lake").drop(drop).equals(before.drop(drop))
    seconds = [
        next(stage["seconds"] for stage in ran.json["stages"] if stage["stage"] == "label")
        for ran in (first, again)
    ]
    print(f"{mode}: label took {seconds[0]} s, from the cache {seconds[1]} s")
    assert_like(before, expected)


def test_told_to_stop(undisturbed, tmp_path: Path, tiny_server) -> None:
    mode, expected, requests = undisturbed
    how = signal.SIGTERM if mode == "generate" else signal.SIGINT
    with FaultProxy(tiny_server.url) as proxy:
        write_asked(tmp_path, proxy.url, tiny_server.model, ROWS, mode=mode)
        process = start(tmp_path)
        wait_for(lambda: proxy.completions >= 0.3 * requests, process)
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 75, err
        assert "Run the same command again" in err
        assert "Traceback" not in err
        ran = command("run", "config.yaml", "--json", cwd=tmp_path)
        assert ran.code == 0, ran.err
        # In-flight requests were let finish, and what was answered was kept: nothing was asked twice.
        assert proxy.completions <= requests + WINDOW
    assert_like(labels_of(tmp_path / "lake"), expected)


def test_no_server_from_the_start(tmp_path: Path) -> None:
    write_asked(tmp_path, "http://127.0.0.1:9", "tiny", 50, mode="score", retries=1)
    started = time.monotonic()
    ran = command("run", "config.yaml", cwd=tmp_path)
    assert ran.code == 75, (ran.out, ran.err)
    assert time.monotonic() - started < 90
    assert "127.0.0.1:9" in ran.out + ran.err
    assert "Traceback" not in ran.err


def test_another_model_is_served(tmp_path: Path, tiny_server) -> None:
    write_asked(tmp_path, tiny_server.url, "another", 50, mode="score")
    ran = command("run", "config.yaml", cwd=tmp_path)
    assert ran.code == 1, (ran.out, ran.err)
    assert tiny_server.model in ran.out + ran.err


def test_a_poisonous_row_fails_alone(tmp_path: Path, tiny_server) -> None:
    def poison(body: bytes) -> str | None:
        return "500" if b"grandmother every single day (13)" in body else None

    with FaultProxy(tiny_server.url, Plan(poison=poison)) as proxy:
        write_asked(tmp_path, proxy.url, tiny_server.model, 100, mode="score", retries=2)
        ran = command("run", "config.yaml", "--json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    found = labels_of(tmp_path / "lake")
    failed = found.filter(pl.col("status") == "failed")
    assert failed["reason"].to_list() == ["unavailable"]
    assert found.filter(pl.col("status") == "labeled").height > 80


def test_nothing_of_people_gets_out(tmp_path: Path, tiny_server) -> None:
    """Canaries: an address in a text, a word in a text, an author."""
    seen: list[bytes] = []

    def look(body: bytes) -> None:
        seen.append(body)

    with FaultProxy(tiny_server.url, Plan(poison=look)) as proxy:
        folder = tmp_path
        write_asked(
            folder, proxy.url, tiny_server.model, 80, mode="generate", domain="clinical",
            task="emotion", taxonomy="ekman",
        )  # fmt: skip
        ran = command("run", "config.yaml", "--json", cwd=folder)
        assert ran.code == 0, ran.err
        again = command("status", cwd=folder)
    assert seen
    assert not any(b"jo.doe@example.org" in body for body in seen)
    lake = folder / "lake"
    assert list((lake / "restricted" / "answers").glob("*.parquet"))
    assert not (lake / "answers").exists()
    for path in lake.rglob("*"):
        open_text = {"clean", "records", "contexts", "quarantine_raw"}
        if not path.is_file() or open_text & set(path.relative_to(lake).parts):
            continue
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content = str(pl.read_parquet(path).to_dicts()).encode()
        for canary in (b"grandmother", b"jo.doe", b"user3"):
            assert canary not in content, (path, canary)
    for canary in ("grandmother", "jo.doe", "user3"):
        assert canary not in ran.out + ran.err + again.out + again.err


def test_two_servers_share_the_work(tmp_path: Path, tiny_server) -> None:
    with FaultProxy(tiny_server.url) as one, FaultProxy(tiny_server.url) as other:
        write_asked(tmp_path, one.url, tiny_server.model, 300, mode="score")
        point_to(tmp_path, f"{one.url}', '{other.url}")
        process = start(tmp_path)
        wait_for(lambda: one.completions + other.completions > 60, process)
        threading.Thread(target=other.stop).start()  # one of them dies
        _, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
        assert one.completions > 60
        assert other.completions > 10
    assert set(labels_of(tmp_path / "lake")["status"]) <= {"labeled", "rejected"}
