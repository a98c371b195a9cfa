"""Runs the command `affectmine` in its own environment, for whoever waits for it.

Semantics: what it says on stderr goes to a log, line by line; its last line on stdout is its answer. The command never
outlives its task for long: it is asked to end when the task is stopped, and by the kernel when the task's process is
killed. The exit code says what to do next, and becomes one of two errors: `NoRetryError` or `RetryError`.
"""

from __future__ import annotations

import ctypes
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

GATE, TRANSIENT = 3, 75
_WHY = {
    1: "a terminal error: the same again would fail again",
    2: "a mistake in the config or in what was asked",
    GATE: "a quality gate blocks: nothing was published",
    TRANSIENT: "a transient error: worth another try",
}
_LAST_LINES = 5  # of stderr, that an error quotes
_GRACE = 60.0  # seconds to end by itself; finished shards are kept either way
_OURS = ("AIRFLOW", "PYTHON", "_AIRFLOW", "VIRTUAL_ENV", "__AIRFLOW")
_PR_SET_PDEATHSIG = 1


class NoRetryError(Exception):
    """The command failed in a way that another try would not mend."""


class RetryError(Exception):
    """The command failed in a way that may pass."""


class Command:
    """One run of the command."""

    def __init__(self, line: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """`line` is how the command is called here, such as a path; `environment` is added to this process's own."""
        self._arguments = [*shlex.split(line), *arguments]
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(_OURS)}
        self._environment = (
            inherited | dict(environment) | {"GX_ANALYTICS_ENABLED": "false", "COLUMNS": "160"}
        )
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False

    def run(self, say: Callable[[str], object]) -> dict[str, Any]:
        """Its answer. Raises NoRetryError or RetryError, with the last that it said."""
        try:
            self._process = process = subprocess.Popen(
                self._arguments,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
                preexec_fn=_die_with_parent(),
            )
        except OSError as error:
            raise NoRetryError(
                f"The command {self._arguments[0]!r} cannot be run ({error.strerror}). "
                "Set [affectmine] command in airflow.cfg to the affectmine of its own environment."
            ) from None
        if self._stopped:
            self.stop()  # it was asked to while the process was made
        last: deque[str] = deque(maxlen=_LAST_LINES)
        listener = threading.Thread(target=_listen, args=(process, last, say), daemon=True)
        listener.start()
        assert process.stdout is not None
        answer = ""
        for line in process.stdout:
            answer = line.strip() or answer
        code = process.wait()
        listener.join()
        found = _parsed(answer)
        if code == 0 and found is not None:
            return found
        told = " ".join(each.removeprefix("affectmine: ") for each in last) or "It said nothing."
        if code == 0:
            raise NoRetryError(f"The command ended well but gave no JSON. {told}")
        why = _WHY.get(code) or (
            f"killed by {signal.Signals(-code).name}" if code < 0 else "stopped from outside"
        )
        raise (NoRetryError if code in (1, 2, GATE) else RetryError)(
            f"Exit code {code}, {why}. {told}"
        )

    def stop(self) -> None:
        """Ends it: asked first, then killed with all its children."""
        self._stopped = True
        process = self._process
        if process is None or process.poll() is not None:
            return
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _listen(process: subprocess.Popen[str], last: deque[str], say: Callable[[str], object]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if line.strip():
            last.append(line.strip())
            say(line.rstrip())


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _die_with_parent() -> Callable[[], None] | None:
    """What the child does before it becomes the command: it asks for SIGTERM at the death of this process (Linux)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
