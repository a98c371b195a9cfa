"""The process from which pipelines are launched: a child of ours, the leader of a process group with its workers.

Beam's FnApiRunner waits for ever for a worker that was killed, and cannot be stopped from within; this process can be
killed with all that belongs to it. It also holds the changes that we make to the environment and to logging.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any, Literal

from pipelines.engines.beam_options import (
    Option,
    check_runner,
    first_line,
    pipeline_options,
)
from pipelines.engines.beam_work import Work
from schemas.errors import AffectmineError, MissingExtraError

_CHATTER = (
    b"DEBUG:",
    b"INFO:",
    b"WARNING:",
    b"Killed",
)  # a worker says all of it: FnApiRunner gives it no log level
CANCEL_SECONDS = 10.0
"""How long the job of another machine may take to be canceled."""


@dataclass(frozen=True)
class Wave:
    """Tasks for one pipeline: (number, pickled)."""

    work: Work
    elements: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True)
class Ready:
    """Pipelines can be launched; `ours` where their workers are processes of this group (or threads here)."""

    ours: bool


@dataclass(frozen=True)
class Ended:
    """How a pipeline ended: done, failed (Beam says so), or lost (a worker was killed)."""

    how: Literal["done", "failed", "lost"]
    said: str = ""


_elsewhere = threading.Event()  # set where workers run on other machines


def serve(connection: Connection, wanted: Mapping[str, Option], parent: int) -> None:
    """Sends Ready or an AffectmineError; then runs each Wave that it receives, and sends how it Ended."""
    os.setsid()
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGTERM, _canceled)
    os.dup2(2, 1)  # what Beam or a worker prints must not mix with our output
    _environment()
    logging.getLogger().setLevel(logging.ERROR)  # what libraries warn of as they are imported
    try:
        try:
            import_module("apache_beam")
        except ImportError:
            raise MissingExtraError("beam", "The engine beam") from None
        ours = check_runner(wanted)
    except AffectmineError as error:
        connection.send(error)
        return
    if not ours:
        logging.getLogger("apache_beam").setLevel(logging.WARNING)
        _elsewhere.set()
    else:
        logging.getLogger("apache_beam").setLevel(logging.CRITICAL)  # how a pipeline ends, we say
        _quiet()
        _listen_here_only()
        threading.excepthook = lambda failed: _lost(failed, connection)
    connection.send(Ready(ours))
    while True:
        try:
            wave = connection.recv()
        except EOFError:
            return
        connection.send(_run(wave, wanted))


def _run(wave: Wave, wanted: Mapping[str, Option]) -> Ended:
    beam: Any = import_module("apache_beam")  # most of it has no types
    result: Any = None
    try:
        pipeline = beam.Pipeline(runner=str(wanted["runner"]), options=pipeline_options(wanted))
        (
            pipeline
            | "Shards" >> beam.Create(wave.elements, reshuffle=False)
            | "Spread" >> beam.Reshuffle()
            | "Attempt" >> beam.FlatMap(wave.work)
        )
        result = pipeline.run()
        state = result.wait_until_finish()
    except SystemExit:
        if result is not None:
            result.cancel()
        raise
    except Exception as error:  # noqa: BLE001 - runners fail by errors of any class
        return Ended("failed", f"{type(error).__name__}: {first_line(error)}")
    ended = str(state or result.state)
    return Ended("done") if ended == "DONE" else Ended("failed", f"the job ended as {ended}")


def _environment() -> None:
    # Workers start as new interpreters: they must find what this process finds.
    os.environ["PYTHONPATH"] = os.pathsep.join(each for each in sys.path if each)
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # One thread per process, as with the local engine.
    os.environ.update(POLARS_MAX_THREADS="1", NUMBA_NUM_THREADS="1", AFFECTMINE_WORKER="1")


def _quiet() -> None:
    """Lets pass what workers write to the standard error that they inherit, but for Beam's chatter."""
    screen = os.dup(2)
    reading, writing = os.pipe()
    os.dup2(writing, 2)
    os.close(writing)

    def forward() -> None:
        with os.fdopen(reading, "rb") as lines:
            for line in lines:
                if not line.startswith(_CHATTER):
                    os.write(screen, line)

    threading.Thread(target=forward, daemon=True).start()


def _listen_here_only() -> None:
    """FnApiRunner listens on all interfaces, without authentication: here on the loopback one only."""
    grpc: Any = import_module("grpc")
    serve_at = grpc.server

    def server(*args: Any, **more: Any) -> Any:
        made = serve_at(*args, **more)
        listen = made.add_insecure_port
        made.add_insecure_port = lambda address: listen(address.replace("[::]", "localhost"))
        return made

    grpc.server = server


def _lost(failed: threading.ExceptHookArgs, connection: Connection) -> None:
    # The thread that waits for a worker process raises RuntimeError when it was killed; others tell of its broken
    # connections, before or after.
    if isinstance(failed.exc_value, RuntimeError):
        with suppress(OSError):
            connection.send(Ended("lost"))


def _canceled(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(1)


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    if _elsewhere.is_set():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(CANCEL_SECONDS)
    os.killpg(0, signal.SIGKILL)
