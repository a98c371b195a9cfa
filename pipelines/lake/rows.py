"""Reads the rows of a committed shard, wherever compaction has put them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import polars as pl
import pyarrow as pa

from pipelines.lake.lake import Lake
from pipelines.lake.place import Place, open_parquet
from pipelines.lake.store import read_json
from schemas.errors import TerminalError, TransientError
from schemas.manifest import DataFile

BATCH_ROWS = 32_768


def read_batches(
    lake: Lake, file: DataFile, columns: Sequence[str] | None = None
) -> Iterator[pl.DataFrame]:
    """The rows of `file` in their order, in batches of at most `BATCH_ROWS`.

    Raises TerminalError when the file is gone or damaged, TransientError when the disk does not answer.
    """
    path, start, count = locate(lake, file)
    left, skip = count, start
    try:
        with open_parquet(path) as parquet:
            for batch in parquet.iter_batches(batch_size=BATCH_ROWS, columns=columns):
                if skip >= batch.num_rows:
                    skip -= batch.num_rows
                    continue
                piece = batch.slice(skip, min(left, batch.num_rows - skip))
                skip, left = 0, left - piece.num_rows
                frame = pl.from_arrow(piece)
                assert isinstance(frame, pl.DataFrame)
                yield frame
                if left == 0:
                    return
    except FileNotFoundError:
        raise TransientError(
            f"{file.path} has moved or is gone.", remedy="Run again: it is looked up anew."
        ) from None
    except (OSError, pa.ArrowInvalid) as error:
        raise TerminalError(
            f"{file.path} cannot be read as Parquet ({type(error).__name__}).",
            remedy="If the file is damaged, delete it and its manifest; the next run makes it again.",
        ) from None


def locate(lake: Lake, file: DataFile) -> tuple[Place, int, int]:
    """The Parquet file, first row and number of rows where the rows of `file` lie now."""
    path = lake.path(file.path)
    if path.exists():
        return path, 0, file.rows
    for note in sorted(path.parent.glob("compact-*.json")):
        compaction = read_compaction(note)
        start = compaction.starts.get(file.path)
        if start is not None and lake.path(compaction.path).exists():
            return lake.path(compaction.path), start, file.rows
    raise TerminalError(
        f"The data file {file.path} is missing.",
        remedy="Run again: its shard is made anew.",
    )


@dataclass(frozen=True)
class Compaction:
    """Where the rows of compacted shards lie: the file, and the first row of each old file in it."""

    path: str
    starts: dict[str, int]


@lru_cache(maxsize=256)
def read_compaction(note: Place) -> Compaction:
    """What a `compact-*.json` says. Raises TerminalError when it is damaged."""
    content = read_json(note, "Restore it from a backup, or delete it and run again.")
    return Compaction(content["path"], content["starts"])
