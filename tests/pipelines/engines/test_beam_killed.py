"""The Beam engine where processes are killed: a try is lost, never a task; nothing goes on without us."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.engines.beam import BeamEngine
from pipelines.lake.lake import Lake
from schemas.errors import TransientError
from tests.pipelines.engines.beam_tasks import Unit, work
from tests.pipelines.engines.test_beam import MODES, PORTABLE, run

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("mode", MODES)
def test_a_killed_worker_costs_a_try(mode: str, tmp_path: Path) -> None:
    done = run(tmp_path, ["fine-1", "fine-2", "dies", "fine-3", "fine-4"], direct_running_mode=mode)
    assert {kind: each.error for kind, each in done.items()} == dict.fromkeys(
        ("fine-1", "fine-2", "dies", "fine-3", "fine-4")
    )
    assert len(done["dies"].task.tries) >= 2


def test_a_task_that_always_kills_ends_as_transient(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kinds = ["fine-1", "fatal", "fine-2", "fine-3", "fine-4", "fine-5"]
    done = run(tmp_path, kinds)
    assert [kind for kind, each in done.items() if each.error is not None] == ["fatal"]
    assert isinstance(done["fatal"].error, TransientError)
    assert "out of memory" in str(done["fatal"].error)
    assert len(done["fatal"].task.tries) == 3
    # The others were at work beside it at most once when it killed its worker.
    assert max(len(done[kind].task.tries) for kind in kinds if kind != "fatal") <= 2
    assert capfd.readouterr() == ("", "")


def test_a_killed_launcher_costs_a_try(tmp_path: Path) -> None:
    done = run(tmp_path, ["fine-1", "launcher", "fine-2"])
    assert {kind: each.error for kind, each in done.items()} == dict.fromkeys(
        ("fine-1", "launcher", "fine-2")
    )


def test_who_stops_listening_stops_the_workers(tmp_path: Path) -> None:
    with BeamEngine({}, workers=2, retries=0) as engine:
        engine.begin(Lake(tmp_path / "lake"), "run")
        long = [Unit("long-1", tmp_path, 60), Unit("long-2", tmp_path, 60)]
        results = engine.map(work, [Unit("fine-1", tmp_path), Unit("fine-2", tmp_path), *long])
        next(results)
        workers = begun(long)
        results.close()
        assert gone(workers)
        assert not list((tmp_path / "lake").rglob("told*"))
        assert [each.error for each in engine.map(work, [Unit("fine-3", tmp_path)])] == [None]


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_workers_do_not_survive_us(sent: signal.Signals, tmp_path: Path) -> None:
    with program(tmp_path) as ours:
        workers = begun(endless(tmp_path), ours)
        launcher = os.getpgid(next(iter(workers)))
        assert launcher not in (ours.pid, os.getpgid(0))
        os.killpg(ours.pid, sent)  # as Ctrl-C does: to the whole group
        _, said = ours.communicate(timeout=30)
        assert gone(workers | {launcher})
    assert ("KeyboardInterrupt" in said) == (sent == signal.SIGINT)
    assert "SystemExit" not in said
    assert said.count("Traceback") == (sent == signal.SIGINT)


def test_workers_survive_neither_us_nor_the_launcher(tmp_path: Path) -> None:
    with program(tmp_path) as ours:
        workers = begun(endless(tmp_path), ours)
        ours.send_signal(signal.SIGSTOP)  # it cannot clean up
        os.kill(os.getpgid(next(iter(workers))), signal.SIGKILL)
        assert gone(workers)


def test_the_job_of_a_portable_runner_is_canceled(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with BeamEngine(PORTABLE, workers=1, retries=0) as engine:
        engine.begin(Lake(tmp_path / "lake"), "run")
        last = Unit("endless", tmp_path)
        results = engine.map(work, [Unit("fine", tmp_path), last])
        next(results)
        workers = begun([last])
        results.close()
        assert gone(workers)
    assert capfd.readouterr() == ("", "")


def endless(place: Path) -> list[Unit]:
    return [Unit("endless-1", place), Unit("endless-2", place)]


@contextmanager
def program(place: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that works on endless units, in a group of its own."""
    script = place / "program.py"
    script.write_text(
        "import sys; from pathlib import Path; from tests.pipelines.engines.test_beam import run\n"
        "if __name__ == '__main__': run(Path(sys.argv[1]), ['endless-1', 'endless-2'])"
    )
    ours = subprocess.Popen(
        [sys.executable, script, place],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=place,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield ours
    finally:
        ours.kill()
        ours.wait()


def begun(units: list[Unit], ours: subprocess.Popen[str] | None = None) -> set[int]:
    """The processes that work on these units, once all have begun."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if ours is not None and ours.poll() is not None:
            raise AssertionError(ours.communicate()[1])
        found = [unit.tries for unit in units]
        if all(found):
            return {each[0] for each in found}
        time.sleep(0.1)
    raise AssertionError("the units did not begin")


def gone(processes: set[int]) -> bool:
    """Whether all are gone within some seconds."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if not any(alive(each) for each in processes):
            return True
        time.sleep(0.1)
    return False


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
