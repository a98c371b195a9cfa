"""Ids of rows that were sampled before: of a sample's folder, an export, or a file of gold."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import orjson
import polars as pl

from schemas.errors import SourceError

_NAMES = ("record_id", "id")


def ids_in(paths: Iterable[Path]) -> frozenset[str]:
    """The record ids in these files and folders. SourceError: one that has none."""
    found: set[str] = set()
    for path in paths:
        files = (
            sorted([*path.glob("tasks*.json"), *path.glob("tasks*.csv")])
            if path.is_dir()
            else [path]
        )
        ids = {one for file in files for one in _ids(file)}
        if not ids:
            raise SourceError(
                f"{path} names no record: it has no record_id.",
                remedy="Give the folder of a sample, an export of its tasks, or the gold made of it.",
            )
        found |= ids
    return frozenset(found)


def _ids(path: Path) -> set[str]:
    try:
        if path.suffix == ".json":
            tasks = orjson.loads(path.read_bytes())
            listed = tasks if isinstance(tasks, list) else [tasks]
            data = [task.get("data", task) for task in listed if isinstance(task, dict)]
            return {
                str(row["record_id"])
                for row in data
                if isinstance(row, dict) and row.get("record_id")
            }
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path)
        elif path.suffix in (".jsonl", ".ndjson"):
            frame = pl.read_ndjson(path, infer_schema_length=None)
        else:
            frame = pl.read_csv(path, infer_schema=False)
    except FileNotFoundError:
        raise SourceError(f"There is no file {path}.", remedy="Check the path.") from None
    except (orjson.JSONDecodeError, pl.exceptions.PolarsError, OSError) as error:
        raise SourceError(
            f"{path} cannot be read ({type(error).__name__}).",
            remedy="Give a file that affectmine or Label Studio wrote: .json, .csv, .jsonl, .parquet.",
        ) from None
    name = next((name for name in _NAMES if name in frame.columns), None)
    return set() if name is None else set(frame[name].drop_nulls().cast(pl.String).to_list())
