"""Where the cached answers of language models lie: in Parquet segments.

The folder is `answers`, for clinical corpora `restricted/answers`.
Assumptions: `flock` is honored by the file system; it ends with its process. On an object store there is no lock and
nobody is erased (`forget` refuses).
Semantics: a segment appears whole, under a name that nobody else uses, and never changes; it goes when its rows stand
in another one, which is durable by then. Writers and mergers share the lock `answers.lock`; who erases people takes it
alone: what was written before is seen by the eraser, what is written after sees the forgotten list.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pipelines.lake.lake import Lake
from pipelines.lake.place import Place, open_parquet
from pipelines.lake.remote_path import RemotePath
from pipelines.lake.store import disk_trouble
from schemas.errors import TransientError

ANSWERS = "answers"
_LOCK = "answers.lock"
_LISTINGS = 100


@dataclass(frozen=True)
class AnswerSizes:
    """How much is cached: answers (one that was asked for twice at once counts twice), bytes, segments.

    `damaged`: segments that cannot be read; their answers are not counted.
    """

    answers: int
    bytes: int
    segments: int
    damaged: int


def answers_folder(lake: Lake, *, clinical: bool) -> Place:
    """Where the answers to texts of a domain are cached."""
    return (lake.root / "restricted" if clinical else lake.root) / ANSWERS


def lake_around(folder: Place) -> Lake | None:
    """The lake that a folder of answers belongs to; None for one that lies elsewhere."""
    for root in (folder.parent, folder.parent.parent):
        if (root / "lake.json").exists():
            return Lake(root)
    return None


def is_segment(lake: Lake, path: Place) -> bool:
    """Whether a file of the lake is a segment of cached answers."""
    return path.suffix == ".parquet" and path.parent in (
        answers_folder(lake, clinical=False),
        answers_folder(lake, clinical=True),
    )


def segments(folder: Place) -> list[Place]:
    """The segments in a folder, oldest first; none where there is no such folder.

    Raises TransientError when the folder cannot be read.
    """
    # Names come and go as a folder is listed: of a merge, neither the old nor the new one may have been met. Where a
    # second listing misses nothing of the first, no segment went meanwhile, and all rows of the first are in it.
    found = _listing(folder)
    for _ in range(_LISTINGS):
        again = _listing(folder)
        if found.keys() <= again.keys():
            return sorted(again, key=lambda path: (again[path], path.name))
        found = again
    raise TransientError(
        f"The segments in {folder} go faster than they can be listed.", remedy="Run again."
    )


def _listing(folder: Place) -> dict[Place, int]:
    if isinstance(folder, RemotePath):
        return {path: path.stat().st_mtime_ns for path in folder.glob("*.parquet")}
    assert isinstance(folder, Path)
    found: dict[Place, int] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".parquet") and not entry.name.startswith("."):
                    try:
                        found[Path(entry.path)] = entry.stat().st_mtime_ns
                    except FileNotFoundError:
                        continue
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise disk_trouble("read", folder, error) from None
    return found


def answer_sizes(lake: Lake) -> AnswerSizes:
    """How much is cached in a lake, from the footers of its segments."""
    answers = size = files = damaged = 0
    for clinical in (False, True):
        for path in segments(answers_folder(lake, clinical=clinical)):
            try:
                size += path.stat().st_size
                files += 1
                with open_parquet(path) as file:
                    answers += file.metadata.num_rows
            except FileNotFoundError:
                continue  # merged meanwhile
            except (OSError, pa.ArrowInvalid):
                damaged += 1
    return AnswerSizes(answers, size, files, damaged)


@contextmanager
def adding_answers(root: Place) -> Iterator[None]:
    """Held while a segment is written or merged: nobody is erased meanwhile. `root`: the lake's folder."""
    with _locked(root, fcntl.LOCK_SH):
        yield


@contextmanager
def erasing_answers(root: Place) -> Iterator[None]:
    """Held while people are erased: waits for those who write, and keeps them waiting."""
    with _locked(root, fcntl.LOCK_EX):
        yield


@contextmanager
def _locked(root: Place, how: int) -> Iterator[None]:
    if isinstance(root, RemotePath):
        yield
        return
    assert isinstance(root, Path)
    path = root / _LOCK
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise disk_trouble("write", path, error) from None
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)
