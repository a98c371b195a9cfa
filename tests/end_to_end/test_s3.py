"""A whole run on an object store: the same rows as on a disk, whatever the server and the writers go through.

The server is moto's, with a listener that stops and starts, is late, says no and loses answers.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from jobs.cli import run_command
from tests.end_to_end.corpus import checksum, command, environment, write_corpus
from tests.end_to_end.engine_corpus import write_engine_corpus
from tests.pipelines.lake.s3_server import CREDENTIALS, Fault, ObjectStore, Request

pytestmark = pytest.mark.slow

SHARDS = 3


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectStore]:
    store = ObjectStore()
    store.start()
    yield store
    store.stop()


@pytest.fixture
def store(server: ObjectStore) -> Iterator[ObjectStore]:
    yield server
    server.fault = lambda _: None


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """The config, and the rows of a lake on the disk."""
    folder = tmp_path_factory.mktemp("undisturbed")
    config = write_corpus(folder, 600, shard_records=200)
    config.write_text(config.read_text().replace("workers: 2", "workers: 1"))
    ran = command("run", config, "--json", cwd=folder)
    assert ran.code == 0, ran.err
    assert ran.json["stages"][0]["shards"] == SHARDS
    return config, checksum(folder / "lake")


def begun(store: ObjectStore, config: Path, lake: str) -> subprocess.Popen[str]:
    """A run on the store that goes on."""
    return subprocess.Popen(
        [sys.executable, "-m", "jobs.cli", "run", str(config), "--lake", lake, "--json"],
        cwd=config.parent,
        env=environment(**store.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(run: subprocess.Popen[str]) -> dict:
    out, err = run.communicate(timeout=240)
    assert run.returncode == 0, err
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in out + err
    return json.loads(out.splitlines()[-1])


def rows(store: ObjectStore, bucket: str, folder: Path) -> dict:
    """What is published, from a copy of the bucket."""
    return checksum(store.download(bucket, folder) / "lake")


def parquet(keys: list[str]) -> list[str]:
    return [key for key in keys if key.endswith(".parquet")]


def manifests(keys: list[str]) -> list[str]:
    return [key for key in keys if "/chunk-" in key or ("/shard-" in key and key.endswith(".json"))]


def test_slow_failing_and_lost_answers_and_what_is_asked_of_the_lake(
    undisturbed: tuple[Path, dict],
    store: ObjectStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config, expected = undisturbed
    bucket = store.bucket()
    lake = f"s3://{bucket}/lake"
    faults = {
        3: Fault(status=503, code="SlowDown"),
        11: Fault(lost=True),
        19: Fault(status=500, code="InternalError"),
        29: Fault(seconds=0.3),
        37: Fault(broken=True),
    }
    met: set[Fault] = set()

    def every_few(request: Request) -> Fault | None:
        found = faults.get(request.number % 43)
        met.update([found] if found else [])
        return found

    store.fault = every_few
    assert ended(begun(store, config, lake))["snapshot"] == 1
    store.fault = lambda _: None
    assert met == set(faults.values())
    assert rows(store, bucket, tmp_path / "first") == expected

    before = store.keys(bucket)
    again = ended(begun(store, config, lake))
    assert (again["snapshot"], again["partitions_changed"]) == (1, 0)
    assert all(stage["done_before"] == stage["shards"] for stage in again["stages"])
    new = set(store.keys(bucket)) - set(before)
    assert all(key.startswith("lake/runs/") for key in new)  # nothing was computed again

    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    query = "SELECT outcome, count(*) AS n FROM clean GROUP BY ALL"
    assert run_command(["sql", "--lake", lake, query, "--format", "csv"]) == 0
    # One line of 600 is broken; one id came twice.
    assert sorted(capsys.readouterr().out.splitlines()[1:]) == ["dropped,1", "kept,598"]
    assert run_command(["compact", "--lake", lake]) == 0
    store.age(bucket, timedelta(days=2))
    assert run_command(["vacuum", "--lake", lake, "--retain", "1"]) == 0
    assert len(parquet(store.keys(bucket))) < len(parquet(before))
    assert rows(store, bucket, tmp_path / "compacted") == expected


def test_a_writer_killed_between_data_and_manifest_then_a_server_restarted(
    undisturbed: tuple[Path, dict], store: ObjectStore, tmp_path: Path
) -> None:
    config, expected = undisturbed
    bucket = store.bucket()
    lake = f"s3://{bucket}/lake"
    killed = command(
        "run", config, "--lake", lake, cwd=config.parent,
        AFFECTMINE_FAILPOINT="commit.data_synced:2", **store.environment,
    )  # fmt: skip
    assert killed.code == -9
    keys = store.keys(bucket)
    done = manifests(keys)
    data = [key for key in parquet(keys) if "/records/" in key]
    assert len(done) < len(data)  # some that no manifest names
    assert not any("/snapshots/" in key for key in keys)
    made: list[str] = []

    def watch(request: Request) -> None:
        if request.conditional and "/clean/" in request.path:
            made.append(request.path)

    store.fault = watch
    run = begun(store, config, lake)
    while not made and run.poll() is None:
        time.sleep(0.01)
    store.stop()
    try:
        assert run.poll() is None
        time.sleep(4)
        assert run.poll() is None  # it waits
    finally:
        store.start()
    told = ended(run)
    assert told["snapshot"] == 1
    assert told["stages"][0]["done_before"] >= len(done) > 0
    assert rows(store, bucket, tmp_path) == expected


def test_two_runs_at_once(
    undisturbed: tuple[Path, dict], store: ObjectStore, tmp_path: Path
) -> None:
    config, expected = undisturbed
    bucket = store.bucket()
    both = [begun(store, config, f"s3://{bucket}/lake") for _ in range(2)]
    for run in both:
        ended(run)
    assert rows(store, bucket, tmp_path) == expected
    keys = store.keys(bucket)
    assert [key for key in keys if "/snapshots/" in key] == ["lake/snapshots/00000001.json"]
    # Of each shard there is one manifest, and the one file that it names.
    clean = [key for key in keys if key.startswith("lake/clean/")]
    assert len(clean) == 2 * len(parquet(clean))


def test_spark_over_the_store_with_all_that_compares_rows(
    store: ObjectStore, tmp_path: Path
) -> None:
    """Dedup, windows and some marts by Spark, of a lake on the store: as DuckDB makes them on a disk."""
    config = write_engine_corpus(tmp_path, rows=240, shard_records=120)
    lines = config.read_text().splitlines()  # all marts would take Spark and this server minutes
    config.write_text("\n".join(line for line in lines if not line.startswith("marts:")) + "\n")
    marts = ("transitions", "label_counts")
    disk, bucket = tmp_path / "here", store.bucket()
    lake = f"s3://{bucket}/lake"
    environment = store.environment
    for where, engine in ((disk, "local"), (lake, "spark")):
        ran = command(
            "run", config, "--lake", where, "--engine", engine, cwd=tmp_path, **environment
        )
        assert ran.code == 0, ran.err
        built = command(
            "marts",
            "build",
            *marts,
            "--lake",
            where,
            "--engine",
            engine,
            cwd=tmp_path,
            **environment,
        )
        assert built.code == 0, built.err
    assert rows(store, bucket, tmp_path / "copy") == checksum(disk)
    for mart in marts:
        query = ("sql", f"SELECT * FROM mart_{mart} ORDER BY ALL", "--format", "json", "--lake")
        here, there = (command(*query, each, cwd=tmp_path, **environment) for each in (disk, lake))
        assert here.out == there.out
        assert here.out.count("\n") > 3
