"""Workers of Spark and Beam are killed in the middle of shards: the published rows are those of an undisturbed run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.end_to_end.corpus import checksum, command, environment, write_corpus

pytestmark = pytest.mark.slow

SHARDS = 12
ROWS = 24_000
# Engine, and what is killed: in the command line of the process, and of its parent.
KILLED = {
    "spark python worker": ('{name: spark, spark: {spark.master: "local[2,4]"}}', "pyspark.daemon", "pyspark.daemon"),
    "spark executor": (
        '{name: spark, spark: {spark.master: "local-cluster[2,1,1024]"}}', "CoarseGrainedExecutorBackend", "",
    ),
    "beam worker": ("{name: beam, workers: 2, beam: {direct_running_mode: multi_processing}}", "sdk_worker_main", ""),
}  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("killed")
    config = write_corpus(folder, ROWS, shard_records=ROWS // SHARDS)
    ran = command("run", config, "--json", cwd=folder)
    assert ran.code == 0, ran.err
    assert all(stage["shards"] >= SHARDS for stage in ran.json["stages"])
    return folder, checksum(folder / "lake")


@pytest.mark.parametrize("case", KILLED)
def test_a_worker_is_killed_in_the_middle_of_a_shard(
    undisturbed: tuple[Path, dict], tmp_path: Path, case: str
) -> None:
    folder, expected = undisturbed
    engine, name, parent = KILLED[case]
    config = folder / f"{case.replace(' ', '-')}.yaml"
    text = (folder / "config.yaml").read_text()
    config.write_text(text.replace("engine: {workers: 2}", f"engine: {engine}"))
    lake = tmp_path / "lake"
    process = subprocess.Popen(
        [sys.executable, "-m", "jobs.cli", "run", str(config), "--lake", str(lake), "--json"],
        cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    killed = 0
    for stage in ("restricted/records", "clean", "labels"):
        if _wait_for_a_shard_being_made(process, lake / stage):
            killed += _kill_one(process.pid, name, parent)
    out, err = process.communicate(timeout=600)
    assert killed >= 2, "the stages went by before anything was killed"
    assert process.returncode == 0, err
    assert checksum(lake) == expected
    told = json.loads(out.splitlines()[-1])
    assert told["failures"] == []
    assert sum(stage["failed"] for stage in told["stages"]) == 0


def _wait_for_a_shard_being_made(process: subprocess.Popen[str], folder: Path) -> bool:
    """Waits until a data file is there that no manifest names yet; False if the run ends before."""
    while process.poll() is None:
        data = {path.name.rpartition("-")[0] for path in folder.rglob("shard-*.parquet")}
        manifests = {path.stem for path in folder.rglob("shard-*.json")}
        # The manifests of records lie elsewhere (ingest/): there, the first file is early enough.
        if data - manifests:
            return True
        time.sleep(0.01)
    return False


def _kill_one(root: int, name: str, parent: str) -> bool:
    """Kills a worker: of the descendants of `root`, one that is called `name`, with a parent called `parent`."""
    for _ in range(200):
        for pid, above in _descendants(root):
            if name in _called(pid) and parent in _called(above):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    return True
        time.sleep(0.01)
    return False


def _descendants(root: int) -> Iterator[tuple[int, int]]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError):
                stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                parents[int(entry.name)] = int(stat[1])
    for pid, above in sorted(parents.items(), reverse=True):
        each = pid
        while each in parents and each != root:
            each = parents[each]
        if each == root and pid != root:
            yield pid, above


def _called(pid: int) -> str:
    with suppress(OSError):
        return (Path("/proc") / str(pid) / "cmdline").read_text()
    return ""
