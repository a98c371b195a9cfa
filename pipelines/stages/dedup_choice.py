"""Takes, of the rows that reach a stage, those that dedup kept."""

import polars as pl

from pipelines.lake.lake import Lake
from pipelines.lake.rows import read_batches
from schemas.errors import TerminalError
from schemas.manifest import DataFile


class Choice:
    """Reads a row-aligned file beside its input, batch by batch."""

    def __init__(self, lake: Lake, file: DataFile) -> None:
        self._path = file.path
        self._batches = read_batches(lake, file, ["record_id", "outcome"])
        self._ahead = pl.DataFrame(schema={"record_id": pl.String, "outcome": pl.String})

    def of(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The rows of `batch` that are kept. Raises TerminalError where the file has other rows."""
        while self._ahead.height < batch.height:
            following = next(self._batches, None)
            if following is None:
                raise self._misaligned()
            self._ahead = pl.concat([self._ahead, following])
        here, self._ahead = self._ahead[: batch.height], self._ahead[batch.height :]
        if not here["record_id"].equals(batch["record_id"]):
            raise self._misaligned()
        return batch.filter(here["outcome"] == "kept")

    def end(self) -> None:
        """Raises TerminalError if the file has more rows than were asked for."""
        if self._ahead.height or next(self._batches, None) is not None:
            raise self._misaligned()

    def _misaligned(self) -> TerminalError:
        return TerminalError(
            f"{self._path} does not have the rows of the clean shard that it is about.",
            remedy="Delete it and its manifest; the next run makes them again.",
        )
