"""The handle of the process from which pipelines are launched: see pipelines.engines.beam_launch."""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import get_context

from pipelines.engines.beam_launch import CANCEL_SECONDS, Ended, Ready, Wave, serve
from pipelines.engines.beam_options import Option
from schemas.errors import AffectmineError, TransientError

_DIED = Ended("lost", "the launching process was killed")


class Launcher:
    """One process, running at most one pipeline at a time. `pid` is the id of its process group too."""

    def __init__(self, wanted: Mapping[str, Option]) -> None:
        self._running = False
        self._ours = True
        context = get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=serve,
            args=(theirs, dict(wanted), os.getpid()),
            name="affectmine-beam",
            daemon=True,
        )
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process.pid is not None
        return self._process.pid

    def ready(self) -> bool:
        """Waits until it can launch; says whether its workers are processes of this machine, as part of its group.

        Raises ConfigError for options that Beam refuses, MissingExtraError without Beam.
        """
        try:
            answer: Ready | AffectmineError = self._connection.recv()
        except EOFError:
            raise TransientError(
                "The process that launches Beam's pipelines was killed.",
                remedy="Run again; out of memory?",
            ) from None
        if isinstance(answer, AffectmineError):
            raise answer
        self._ours = answer.ours
        return answer.ours

    def start(self, wave: Wave) -> None:
        """Starts a pipeline. A process that has been killed in the meantime shows in `wait`."""
        self._running = True
        with suppress(OSError):
            self._connection.send(wave)

    def wait(self, seconds: float) -> Ended | None:
        """How the pipeline ended; None while it still runs after `seconds`."""
        try:
            if not self._connection.poll(seconds):
                return None
            ended: Ended = self._connection.recv()
        except (EOFError, OSError):
            self._process.join(CANCEL_SECONDS)
            ended = _DIED
        self._running = False
        return ended

    def close(self) -> None:
        """Ends the process and all workers of this machine; cancels a job that runs on others."""
        if self._running and not self._ours and self._process.is_alive():
            self._process.terminate()
            self._process.join(CANCEL_SECONDS)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.kill()  # it may not have become the leader of a group yet
        self._process.join()
        self._connection.close()
