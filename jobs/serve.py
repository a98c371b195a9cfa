"""Serve a model with vLLM until told to stop: `affectmine serve`."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from jobs.serve_labeler import agreed_revision, write_labeler
from pipelines.serving import detached, readiness
from pipelines.serving.model_source import HASHED, ModelSource, find_source
from pipelines.serving.server import VllmServer
from pipelines.serving.server_flags import check_extra
from pipelines.serving.server_log import log_end, log_remedy
from pipelines.serving.vllm_build import find_build
from schemas.errors import ConfigError, TransientError

_KEY: Final = "VLLM_API_KEY"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be served, and how. `labeler`: the labeler file; default: named after the model, in this folder."""

    model: str
    revision: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    labeler: Path | None = None
    python: str = sys.executable
    ready_within: float = 600.0
    log: Path | None = None
    extra: Sequence[str] = ()
    detach: bool = False


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked us to stop
    """SIGTERM or SIGINT came."""


def serve(wanted: Wanted, *, say: Say, ready: Callable[[dict[str, Any]], None]) -> None:
    """Starts vLLM and calls `ready` with a description of the server when it has answered a question.

    Attached: goes on until SIGINT or SIGTERM, then stops vLLM; requests in flight may finish. Detached: returns with
    the server running; one that runs already for the same labeler file and model is taken as it is.
    Raises ConfigError before anything starts, TerminalError or TransientError when vLLM does not become or stay
    ready, `Stopped` when told to stop before it was ready.
    """
    check_extra(wanted.extra)
    source = find_source(wanted.model)
    labeler = wanted.labeler or Path(f"{source.name}.yaml")
    if (found := detached.running(labeler)) is not None:
        _take(found, source, labeler, wanted, say)
        ready(_described(found, labeler))
        return
    build = find_build(wanted.python)
    revision = agreed_revision(labeler, source, wanted.revision)
    if revision.startswith(HASHED) and wanted.revision is None:
        say(f"The revision is a hash of the folder's weights and config: {revision}")
    server = VllmServer(
        build, source.model, source.served,
        log=wanted.log or labeler.with_suffix(".vllm.log"), host=wanted.host, port=wanted.port,
        revision=None if source.folder else revision, extra=wanted.extra,
        lock=detached.lock_file(labeler), detached=wanted.detach,
    )  # fmt: skip
    labeler.parent.mkdir(parents=True, exist_ok=True)
    detached.remove_state(labeler)
    left_running = False
    with _signals():
        try:
            here = _started(server, source, revision, labeler)
            say(f"vLLM {build.version} loads {source.served}; log: {server.log}")
            seconds = server.wait_ready(wanted.ready_within, say)
            key = _KEY if os.environ.get(_KEY) else None
            if write_labeler(labeler, source, revision, server.url, key):
                say(f"Wrote the labeler file {labeler}.")
            say(f"Ready after {seconds:.0f} s at {server.url}.")
            ready(_described(here, labeler))
            left_running = wanted.detach
            if not wanted.detach:
                _until_told(server, say)
        finally:
            if not left_running:
                server.stop()
                detached.remove_state(labeler)


def _started(
    server: VllmServer, source: ModelSource, revision: str, labeler: Path
) -> detached.Running:
    server.start()
    here = detached.Running(server.url, source.served, revision, server.pid, str(server.log))
    # Written before it is ready: whatever becomes of us, --stop finds it.
    detached.write_state(labeler, here)
    return here


def _until_told(server: VllmServer, say: Say) -> None:
    try:
        code = server.wait()
    except Stopped:
        say("Stopping: requests in flight may finish. Once more, and it is killed.")
        return
    log = log_end(server.log)
    raise TransientError(
        f"vLLM ended by itself (exit code {code}). The end of its log, {server.log}:\n{log}\n",
        remedy=log_remedy(log) or "Start it again; answers that were given are kept.",
    )


def stop(path: Path) -> dict[str, Any]:
    """Stops the server of a labeler file or state file. Fine when there is none."""
    return {"stopped": detached.stop_detached(path), "state": str(detached.state_file(path))}


def _take(
    found: detached.Running, source: ModelSource, labeler: Path, wanted: Wanted, say: Say
) -> None:
    """Waits for a server that an earlier command has started. Raises ConfigError: it is not what is wanted."""
    if found.model != source.served or not wanted.detach:
        raise ConfigError(
            f"{found.model} is being served for {labeler} at {found.url} already.",
            remedy=f"Stop it (affectmine serve --stop {labeler}), or choose another --labeler file.",
        )
    agreed_revision(labeler, source, wanted.revision or found.revision)
    say(f"It runs already: {found.url}")
    deadline = time.monotonic() + wanted.ready_within
    while not readiness.answers(found.url, found.model, os.environ.get(_KEY)):
        if time.monotonic() > deadline or detached.running(labeler) is None:
            raise TransientError(
                f"The server at {found.url} does not become ready; its log: {found.log}.",
                remedy=f"affectmine serve --stop {labeler}, then start it again.",
            )
        time.sleep(0.5)
    key = _KEY if os.environ.get(_KEY) else None
    write_labeler(labeler, source, found.revision, found.url, key)


def _described(server: detached.Running, labeler: Path) -> dict[str, Any]:
    state = str(detached.state_file(labeler))
    return {**asdict(server), "labeler": str(labeler), "state": state}


@contextmanager
def _signals() -> Iterator[None]:
    """SIGINT and SIGTERM raise `Stopped`; the second one KeyboardInterrupt, which kills."""
    heard: list[int] = []

    def told(number: int, _: object) -> None:
        heard.append(number)
        if len(heard) > 1:
            raise KeyboardInterrupt
        raise Stopped

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, told) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def show_served(served: dict[str, Any], *, as_json: bool) -> None:
    """Says that the server is ready, and what to type next."""
    if as_json:
        print(json.dumps(served), flush=True)
        return
    print(f"{served['model']} is served at {served['url']}. Label with it:", flush=True)
    print(f"  affectmine label FILE --labeler {served['labeler']}", flush=True)
