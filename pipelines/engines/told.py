"""How the workers of an engine tell what became of their tasks, where it brings nothing back to the launching process.

One small JSON file a task, in a folder of the lake that all machines see: the manifests, or the error. It is created
once: of two attempts at a task, the first that ends is heard. No text of people is in it.
"""

import json
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pipelines.lake.place import Place
from pipelines.lake.store import create, disk_trouble, read_json
from schemas import errors
from schemas.errors import AffectmineError, TerminalError, TransientError
from schemas.manifest import Manifest

KINDS: dict[str, type[AffectmineError]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, AffectmineError)
}

_AT_ONCE = 16  # files: an object store answers each after some hundredths of a second


@dataclass(frozen=True)
class Heard:
    """What became of the task with this number: its manifests, or the error that ended it."""

    number: int
    result: tuple[Manifest, ...] | None
    error: AffectmineError | None


@dataclass(frozen=True)
class Told:
    """The folder in which one wave of tasks is told about."""

    folder: Place

    def tell(self, heard: Heard) -> None:
        """Told by a worker: what became of a task; does nothing where that was told already.

        Raises TransientError where the lake says no.
        """
        content: dict[str, Any]
        if heard.result is not None:
            content = {"manifests": [each.model_dump(mode="json") for each in heard.result]}
        else:
            content = {"error": _error(heard.error or TerminalError("No result."))}
        create(self._name(heard.number), json.dumps(content).encode())

    def hear(self, asked: Collection[int]) -> Iterator[Heard]:
        """What has been told so far of the tasks in `asked`, in their order.

        Raises TransientError where the lake says no.
        """
        try:
            names = sorted(each.name for each in self.folder.iterdir())
        except FileNotFoundError:
            return
        except OSError as error:
            raise disk_trouble("read", self.folder, error) from None
        split = (name.partition(".") for name in names)
        numbers = [int(number) for number, _, kind in split if kind == "json"]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            yield from pool.map(self._read, [number for number in numbers if number in asked])

    def forget(self) -> None:
        """Removes the folder, as far as that goes: files in it have no meaning for anyone."""
        with suppress(OSError, TransientError):
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                list(pool.map(_unlink, self.folder.iterdir()))
            self.folder.rmdir()

    def _name(self, number: int) -> Place:
        return self.folder / f"{number:06d}.json"

    def _read(self, number: int) -> Heard:
        found = read_json(self._name(number), "Run again: finished shards are kept.")
        if "error" in found:
            return Heard(number, None, _rebuilt(found["error"]))
        manifests = tuple(Manifest.model_validate(each) for each in found["manifests"])
        return Heard(number, manifests, None)


def _unlink(file: Place) -> None:
    file.unlink(missing_ok=True)


def _error(error: AffectmineError) -> dict[str, str | None]:
    kind = next(each for each in type(error).__mro__ if KINDS.get(each.__name__) is each)
    return {"class": kind.__name__, "message": error.message, "remedy": error.remedy}


def _rebuilt(told: dict[str, Any]) -> AffectmineError:
    kind = KINDS.get(str(told["class"]), TerminalError)
    error = kind.__new__(kind)  # some take other arguments
    AffectmineError.__init__(error, str(told["message"]), remedy=told["remedy"])
    return error
