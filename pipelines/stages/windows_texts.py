"""Reads single turns of committed clean shards: what contexts quote."""

from collections.abc import Sequence

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lake.lake import Lake
from pipelines.lake.place import open_parquet
from pipelines.lake.rows import BATCH_ROWS, locate
from schemas.errors import TerminalError, TransientError
from schemas.manifest import DataFile

SAID = {"record_id": pl.String, "role": pl.String, "text_clean": pl.String}


def read_turns(lake: Lake, file: DataFile, rows: pl.Series) -> pl.DataFrame:
    """The turns at these rows of a clean shard (int64, each once): other_row, and the columns SAID.

    Row groups that have none of them are not read: mostly a shard needs a few turns of another one.

    Raises TerminalError when the file is gone or damaged, TransientError when it was moved just now.
    """
    path, start, _ = locate(lake, file)
    places = (rows + start).sort()
    parts = [pl.DataFrame(schema={"other_row": pl.Int64, **SAID})]
    try:
        with open_parquet(path) as parquet:
            first = 0
            for group in range(parquet.num_row_groups):
                here = _between(places, first, parquet.metadata.row_group(group).num_rows)
                if here.len():
                    parts += _read(parquet, group, here, first, start)
                first += parquet.metadata.row_group(group).num_rows
    except FileNotFoundError:
        raise TransientError(
            f"{file.path} has moved or is gone.", remedy="Run again: it is looked up anew."
        ) from None
    except (OSError, pa.ArrowInvalid) as error:
        raise TerminalError(
            f"{file.path} cannot be read as Parquet ({type(error).__name__}).",
            remedy="If the file is damaged, delete it and its manifest; the next run makes it again.",
        ) from None
    return pl.concat(parts)


def _read(
    parquet: pq.ParquetFile, group: int, places: pl.Series, first: int, start: int
) -> Sequence[pl.DataFrame]:
    parts = []
    for batch in parquet.iter_batches(BATCH_ROWS, row_groups=[group], columns=list(SAID)):
        here = _between(places, first, batch.num_rows)
        frame = pl.from_arrow(batch)
        assert isinstance(frame, pl.DataFrame)
        said = frame[here - first].select(pl.col(name).cast(kind) for name, kind in SAID.items())
        parts.append(said.insert_column(0, (here - start).alias("other_row")))
        first += batch.num_rows
    return parts


def _between(places: pl.Series, first: int, count: int) -> pl.Series:
    return places.filter(places.is_between(first, first + count, closed="left"))
