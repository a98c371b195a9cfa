"""Finds the names of a conversation that some of its rows do not know. All rows at once: SQL.

A reader or a batch knows the speakers of its piece of a conversation. Where a conversation lies in several pieces, a
name said in one of them may belong to a speaker of another: clean must redact it all the same.
"""

import json
from collections import defaultdict
from collections.abc import Sequence

import polars as pl
import xxhash

from pipelines.engines.database import Database
from pipelines.lake.lake import Lake
from pipelines.stages.database import create_view, query
from schemas.manifest import DataFile

Names = tuple[tuple[str, tuple[str, ...]], ...]
"""Conversations (keyed ids), each with all its names; sorted."""


def conversation_names(
    database: Database, lake: Lake, records: Sequence[DataFile]
) -> dict[str, Names]:
    """For each records file, by its path in the lake: the conversations in which a row lacks names, with all names."""
    if not records:
        return {}
    columns = "conversation_id, pii_hints, domain"
    create_view(database, lake, "records", dict(enumerate(records)), columns)
    rows = database.rows(query("conversation_names"))
    found: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for number, conversation, names in rows:
        found[records[number].path].append((conversation, tuple(sorted(names))))
    return {path: tuple(conversations) for path, conversations in found.items()}


def hash_names(names: Names) -> str:
    """What stands for the names in a fingerprint: they themselves go nowhere."""
    return xxhash.xxh3_128_hexdigest(json.dumps(names).encode())


def with_names(batch: pl.DataFrame, names: Names) -> pl.DataFrame:
    """The batch, in which rows of these conversations have all their names as hints."""
    known = pl.DataFrame(
        {
            "conversation_id": [each[0] for each in names],
            "_names": [list(each[1]) for each in names],
        },
        schema={"conversation_id": pl.String, "_names": pl.List(pl.String)},
    )
    joined = batch.join(known, on="conversation_id", how="left", maintain_order="left")
    more = pl.coalesce("_names", "pii_hints").alias("pii_hints")
    return joined.with_columns(more).drop("_names")
