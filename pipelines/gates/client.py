"""The door to the gate process: started early by `warm`, asked by `run_gate`, ended by `close`."""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import schemas.errors
from pipelines.gates.request import Request
from pipelines.gates.result import GateResult
from pipelines.lake.place import place
from schemas.errors import AffectmineError, MissingExtraError, TerminalError
from schemas.expectation_suite import Suite

_NEEDED = ("great_expectations", "duckdb_engine", "sqlalchemy", "pandas")
_ROOT = Path(__file__).resolve().parents[2]
_lock = threading.Lock()
_worker: _Worker | None = None


def require() -> None:
    """Raises MissingExtraError when the quality extra is not installed. Cheap: imports nothing."""
    if any(importlib.util.find_spec(name) is None for name in _NEEDED):
        raise MissingExtraError("quality", "The quality gate")


def warm() -> None:
    """Starts the gate process and returns at once; it imports Great Expectations (3 to 8 seconds)
    meanwhile.
    """
    require()
    with _lock:
        _current()


def close() -> None:
    """Ends the gate process, if there is one, and gives its memory back."""
    global _worker
    with _lock:
        if _worker is not None:
            _worker.stop()
        _worker = None


def run_gate(
    suite: Suite,
    files: Sequence[str],
    *,
    memory_limit: str = "1GB",
    restricted: bool = False,
    threads: int | None = None,
    tables: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
) -> GateResult:
    """What Great Expectations finds in the Parquet `files` of one dataset.

    `tables` are those that the suite names (`label_tables` makes the one of the labels suite).
    `restricted` says that the files hold raw text: what spills to disk is encrypted. Failed
    expectations raise nothing (see `enforce`). Raises MissingExtraError; SourceError for a file
    that is no Parquet; ConfigError for a missing table; TerminalError when the gate process dies. A
    gate that could not run never passes.
    """
    require()
    request = Request(
        suite=suite,
        files=tuple(str(place(file).absolute()) for file in files),
        tables={n: {c: list(v) for c, v in t.items()} for n, t in (tables or {}).items()},
        memory_limit=memory_limit,
        threads=threads or os.cpu_count() or 1,
        restricted=restricted,
    )
    with _lock:
        worker = _current()
        try:
            answer = worker.ask(request)
        except BaseException:
            worker.kill()  # an interrupted exchange would hand its answer to the next one
            raise
    if "result" in answer:
        return GateResult.from_dict(answer["result"])
    if "error" in answer:
        name, message, remedy = answer["error"]
        raise _error(name, message, remedy)
    raise TerminalError(f"The quality gate over {suite.dataset} crashed ({answer.get('crash')}).")


def label_tables(
    taxonomies: Mapping[str, Iterable[str]], free_words: Iterable[str] = ()
) -> dict[str, dict[str, list[str]]]:
    """The tables that the labels suite needs, from taxonomy names and their labels, and from the tasks that are
    answered in free words: `run_gate(tables=…)`.
    """
    pairs = [(name, label) for name, labels in taxonomies.items() for label in labels]
    return {
        "taxonomy_labels": {
            "taxonomy": [name for name, _ in pairs],
            "label": [label for _, label in pairs],
        },
        "free_words": {"task": ["", *free_words]},  # the empty one gives the column its type
    }


class _Worker:
    """A running gate process. The pid tells a forked copy of us that it is not ours."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
        self.owner = os.getpid()
        self.ready = False
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.gates.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # may name values of rows
            env={**os.environ, "PYTHONPATH": path, "GX_ANALYTICS_ENABLED": "false"},
            text=True,
            encoding="utf-8",
        )

    @property
    def alive(self) -> bool:
        return self.owner == os.getpid() and self.process.poll() is None

    def ask(self, request: Request) -> dict[str, Any]:
        if not self.ready:
            greeting = self._read()
            if "broken" in greeting:
                raise TerminalError(
                    f"Great Expectations is installed but does not start ({greeting['broken']}).",
                    remedy="Reinstall it: pip install --force-reinstall 'affectmine[quality]'",
                )
            self.ready = True
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(request.model_dump_json() + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self._died() from None
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise self._died()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _died(self) -> TerminalError:
        code = self.process.wait()
        return TerminalError(
            f"The gate process died (exit code {code}).",
            remedy="Code -9 means that memory ran out: give the machine more, or the gate less.",
        )

    def stop(self) -> None:
        if not self.ready:
            self.kill()  # it was asked nothing: it still imports, which takes seconds, or waits
        elif self.alive:
            assert self.process.stdin is not None
            self.process.stdin.close()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        if self.owner == os.getpid():
            self.process.kill()
            self.process.wait()


def _current() -> _Worker:
    global _worker
    if _worker is None or not _worker.alive:
        _worker = _Worker()
    return _worker


def _error(name: str, message: str, remedy: str | None) -> AffectmineError:
    kind = getattr(schemas.errors, name, TerminalError)
    error: AffectmineError = kind(message, remedy=remedy)
    return error


atexit.register(close)
