"""Near-duplicates among texts of any rows, found as the dedup stage finds those of posts, over a scratch lake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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
from transforms.arrow import to_arrow
from transforms.dedup.layout import layout
from transforms.dedup.signatures import signatures

FEWEST_WORDS = 5
"""Shorter texts are alike by chance."""
NOT_COMPARED = ("prompt", "instruction")
"""Parts of generated items that many of them may share."""
COLUMNS = [*(field.name for field in KEYS), "text_clean"]
_TEXTS = pa.schema([CLEAN.schema.field("text_clean"), CLEAN.schema.field("outcome")])


def near_texts(
    database: DuckDatabase, batches: Iterable[pl.DataFrame], scratch: Lake, *, similarity: float, memory_limit: str,
) -> Iterator[pl.DataFrame]:  # fmt: skip
    """The rows whose text is nearly another one's: record_id, and the cluster of what is alike.

    Batches have COLUMNS; `similarity` is Jaccard's, of character 5-grams. `scratch` holds texts while this runs.
    """
    bands = layout(similarity)
    sides = []
    for number, batch in enumerate(batches):
        rows = batch.select(
            *COLUMNS,
            pl.lit("kept").alias("outcome"),
            pl.lit(None, dtype=pl.String).alias("reply_to"),
            pl.lit(None, dtype=pl.List(pl.String)).alias("gold"),
        )
        place = {"corpus": "texts", "partition": "all", "stem": f"shard-{number}"}
        clean = DataWriter(scratch, "clean", schema=_TEXTS, **place)
        clean.write(to_arrow(rows.select(_TEXTS.names), _TEXTS))
        signed = DataWriter(scratch, "signatures", **place)
        signed.write(to_arrow(signatures(rows, bands), SIGNATURES.schema))
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
