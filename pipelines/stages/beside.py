"""Reads a row-aligned file beside its input, batch by batch."""

from collections.abc import Sequence

import polars as pl

from pipelines.lake.lake import Lake
from pipelines.lake.rows import read_batches
from schemas.errors import TerminalError
from schemas.manifest import DataFile


class Beside:
    """The rows of `file` that belong to the rows of batches: both have the same records in the same order."""

    def __init__(self, lake: Lake, file: DataFile, columns: Sequence[str]) -> None:
        self._path = file.path
        self._batches = read_batches(lake, file, ["record_id", *columns])
        self._ahead: pl.DataFrame | None = None

    def of(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The rows beside those of `batch`. Raises TerminalError where the file has other rows."""
        while self._ahead is None or self._ahead.height < batch.height:
            following = next(self._batches, None)
            if following is None:
                if batch.is_empty():
                    return batch.select("record_id")
                raise self._misaligned()
            self._ahead = following if self._ahead is None else pl.concat([self._ahead, following])
        here, self._ahead = self._ahead[: batch.height], self._ahead[batch.height :]
        if not here["record_id"].equals(batch["record_id"]):
            raise self._misaligned()
        return here

    def end(self) -> None:
        """Raises TerminalError if the file has more rows than were asked for."""
        left = self._ahead is not None and self._ahead.height > 0
        if left or next(self._batches, None) is not None:
            raise self._misaligned()

    def _misaligned(self) -> TerminalError:
        return TerminalError(
            f"{self._path} does not have the rows of the clean shard that it is about.",
            remedy="Delete it and its manifest; the next run makes them again.",
        )
