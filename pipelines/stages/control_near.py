"""Near-duplicates among generated rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from pipelines.engines.duck_database import DuckDatabase
from pipelines.lake.lake import Lake
from pipelines.lake.rows import read_batches
from pipelines.stages.near_texts import COLUMNS, FEWEST_WORDS, NOT_COMPARED, near_texts
from schemas.manifest import DataFile

_SIDE_ROWS = 100_000


def clusters(
    database: DuckDatabase, lake: Lake, drafts: Sequence[DataFile], scratch: Lake,
    *, similarity: float, memory_limit: str,
) -> Iterator[pl.DataFrame]:  # fmt: skip
    """The kept rows that are nearly another one's text: record_id, and the cluster of what is alike.

    Prompts, and texts of fewer than five words, are not compared.
    """
    yield from near_texts(
        database, _compared(lake, drafts), scratch, similarity=similarity, memory_limit=memory_limit
    )


def _compared(lake: Lake, drafts: Sequence[DataFile]) -> Iterator[pl.DataFrame]:
    """The rows that are compared, some shards at once."""
    pieces: list[pl.DataFrame] = []
    rows = 0
    for file in drafts:
        for batch in read_batches(lake, file, [*COLUMNS, "outcome", "part"]):
            kept = batch.filter(
                (pl.col("outcome") == "kept")
                & ~pl.col("part").is_in(list(NOT_COMPARED))
                & (pl.col("text_clean").str.count_matches(r"\S+") >= FEWEST_WORDS)
            )
            pieces.append(kept)
            rows += kept.height
        if rows >= _SIDE_ROWS:
            yield pl.concat(pieces)
            pieces, rows = [], 0
    if rows:
        yield pl.concat(pieces)
