"""A vLLM server of our own: started with the right flags, waited for, shown when it fails, and always stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pipelines.serving import readiness
from pipelines.serving.server_flags import (
    SHUTDOWN,
    check_extra,
    dispensable,
    unknown_flags,
    vllm_command,
    vllm_environment,
)
from pipelines.serving.server_log import last_message, log_end, log_remedy
from pipelines.serving.vllm_build import VllmBuild
from schemas.errors import ConfigError, TerminalError, TransientError

_GRACE: Final = SHUTDOWN + 10.0
_GUARD: Final = Path(__file__).with_name("guard.py")
_TOLD_EVERY: Final = 5.0


def _silent(_: str) -> None:
    pass


class VllmServer:
    """vLLM in a process of its own, under a guard: it ends when we end, however we end.

    Assumptions: `model` is a folder or a name on the hub; nobody else listens on the port.
    Semantics: after `wait_ready` the server has answered one real question. `stop` lets requests in flight finish
    (30 s), may be called often, and returns when all processes are gone. `detached`: it outlives us instead, until
    its guard (`pid`) gets SIGTERM; the guard keeps `lock` locked as long as it lives.
    """

    def __init__(
        self,
        build: VllmBuild,
        model: str,
        name: str,
        *,
        log: Path,
        host: str = "127.0.0.1",
        port: int = 8000,
        revision: str | None = None,
        extra: Sequence[str] = (),
        lock: Path | None = None,
        detached: bool = False,
    ) -> None:
        check_extra(extra)
        self.build, self.model, self.name, self.revision = build, model, name, revision
        self.log, self.host, self.port, self.extra = log, host, port, tuple(extra)
        self._lock, self._detached = lock, detached
        self._without: frozenset[str] = frozenset()
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is asked, without /v1."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        return f"http://{host}:{self.port}"

    @property
    def pid(self) -> int:
        """The process of the guard, which ends with the server."""
        assert self._guard is not None
        return self._guard.pid

    def start(self) -> None:
        """Starts vLLM and returns at once. Port 0: one that is free. Raises ConfigError: the port is taken."""
        self.port = _port(self.host, self.port)
        self._launch()

    def _launch(self) -> None:
        command = vllm_command(
            self.build, self.model, self.name,
            host=self.host, port=self.port, revision=self.revision, extra=self.extra, without=self._without,
        )  # fmt: skip
        how = "free" if self._detached else "watch"
        lock = "-" if self._lock is None else str(self._lock)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self._guard = subprocess.Popen(
                [sys.executable, str(_GUARD), how, str(_GRACE), lock, *command],
                stdin=subprocess.DEVNULL if self._detached else subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=vllm_environment(self.build, local=Path(self.model).is_dir()),
                start_new_session=True,  # Ctrl-C reaches us only; we decide what becomes of it
            )

    def wait_ready(self, within: float = 600.0, tell: Callable[[str], None] = _silent) -> float:
        """Waits until it has answered a question; the seconds that this took.

        `tell` hears of the progress. Raises TerminalError: vLLM ended; TransientError: `within` seconds were over;
        ConfigError: it refuses plain questions. Then it is stopped, and the message shows the end of its log.
        """
        began = told = time.monotonic()
        try:
            while (spent := time.monotonic() - began) < within:
                if (code := self.ended()) is not None:
                    self._again_or_fail(code)
                if readiness.healthy(self.url) and readiness.answers(
                    self.url, self.name, os.environ.get("VLLM_API_KEY"), within - spent + 1
                ):
                    return time.monotonic() - began
                if time.monotonic() - told >= _TOLD_EVERY:
                    told = time.monotonic()
                    tell(f"{told - began:.0f} s: {last_message(log_end(self.log)) or 'starting'}")
                time.sleep(0.25)
        except BaseException:
            self.stop()
            raise
        self.stop()
        raise TransientError(
            f"vLLM was not ready within {within:.0f} s.{self._shown()}",
            remedy="Large models load slowly: give it more time with --ready-within.",
        )

    def _again_or_fail(self, code: int) -> None:
        log = log_end(self.log)
        unknown = unknown_flags(log)
        if dispensable(unknown) and not unknown <= self._without:
            self._without |= unknown
            self._launch()
            return
        raise TerminalError(
            f"vLLM ended before it was ready (exit code {code}).{self._shown()}",
            remedy=log_remedy(log) or "The log says more.",
        )

    def _shown(self) -> str:
        end = log_end(self.log).replace("\n", "\n    ")
        return f" The end of its log, {self.log}:\n    {end}\n"

    def ended(self) -> int | None:
        """The exit code when vLLM has ended, else None."""
        assert self._guard is not None, "start() comes first"
        return self._guard.poll()

    def wait(self) -> int:
        """Waits until vLLM ends by itself; its exit code."""
        assert self._guard is not None, "start() comes first"
        return self._guard.wait()

    def stop(self) -> None:
        """Stops vLLM; requests in flight may finish. Returns when all of its processes are gone."""
        guard = self._guard
        if guard is None:
            return
        if guard.poll() is None:
            guard.terminate()
            try:
                guard.wait(_GRACE + 10)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                guard.send_signal(signal.SIGTERM)  # the second one kills
                guard.wait()
        if guard.stdin is not None:
            guard.stdin.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.stop()


def _port(host: str, port: int) -> int:
    """`port` if it is free, or any free one for 0."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"Port {port} of {host} cannot be used: {error.strerror}.",
                remedy="Choose another one with --port, or stop what listens there.",
            ) from None
        return int(probe.getsockname()[1])
