"""What is compared, as views: signatures, and what was decided for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.engines.database import Database
from pipelines.lake.lake import Lake
from pipelines.stages.database import create_view
from schemas.errors import TerminalError
from schemas.manifest import DataFile

_ERAS = {"shard": pl.Int64, "era": pl.Int64}
_ROWS = "exact_high, exact_low, bands, grams, created_at, retweet, sample_key, record_id"


@dataclass(frozen=True)
class Side:
    """A shard that is compared: its signatures, the clean rows they were made of and, if it stays as it is, what
    was decided for it. Shards of one era are decided together.
    """

    era: int
    signatures: DataFile
    clean: DataFile
    answered: DataFile | None


def register(database: Database, lake: Lake, sides: Sequence[Side]) -> None:
    """Makes the views fresh_rows and old_rows of signatures, and answered of what was decided; `sides` by era."""
    eras = [side.era for side in sides]
    assert eras == sorted(eras)
    numbered = list(enumerate(sides))
    for side in sides:
        if side.answered is not None and side.answered.rows != side.signatures.rows:
            raise TerminalError(
                f"{side.answered.path} has {side.answered.rows} rows, its signatures have "
                f"{side.signatures.rows}.",
                remedy="Run dedup again with --rebuild.",
            )
    table = pl.DataFrame([(n, side.era) for n, side in numbered], _ERAS, orient="row")
    database.register("eras", table.to_arrow())
    fresh = {n: side.signatures for n, side in numbered if side.answered is None}
    old = {n: side.signatures for n, side in numbered if side.answered is not None}
    answered = {n: side.answered for n, side in numbered if side.answered is not None}
    _view(database, lake, "fresh_rows", fresh, _ROWS)
    _view(database, lake, "old_rows", old, _ROWS)
    _view(database, lake, "answered", answered, "record_id, cluster, representative")


def _view(
    database: Database,
    lake: Lake,
    name: str,
    shards: Mapping[int, DataFile],
    columns: str,
) -> None:
    if shards:
        create_view(database, lake, f"{name}_stored", shards, columns)
        database.execute(
            f"CREATE VIEW {name} AS SELECT place, era, {columns} FROM {name}_stored AS stored "
            "INNER JOIN eras ON stored.shard = eras.shard"
        )
