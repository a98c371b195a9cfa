"""One real vLLM with a tiny model for all tests of a session, shared by xdist's workers.

Whoever uses the server holds a shared lock on the file `users`. A keeper, a process of its own, runs it for as long as
somebody does: locks end with their processes, so it stops even after tests that were killed.
"""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
READY_WITHIN = 240.0


@dataclass(frozen=True)
class TinyServer:
    url: str
    model: str
    folder: Path  # of the model
    log: Path


def find_vllm_python() -> str | None:
    """The Python with vLLM: AFFECTMINE_VLLM_PYTHON, or the one of `make test-all`."""
    made = REPOSITORY / ".vllm" / "bin" / "python"
    complete = made.exists() and (REPOSITORY / ".vllm" / ".ready").exists()
    return os.environ.get("AFFECTMINE_VLLM_PYTHON") or (str(made) if complete else None)


@pytest.fixture(scope="session")
def vllm_python() -> str:
    found = find_vllm_python()
    if found is None:
        pytest.skip(
            "needs vLLM: `make test-all` sets it up, or AFFECTMINE_VLLM_PYTHON names a Python"
        )
    return found


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory) -> Path:
    """One folder for all workers of this session."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "tiny"
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def locked(path: Path, how: int) -> Iterator[None]:
    with path.open("a") as handle:
        fcntl.flock(handle, how)
        yield


@pytest.fixture(scope="session")
def tiny_model(vllm_python, shared_folder) -> Path:
    """The folder of the tiny model."""
    folder = shared_folder / "tiny"
    with locked(shared_folder / "model.lock", fcntl.LOCK_EX):
        if not (folder / "model.safetensors").exists():
            script = Path(__file__).with_name("tiny_model.py")
            subprocess.run([vllm_python, str(script), str(folder)], check=True)
    return folder


@pytest.fixture(scope="session")
def tiny_server(vllm_python, tiny_model, shared_folder) -> Iterator[TinyServer]:
    """A real server with the tiny model."""
    with serving(vllm_python, tiny_model, shared_folder) as server:
        yield server


@contextmanager
def serving(python: str, model: Path, folder: Path) -> Iterator[TinyServer]:
    """A real server with the model of a folder; `folder` is its own, and that of all who use this server."""
    folder.mkdir(exist_ok=True)
    told = folder / "ready.json"
    with locked(folder / "users", fcntl.LOCK_SH):
        with locked(folder / "start.lock", fcntl.LOCK_EX):
            if not told.exists():
                _start_keeper(python, model, folder)
        server = json.loads(told.read_text())
        yield TinyServer(server["url"], server["model"], model, folder / "vllm.log")


def _start_keeper(python: str, model: Path, folder: Path) -> None:
    errors = (folder / "keeper.log").open("w")
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.pipelines.serving.keeper", python, str(model), str(folder)],
        cwd=REPOSITORY,
        stdout=errors,
        stderr=errors,
        start_new_session=True,
    )
    deadline = time.monotonic() + READY_WITHIN + 30
    while not (folder / "ready.json").exists():
        if keeper.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError((folder / "keeper.log").read_text())
        time.sleep(0.2)
