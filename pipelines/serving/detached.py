"""Servers that outlive the command that started them: a small file says where each one is, until it is stopped.

Assumptions: the file system has locks (a local folder). Semantics: a server lives exactly as long as its guard holds
the lock beside its state file; so a stale file, or a process number that was given to somebody else, deceives nobody.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from schemas.errors import ConfigError, TransientError


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs, ready or not yet."""

    url: str
    model: str
    revision: str
    pid: int
    log: str


def state_file(path: Path) -> Path:
    """The state file of a labeler file (or that file itself)."""
    return path if path.name.endswith(".server.json") else path.with_suffix(".server.json")


def lock_file(path: Path) -> Path:
    """The file that a server's guard keeps locked, with the guard's process number."""
    return state_file(path).with_suffix(".lock")


def write_state(path: Path, server: Running) -> None:
    """Says where a server is; whole or not at all."""
    file = state_file(path)
    partial = file.with_suffix(".part")
    partial.write_text(json.dumps(asdict(server), indent=1) + "\n", encoding="utf-8")
    partial.replace(file)


def remove_state(path: Path) -> None:
    """Removes the state of a server that has ended."""
    state_file(path).unlink(missing_ok=True)
    lock_file(path).unlink(missing_ok=True)


def running(path: Path) -> Running | None:
    """The server of a labeler file or state file, if it is alive.

    Raises TransientError when one is starting just now; ConfigError when its state file is broken.
    """
    if _guard(path) is None:
        return None
    try:
        return Running(**json.loads(state_file(path).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise TransientError(
            f"Another command is just starting a server for {path}.",
            remedy="Try again in a moment.",
        ) from None
    except (OSError, ValueError, TypeError):
        raise ConfigError(
            f"{state_file(path)} cannot be read, but its server is alive.",
            remedy=f"Stop it: affectmine serve --stop {path}",
        ) from None


def stop_detached(path: Path, within: float = 60.0) -> bool:
    """Stops the server of a labeler file or state file and removes its state. Whether there was one.

    Requests in flight may finish. Raises TransientError when it is not gone within so many seconds.
    """
    pid = _guard(path)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):  # it ended this moment
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + within
        while _guard(path) is not None:
            if time.monotonic() > deadline:
                raise TransientError(
                    f"The server of {path} (process {pid}) did not end within {within:.0f} s.",
                    remedy="Run the same command again: the second signal kills.",
                )
            time.sleep(0.1)
    remove_state(path)
    return pid is not None


def _guard(path: Path) -> int | None:
    """The process that holds the lock, or None when nobody does."""
    try:
        handle = os.open(lock_file(path), os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        # The guard writes its number right after it has locked.
        return int(os.read(handle, 20) or 0) or _again(path)
    else:
        return None
    finally:
        os.close(handle)


def _again(path: Path) -> int | None:
    time.sleep(0.05)
    return _guard(path)
