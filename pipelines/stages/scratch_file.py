"""Files of one shard that go from what needs all rows to the worker that makes the shard."""

from pathlib import Path

import polars as pl

from pipelines.lake.place import created_locally, open_parquet, place
from pipelines.lake.store import new_attempt


def write_scratch(folder: str, number: int, frame: pl.DataFrame) -> str:
    """Writes the rows that a shard needs; returns where, as text. Two attempts write two files."""
    where = place(folder) / f"{number}-{new_attempt()}.parquet"
    if isinstance(where, Path):  # nobody knows the name before it is whole
        where.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(where)
    else:
        with created_locally(where) as path:
            frame.write_parquet(path)
    return str(where)


def read_scratch(where: str) -> pl.DataFrame:
    """All rows of such a file."""
    with open_parquet(place(where)) as parquet:
        return pl.DataFrame(parquet.read())
