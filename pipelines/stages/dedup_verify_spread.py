"""Verifies candidate pairs where texts and pairs are spread over the workers of Spark: as dedup_verify, by joins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from pipelines.engines.database import PLACES, Database
from pipelines.engines.spark_database import SparkDatabase
from pipelines.lake.lake import Lake
from pipelines.stages.dedup_database import Side
from pipelines.stages.dedup_verify import texts_of
from transforms.dedup.kernel import jaccard
from transforms.label.student.features import string_buffers


def verify_spread(database: Database, lake: Lake, sides: Sequence[Side], threshold: float) -> None:
    """Makes the table edges(earlier, later, similarity) of those `pairs` that reach the threshold."""
    assert isinstance(database, SparkDatabase)
    wanted = database.frame(
        f"SELECT place // {PLACES} AS shard, place % {PLACES} AS row, node FROM nodes "
        "WHERE node IN (SELECT earlier FROM pairs UNION SELECT later FROM pairs)"
    )
    read = _reader(lake, dict(enumerate(sides)))
    texts = wanted.groupBy("shard").applyInArrow(read, "node long, text string")
    database.create("texts", texts)
    pairs = database.frame(
        "SELECT earlier, later, first.text AS text, second.text AS other FROM pairs "
        "INNER JOIN texts AS first ON earlier = first.node INNER JOIN texts AS second ON later = second.node"
    )
    edges = pairs.mapInArrow(_Similar(threshold), "earlier long, later long, similarity double")
    database.create("edges", edges)
    database.execute("DROP TABLE texts")


def _reader(
    lake: Lake, sides: Mapping[int, Side]
) -> Callable[[tuple[pa.Scalar, ...], pa.Table], pa.Table]:
    """For a worker: nodes and texts of the wanted rows of one shard."""
    schema = pa.schema([("node", pa.int64()), ("text", pa.string())])

    def read(key: tuple[pa.Scalar, ...], rows: pa.Table) -> pa.Table:
        wanted: Any = pl.DataFrame(rows.select(["row", "node"])).sort("row")
        parts = [
            pl.DataFrame({"node": nodes, "text": texts})
            for nodes, texts in texts_of(lake, sides[key[0].as_py()], wanted)
        ]
        return pl.concat(parts).to_arrow().cast(schema) if parts else schema.empty_table()

    return read


@dataclass(frozen=True)
class _Similar:
    """In a worker: the pairs whose texts are similar enough."""

    threshold: float

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            frame = pl.DataFrame(batch)
            data, offsets = string_buffers(pl.concat([frame["text"], frame["other"]]))
            mine, others = offsets[: frame.height + 1], offsets[frame.height :]
            found = jaccard(data, mine[:-1], mine[1:], others[:-1], others[1:])
            edges = frame.select("earlier", "later").with_columns(similarity=np.asarray(found))
            near = edges.filter(pl.col("similarity") >= self.threshold)
            yield from near.to_arrow().to_batches()
