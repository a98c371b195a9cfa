"""What a Beam worker does with a task: attempt it, and tell what became of it."""

import os
import pickle
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pipelines.engines.local import attempt
from pipelines.engines.told import Heard, Told
from schemas.errors import ConfigError, TerminalError
from schemas.manifest import Manifest

_following = threading.Lock()  # held for ever once a thread follows


@dataclass(frozen=True)
class Marks:
    """A folder of this machine with a file for each task that is worked on: says whom a killed process took along."""

    folder: Path
    launcher: int  # process id: workers do not outlive it

    def put(self, number: int) -> None:
        """Task `number` begins in this process."""
        (self.folder / str(number)).write_text(str(os.getpid()))

    def take(self, number: int) -> None:
        """It has ended."""
        (self.folder / str(number)).unlink(missing_ok=True)

    def dead(self) -> frozenset[int]:
        """The marked tasks whose process is no more."""
        found = set()
        for each in self.folder.iterdir():
            with suppress(FileNotFoundError):
                written = each.read_text()  # empty for a moment: just begun
                if written and not _alive(int(written)):
                    found.add(int(each.name))
        return frozenset(found)

    def clear(self) -> None:
        """Forgets all."""
        for each in self.folder.iterdir():
            each.unlink(missing_ok=True)


@dataclass(frozen=True)
class Work:
    """Goes to the workers, pickled. `marks` only where they run on this machine."""

    function: Callable[[Any], Any]
    retries: int
    told: Told
    version: str
    marks: Marks | None

    def __call__(self, element: tuple[int, bytes]) -> tuple[()]:
        """Attempts one task, (number, pickled). Gives nothing: what it says lies in the lake.

        Raises AffectmineError where that cannot be written.
        """
        number, carried = element
        if self.marks is not None:
            _follow(self.marks.launcher)
            self.marks.put(number)
        answer = attempt(self._run, carried, self.retries)
        heard = Heard(number, answer.result, answer.error)
        telling = attempt(self.told.tell, heard, self.retries)
        if telling.error is not None:
            raise telling.error
        if self.marks is not None:
            self.marks.take(number)
        return ()

    def _run(self, carried: bytes) -> tuple[Manifest, ...]:
        here = our_version()
        if here != self.version:
            raise ConfigError(
                f"Beam's workers have affectmine {here}, the launching machine has {self.version}.",
                remedy="Install the same version everywhere.",
            )
        result = self.function(pickle.loads(carried))  # noqa: S301 - from our own launching process
        if isinstance(result, tuple) and all(isinstance(each, Manifest) for each in result):
            return result
        raise TerminalError(
            f"Workers of Beam tell of manifests only, not of {type(result).__name__}.",
            remedy="This is a defect of affectmine; please report it with this line.",
        )


def our_version() -> str:
    """The version of affectmine on this machine."""
    try:
        return version("affectmine")
    except PackageNotFoundError:
        return "unknown"


def _follow(launcher: int) -> None:
    if os.getpid() != launcher and _following.acquire(blocking=False):
        threading.Thread(target=_watch, args=(os.getppid(), launcher), daemon=True).start()


def _watch(parent: int, launcher: int) -> None:
    # A worker whose launcher was killed would end its task first.
    while os.getppid() == parent and _alive(launcher):
        time.sleep(0.5)
    os._exit(1)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
