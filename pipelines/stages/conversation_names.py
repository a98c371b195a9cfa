"""Finds the names of a conversation that some of its rows do not know. All rows at once: SQL.

A reader or a batch knows the speakers of its piece of a conversation. Where a conversation lies in several pieces, a
name said in one of them may belong to a speaker of another: clean must redact it all the same.
"""

import json
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from importlib.resources import files

import duckdb
import polars as pl
import xxhash

from pipelines.lake.lake import Lake
from pipelines.lake.rows import locate
from schemas.errors import TransientError
from schemas.manifest import DataFile

_QUERY = files("transforms.sql").joinpath("conversation_names.sql")

Names = tuple[tuple[str, tuple[str, ...]], ...]
"""Conversations (keyed ids), each with all its names; sorted."""


def conversation_names(
    lake: Lake, records: Sequence[DataFile], *, memory_limit: str, threads: int
) -> dict[str, Names]:
    """For each records file, by its path in the lake: the conversations in which a row lacks names, with all names.

    Spills to disk beyond `memory_limit`.
    """
    if not records:
        return {}
    places = [(file.path, *locate(lake, file)) for file in records]
    shards = pl.DataFrame(
        [(path, str(place), first, first + count) for path, place, first, count in places],
        schema=["shard", "filename", "first_row", "after_row"],
        orient="row",
    )
    with tempfile.TemporaryDirectory(prefix="affectmine-") as spill, duckdb.connect() as database:
        database.execute("SET memory_limit = $limit", {"limit": memory_limit.replace(" ", "")})
        database.execute(f"SET threads = {int(threads)}")
        database.execute("SET temp_directory = $spill", {"spill": spill})
        database.execute("SET temp_file_encryption = true")  # names of people
        database.execute("SET enable_progress_bar = false")
        stored = sorted(set(shards["filename"]))
        listed = ", ".join("'" + place.replace("'", "''") + "'" for place in stored)
        database.register("shards", shards.to_arrow())
        database.execute(
            "CREATE VIEW records AS SELECT conversation_id, pii_hints, domain, filename, file_row_number "
            f"FROM read_parquet([{listed}], filename = true, file_row_number = true)"
        )
        try:
            rows = database.execute(_QUERY.read_text()).fetchall()
        except duckdb.OutOfMemoryException:
            raise TransientError(
                f"Gathering the names of conversations needs more than {memory_limit} or a larger temporary folder.",
                remedy="Raise engine.memory_limit, or free space in the temporary folder (TMPDIR).",
            ) from None
    found: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for path, conversation, names in rows:
        found[path].append((conversation, tuple(names)))
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
