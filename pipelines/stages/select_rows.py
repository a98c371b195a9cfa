"""Chooses, partition by partition, which rows a second labeler is asked about. All rows of a partition at once: SQL.

Assumptions: the shards are all label shards of one partition by one labeler. Semantics: the choice depends neither on
the order of shards nor on that of rows; whether a row is in the audit sample depends on its sample_key alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl
import pyarrow as pa

from pipelines.engines.database import PLACES, Database
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place
from pipelines.stages.database import create_view, query
from pipelines.stages.scratch_file import write_scratch
from schemas.manifest import DataFile

MODULUS = 4_294_967_291
"""The greatest prime below 2**32: the audit sample are the rows with a small residue of their sample_key by it."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for: see schemas.config.select."""

    margin: float | None
    budget: float | None
    budget_rows: int | None
    audit: float

    def rows(self, of: int) -> int:
        """The budget, in rows of a partition with so many."""
        share = of if self.budget is None else int(Decimal(str(self.budget)) * of)
        return share if self.budget_rows is None else min(share, self.budget_rows)


def choose(
    database: Database,
    lake: Lake,
    labels: Sequence[DataFile],
    wanted: Wanted,
    folder: Place,
    *,
    margin_sql: str,
) -> list[str]:
    """Decides for each row of the shards; returns a file a shard: row, margin, audit, reason, by row.

    `margin_sql` tells the margin of a row (transforms.annotate.margins). What memory cannot hold spills.
    """
    create_view(
        database, lake, "answered_rows", dict(enumerate(labels)),
        f"record_id, sample_key, status, CASE WHEN status = 'labeled' THEN {margin_sql} END AS margin",
    )  # fmt: skip
    database.execute("CREATE OR REPLACE VIEW answered AS SELECT * FROM answered_rows")
    database.execute(
        f"CREATE OR REPLACE TABLE decided AS SELECT * FROM ({query('select_rows')}) ORDER BY place",
        {
            "margin": wanted.margin,
            "budget": wanted.rows(sum(file.rows for file in labels)),
            "audit": int(Decimal(str(wanted.audit)) * MODULUS),
        },
    )
    return database.each_shard(
        "SELECT place, margin, audit, reason FROM decided", range(len(labels)), _Write(str(folder))
    )


@dataclass(frozen=True)
class _Write:
    """Writes what was chosen of one shard into `folder`; importable, for workers may call it."""

    folder: str

    def __call__(self, number: int, chosen: pa.Table) -> str:
        frame = pl.DataFrame(chosen).with_columns(pl.col("place") - number * PLACES)
        return write_scratch(self.folder, number, frame.rename({"place": "row"}))
