"""How a task runs our command: answers, exit codes, and what becomes of it when the task goes. Needs no Airflow."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from affectmine_airflow.command import Command, NoRetryError, RetryError
from tests.airflow_dags.airflow_venv import DAGS
from tests.end_to_end.corpus import ROOT

SAYS = """
import json, os, signal, sys, time
print("affectmine: reading", file=sys.stderr)
print("some line")
what = sys.argv[1]
if what == "answer": print(json.dumps({"environment": dict(os.environ), "arguments": sys.argv[1:]}))
if what == "long":
    for n in range(200_000): print(f"line {n}", file=sys.stderr)
    print(json.dumps({"n": "x" * 300_000}))
if what == "kill": os.kill(os.getpid(), signal.SIGKILL)
if what == "wait":
    open(sys.argv[2], "w").write(str(os.getpid()))
    time.sleep(600)
if what.isdigit():
    print("affectmine: It went wrong. Do this.", file=sys.stderr)
    sys.exit(int(what))
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "says.py"
    path.write_text(SAYS)
    return f"{sys.executable} {path}"


def silent(_line: str) -> None:
    pass


def eventually(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"


def test_the_last_line_is_the_answer(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AIRFLOW_HOME", "AIRFLOW__CORE__FERNET_KEY", "PYTHONPATH", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "/somewhere")
    monkeypatch.setenv("HOME", "/home/me")
    said: list[str] = []
    found = Command(script, ["answer", "--day", ""], {"AFFECTMINE_KEY": "k"}).run(said.append)
    assert said == ["affectmine: reading"]
    assert found["arguments"] == ["answer", "--day", ""]
    environment = found["environment"]
    assert (environment["HOME"], environment["AFFECTMINE_KEY"]) == ("/home/me", "k")
    assert not [name for name in environment if name.startswith(("AIRFLOW", "PYTHON", "VIRTUAL"))]


def test_much_to_say_blocks_nothing(script: str) -> None:
    assert len(Command(script, ["long"], {}).run(silent)["n"]) == 300_000


@pytest.mark.parametrize(
    ("what", "kind", "why"),
    [
        ("1", NoRetryError, "Exit code 1, a terminal error"),
        ("2", NoRetryError, "Exit code 2, a mistake in the config"),
        ("3", NoRetryError, "Exit code 3, a quality gate blocks: nothing was published"),
        ("75", RetryError, "Exit code 75, a transient error"),
        ("143", RetryError, "stopped from outside"),
        ("kill", RetryError, "killed by SIGKILL"),
    ],
)
def test_exit_codes(script: str, what: str, kind: type[Exception], why: str) -> None:
    with pytest.raises(kind, match=why) as told:
        Command(script, [what], {}).run(silent)
    if what.isdigit():
        assert str(told.value).endswith("reading It went wrong. Do this.")


def test_no_command_and_no_answer(script: str) -> None:
    with pytest.raises(
        NoRetryError, match=r"'affectmine-of-nowhere' cannot be run .*\[affectmine\] command"
    ):
        Command("affectmine-of-nowhere", [], {}).run(silent)
    with pytest.raises(NoRetryError, match="gave no JSON"):
        Command(script, ["other"], {}).run(silent)


def test_a_mistake_of_the_real_command(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("lake: x\ncorpora: []\nfoo: 1\n")
    line = f"{sys.executable} -m jobs.cli"
    with pytest.raises(NoRetryError, match=r"Exit code 2, .*2 mistakes") as told:
        Command(line, ["plan", str(tmp_path / "c.yaml"), "--json"], {"PYTHONPATH": str(ROOT)}).run(
            silent
        )
    assert str(told.value).endswith(
        "check, marts, engine, metrics, airflow"
    )  # the last that it says


def test_a_task_that_is_stopped_stops_it(script: str, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    command = Command(script, ["wait", str(mark)], {})
    errors: list[Exception] = []

    def run() -> None:
        try:
            command.run(silent)
        except RetryError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    eventually(lambda: mark.exists() and bool(mark.read_text()))
    command.stop()
    thread.join(60)
    assert "killed by SIGTERM" in str(errors[0])
    assert gone(int(mark.read_text()))
    command.stop()  # does no harm


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the Linux kernel")
def test_a_task_that_is_killed_takes_it_along(script: str, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    code = f"""
import sys
sys.path.insert(0, {str(DAGS)!r})
from affectmine_airflow.command import Command
Command({script!r}, ["wait", {str(mark)!r}], {{}}).run(print)
"""
    task = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    eventually(lambda: mark.exists() and bool(mark.read_text()))
    task.send_signal(signal.SIGKILL)
    task.wait()
    eventually(lambda: gone(int(mark.read_text())))
