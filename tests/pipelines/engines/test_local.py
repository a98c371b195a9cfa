"""The local engine: everything is tried, nothing is lost, a dead worker takes only its own task along."""

import os
import signal
import time
from pathlib import Path

import pytest

from pipelines.engines.local import Done, LocalEngine
from schemas.errors import ConfigError, TerminalError, TransientError


def work(task: tuple[str, str]) -> str:
    kind, place = task
    marks = Path(place)
    tries = len(list(marks.glob(f"{kind}-*")))
    (marks / f"{kind}-{tries}-{os.getpid()}").touch()
    if kind == "terminal":
        raise ConfigError("Wrong config.", remedy="Mend it.")
    if kind == "transient" and tries < 2:
        raise TransientError("Try again.")
    if kind == "always":
        raise TransientError("Never well.")
    if kind == "defect":
        raise ValueError("a secret sentence of a person")
    if kind == "dies" and tries < 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "sleeps":
        time.sleep(600)
    if kind == "fatal":
        os.kill(os.getpid(), signal.SIGKILL)
    return kind


def run(kinds: list[str], place: Path, retries: int = 2) -> dict[str, Done[tuple[str, str], str]]:
    with LocalEngine(2, retries) as engine:
        return {
            done.task[0]: done for done in engine.map(work, ((kind, str(place)) for kind in kinds))
        }


def leave(place: Path) -> None:
    """Leaves by an error while a worker is at work."""
    with LocalEngine(2, 0) as engine:
        for done in engine.map(work, [("sleeps", str(place)), ("fine", str(place))]):
            assert done.task[0] == "fine"
            while not list(place.glob("sleeps-*")):
                time.sleep(0.01)
            raise KeyboardInterrupt


def test_whoever_leaves_by_an_error_leaves_no_worker_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        leave(tmp_path)
    (mark,) = tmp_path.glob("sleeps-*")
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.name.split("-")[-1]), 0)


def test_outcomes_by_kind_of_error(tmp_path: Path) -> None:
    done = run(["fine", "terminal", "transient", "always", "defect"], tmp_path)
    assert {kind: each.result for kind, each in done.items() if each.result} == {
        "fine": "fine",
        "transient": "transient",
    }
    assert isinstance(done["terminal"].error, ConfigError)
    assert str(done["terminal"].error) == "Wrong config. Mend it."
    assert len(list(tmp_path.glob("terminal-*"))) == 1
    assert isinstance(done["always"].error, TransientError)
    assert len(list(tmp_path.glob("always-*"))) == 3
    assert isinstance(done["defect"].error, TerminalError)
    assert "ValueError at test_local.py" in str(done["defect"].error)
    assert "secret" not in str(done["defect"].error)


def test_a_worker_that_dies_takes_only_its_own_try_along(tmp_path: Path) -> None:
    done = run(["dies", "fine"], tmp_path)
    assert {kind: each.result for kind, each in done.items()} == {"dies": "dies", "fine": "fine"}


def test_a_task_that_always_kills_its_worker_ends_as_transient(tmp_path: Path) -> None:
    done = run(["fatal", "fine"], tmp_path, retries=1)
    assert done["fine"].result == "fine"
    assert isinstance(done["fatal"].error, TransientError)
    assert "out of memory" in str(done["fatal"].error)


def test_tasks_are_taken_lazily() -> None:
    taken: list[int] = []

    def source():
        for number in range(40):
            taken.append(number)
            yield number

    with LocalEngine(2, 0) as engine:
        results = engine.map(abs, source())
        next(results)
        time.sleep(0.2)
        assert len(taken) <= 5
        assert sum(1 for _ in results) == 39
