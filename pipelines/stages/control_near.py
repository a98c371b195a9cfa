"""Near-duplicates among generated rows: as the dedup stage finds those of posts, over a scratch lake of the texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl
import pyarrow as pa

from pipelines.engines.duck_database import DuckDatabase
from pipelines.lake.commit import DataWriter
from pipelines.lake.lake import Lake
from pipelines.lake.rows import read_batches
from pipelines.stages.database import bytes_of
from pipelines.stages.dedup_compare import compare
from pipelines.stages.dedup_database import Side
from pipelines.stages.scratch_file import read_scratch
from schemas.datasets import CLEAN, SIGNATURES
from schemas.datasets.base import KEYS
from schemas.manifest import DataFile
from transforms.arrow import to_arrow
from transforms.dedup.layout import layout
from transforms.dedup.signatures import signatures

_SIDE_ROWS = 100_000
_FEWEST_WORDS = 5
_NOT_COMPARED = ("prompt", "instruction")  # many items may ask the same
_COLUMNS = [field.name for field in KEYS]
_TEXTS = pa.schema([CLEAN.schema.field("text_clean"), CLEAN.schema.field("outcome")])


def clusters(
    database: DuckDatabase, lake: Lake, drafts: Sequence[DataFile], scratch: Lake,
    *, similarity: float, memory_limit: str,
) -> Iterator[pl.DataFrame]:  # fmt: skip
    """The kept rows that are nearly another one's text: record_id, and the cluster of what is alike.

    Prompts, and texts of fewer than five words, are not compared.
    """
    bands = layout(similarity)
    sides = []
    for number, batch in enumerate(_compared(lake, drafts)):
        made = signatures(
            batch.with_columns(
                pl.lit(None, dtype=pl.String).alias("reply_to"),
                pl.lit(None, dtype=pl.List(pl.String)).alias("gold"),
            ),
            bands,
        )
        place = {"corpus": "generated", "partition": "all", "stem": f"shard-{number}"}
        clean = DataWriter(scratch, "clean", schema=_TEXTS, **place)
        clean.write(to_arrow(batch.select(_TEXTS.names), _TEXTS))
        signed = DataWriter(scratch, "signatures", **place)
        signed.write(to_arrow(made, SIGNATURES.schema))
        sides.append(Side(0, signed.close(), clean.close(), None))
    if not sides:
        return
    answers = compare(
        database, scratch, sides, scratch.root / "answers",
        bands=bands.bands, threshold=similarity, memory=bytes_of(memory_limit),
    )  # fmt: skip
    for side in sides:
        path = answers.get(side.signatures.path)
        if path is None:
            continue
        found = read_scratch(path)
        ids = pl.concat(list(read_batches(scratch, side.signatures, ["record_id"])))["record_id"]
        yield pl.DataFrame([ids.gather(found["row"].cast(pl.UInt32)), found["cluster"]])


def _compared(lake: Lake, drafts: Sequence[DataFile]) -> Iterator[pl.DataFrame]:
    """The rows that are compared, some shards at once."""
    pieces: list[pl.DataFrame] = []
    rows = 0
    columns = [*_COLUMNS, "text_clean", "outcome", "part"]
    for file in drafts:
        for batch in read_batches(lake, file, columns):
            kept = batch.filter(
                (pl.col("outcome") == "kept")
                & ~pl.col("part").is_in(list(_NOT_COMPARED))
                & (pl.col("text_clean").str.count_matches(r"\S+") >= _FEWEST_WORDS)
            )
            pieces.append(kept)
            rows += kept.height
        if rows >= _SIDE_ROWS:
            yield pl.concat(pieces)
            pieces, rows = [], 0
    if rows:
        yield pl.concat(pieces)
