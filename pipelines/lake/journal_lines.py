"""The lines of a journal: appended to a file, or, on an object store, which cannot append, put in numbered pieces."""

import threading
from pathlib import Path
from typing import Protocol

from pipelines.lake.place import Place
from pipelines.lake.remote_path import RemotePath
from schemas.errors import TransientError

_FILE = "journal.jsonl"
_PIECES = "journal-*.jsonl"


class Lines(Protocol):
    """Where a journal is written."""

    def write(self, line: str) -> None:
        """Adds a line; when it can be read by others depends on where it lies."""

    def flush(self) -> None:
        """Lets others read all lines so far."""

    def close(self) -> None:
        """Flushes, and ends it."""


def lines_in(folder: Place) -> Lines:
    """A new journal in a folder."""
    if isinstance(folder, RemotePath):
        return _Pieces(folder)
    assert isinstance(folder, Path)
    return _Appended(folder / _FILE)


def read_lines(folder: Place) -> list[str]:
    """The lines of the journal in a folder, in their order; none where there is no journal."""
    if isinstance(folder, RemotePath):
        pieces = [piece.read_text(encoding="utf-8") for piece in folder.glob(_PIECES)]
        return [line for piece in pieces for line in piece.splitlines()]
    try:
        return (folder / _FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


class _Appended:
    """Lines can be read as soon as they are written."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def write(self, line: str) -> None:
        self._file.write(line + "\n")
        self._file.flush()

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class _Pieces:
    """Lines wait for the next flush; each makes a new object. A killed run loses those that waited."""

    def __init__(self, folder: RemotePath) -> None:
        self._folder = folder
        self._waiting: list[str] = []
        self._number = 0
        self._one = threading.Lock()  # pieces are put one after the other
        self._list = threading.Lock()

    def write(self, line: str) -> None:
        with self._list:
            self._waiting.append(line)

    def flush(self) -> None:
        with self._one:
            with self._list:
                lines = list(self._waiting)
            if not lines:
                return
            number = self._number + 1
            content = "".join(f"{line}\n" for line in lines).encode()
            # When this fails, the lines wait for the next flush, which puts the same number.
            (self._folder / f"journal-{number:08d}.jsonl").write_bytes(content)
            self._number = number
            with self._list:
                del self._waiting[: len(lines)]

    def close(self) -> None:
        try:
            self.flush()
        except TransientError as error:
            raise TransientError(
                f"The end of the journal could not be written: {error.message}",
                remedy="What the run made is kept. Run again.",
            ) from None
