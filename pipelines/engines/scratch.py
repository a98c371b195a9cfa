"""Where an engine puts what workers of a stage read beside the lake's own files, and what goes when it ends."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.lake.lake import Lake
from pipelines.lake.place import Place
from pipelines.lake.store import new_attempt


@contextmanager
def temporary_scratch() -> Iterator[Place]:
    """A folder of this machine: for engines whose workers run here."""
    with tempfile.TemporaryDirectory(prefix="affectmine-") as folder:
        yield Path(folder)


@contextmanager
def lake_scratch(lake: Lake, run_id: str) -> Iterator[Place]:
    """A folder in the lake, which all workers reach. Of a run that was killed, `vacuum` removes it."""
    folder = lake.runs / run_id / f"scratch-{new_attempt()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        remove_tree(folder)


def remove_tree(folder: Place) -> None:
    """Removes a folder and all below it; what is gone already does not matter."""
    if isinstance(folder, Path):
        shutil.rmtree(folder, ignore_errors=True)
        return
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink(missing_ok=True)
