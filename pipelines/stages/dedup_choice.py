"""Takes, of the rows that reach a stage, those that dedup, or a cascade, kept."""

import polars as pl

from pipelines.lake.lake import Lake
from pipelines.stages.beside import Beside
from schemas.manifest import DataFile


class Choice:
    """Reads the outcomes of a row-aligned file beside its input, batch by batch."""

    def __init__(self, lake: Lake, file: DataFile) -> None:
        self._beside = Beside(lake, file, ["outcome"])

    def of(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The rows of `batch` that are kept. Raises TerminalError where the file has other rows."""
        here = self._beside.of(batch)
        return batch.filter(here["outcome"] == "kept") if batch.height else batch

    def end(self) -> None:
        """Raises TerminalError if the file has more rows than were asked for."""
        self._beside.end()
