"""Ids of rows that were given out before: from tasks or a table of ours, or from Label Studio's export of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from schemas.errors import SourceError
from transforms.annotate.json_stream import elements
from transforms.annotate.tasks import id_of_cell

_NAMES: Final = ("record_id", "id")


def ids_before(paths: Sequence[Path]) -> set[str]:
    """The ids in all of these files. SourceError: a file that cannot be read, or that has no ids of records."""
    return {name for path in paths for name in _ids(path)}


def _ids(path: Path) -> set[str]:
    if path.suffix not in (".json", ".csv"):
        raise SourceError(
            f"{path} is no export of a sample.", remedy="Give a .json or .csv file to --exclude."
        )
    try:
        found = set(_of_tasks(path) if path.suffix == ".json" else _of_table(path))
    except FileNotFoundError:
        raise SourceError(f"There is no file {path}.", remedy="Check the path.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(
            f"{path} cannot be read ({type(error).__name__}).",
            remedy="Check its rights and format.",
        ) from None
    if not found:
        raise SourceError(
            f"{path} has no ids of records: nothing would be excluded.",
            remedy="Give a file that `affectmine annotate sample` wrote, or an export of its tasks.",
        )
    return found


def _of_tasks(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        for task in elements(file, str(path)):
            data = task.get("data", task) if isinstance(task, dict) else None
            name = data.get("record_id") if isinstance(data, dict) else None
            if isinstance(name, str):
                yield name


def _of_table(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        known = next((name for name in _NAMES if name in (reader.fieldnames or ())), None)
        for row in reader:
            if known is not None and row[known]:
                yield id_of_cell(row[known])
