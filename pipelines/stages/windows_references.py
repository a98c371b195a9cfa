"""Finds which turns are the context of which: references from row to row, before any text is touched.

Assumptions: the shards are all of one corpus; record ids are unique among rows that were not dropped as doubles.
Semantics: of a record that answers another one, its kept ancestors; of any other, the kept turns before it in its
conversation. What a shard's references are does not depend on how the corpus was cut into shards.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
import xxhash

from pipelines.engines.database import PLACES, Database
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place
from pipelines.lake.rows import read_batches
from pipelines.stages.database import create_view, query
from pipelines.stages.scratch_file import write_scratch
from schemas.config.windows import WindowsConfig
from schemas.manifest import DataFile

_COLUMNS = (
    "record_id, conversation_id, turn, start_ms, created_at, reply_to, "
    "outcome = 'kept' AS kept, n_chars AS size, reason"
)
_NO_KEYS = pl.Series("sample_key", [], dtype=pl.UInt64)


@dataclass(frozen=True)
class References:
    """Of one shard: the scratch file with row, hop (1 is the nearest), shard and other_row; the shards that it
    names; and a hash of all that they say, texts of other shards included. The hash knows rows by their ids:
    where rows lie, in which shard and how a file is compacted makes no difference to it.
    """

    path: str
    shards: tuple[int, ...]
    digest: str


def references(
    database: Database,
    lake: Lake,
    own: Mapping[int, DataFile],
    beside: Mapping[int, DataFile],
    folder: Place,
    *,
    config: WindowsConfig,
) -> dict[int, References]:
    """The references of the clean shards `own`, by their numbers; `beside` are others of the same corpus."""
    everything = {**own, **beside}
    create_view(database, lake, "stored_rows", everything, _COLUMNS)
    database.register("own_shards", pl.DataFrame({"shard": sorted(own)}).to_arrow())
    # A record that came twice is there twice: the one that lost must not be found as a parent.
    database.execute(
        "CREATE VIEW turns AS SELECT *, shard IN (SELECT shard FROM own_shards) AS own "
        "FROM stored_rows WHERE reason IS DISTINCT FROM 'duplicate_id'"
    )
    _lists(database, config.turns)
    _trees(database, config.turns)
    database.execute(f"CREATE TABLE refs AS {query('windows_bound')}", {"chars": config.chars})
    database.execute("DROP TABLE found")
    _texts(database, lake, everything)
    # In the order of places, so that each shard reads its part only.
    database.execute(
        "CREATE TABLE told AS SELECT refs.place, refs.hop, refs.other, far.content FROM refs "
        "LEFT JOIN far ON refs.other = far.other ORDER BY refs.place ASC, refs.hop ASC"
    )
    database.execute("DROP TABLE refs")
    write = _Write(lake, dict(own), str(folder))
    found = database.each_shard("SELECT place, hop, other, content FROM told", list(own), write)
    return dict(zip(own, found, strict=True))


def _lists(database: Database, turns: int) -> None:
    database.execute(f"CREATE TABLE ordered AS {query('windows_order')}")
    database.register("hops", pl.DataFrame({"hop": range(1, turns + 1)}).to_arrow())
    database.execute(f"CREATE TABLE found AS {query('windows_lists')}")
    database.execute("DROP TABLE ordered")


def _trees(database: Database, turns: int) -> None:
    """Goes up from all replies at once, step by step, until no chain goes on."""
    database.execute(
        "CREATE TABLE frontier AS SELECT place, reply_to AS wanted, 0 AS found FROM turns "
        "WHERE own AND kept AND reply_to IS NOT NULL"
    )
    if not _count(database, "frontier"):
        return
    database.execute(
        "CREATE TABLE links AS SELECT place, record_id, reply_to, kept, size FROM turns"
    )
    database.execute(
        "CREATE TABLE chain (place BIGINT, hop BIGINT, other BIGINT, size BIGINT, kept BOOLEAN)"
    )
    while _count(database, "frontier"):
        database.execute(f"CREATE TABLE step AS {query('windows_parents')}")
        database.execute("INSERT INTO chain SELECT place, hop, other, size, kept FROM step")
        database.execute(
            "CREATE OR REPLACE TABLE frontier AS SELECT place, wanted, found FROM step "
            "WHERE wanted IS NOT NULL AND found < $turns",
            {"turns": turns},
        )
        database.execute("DROP TABLE step")
    database.execute("INSERT INTO found SELECT place, hop, other, size FROM chain WHERE kept")
    database.execute("DROP TABLE chain")
    database.execute("DROP TABLE links")


def _texts(database: Database, lake: Lake, shards: Mapping[int, DataFile]) -> None:
    """Makes the table far(other, content): what the turns of other shards that are referred to say, hashed."""
    database.execute(
        "CREATE TABLE far_places AS SELECT DISTINCT other FROM refs "
        f"WHERE other // {PLACES} <> place // {PLACES}"
    )
    numbers = database.rows(f"SELECT DISTINCT other // {PLACES} FROM far_places")
    database.execute("CREATE TABLE far (other BIGINT, content UBIGINT)")
    if numbers:
        named = {number: shards[number] for (number,) in sorted(numbers)}
        create_view(database, lake, "far_rows", named, "record_id, role, text_clean")
        database.execute(
            "INSERT INTO far SELECT place, md5_number_lower(concat(record_id, '|', role, '|', text_clean)) "
            "FROM far_rows INNER JOIN far_places ON far_rows.place = far_places.other"
        )


@dataclass(frozen=True)
class _Write:
    """Writes the references of one shard into `folder`; importable, for workers may call it."""

    lake: Lake
    own: Mapping[int, DataFile]
    folder: str

    def __call__(self, number: int, found: pa.Table) -> References:
        frame = (
            pl.DataFrame(found)
            .select(
                (pl.col("place") - number * PLACES).alias("row"),
                "hop",
                (pl.col("other") // PLACES).alias("shard"),
                (pl.col("other") % PLACES).alias("other_row"),
                "content",
            )
            .sort("row", "hop")
        )
        path = write_scratch(self.folder, number, frame.drop("content"))
        # A shard of which all rows were erased has no batch.
        keys = pl.concat([_NO_KEYS, *self._keys(number)]) if frame.height else _NO_KEYS
        return References(path, tuple(frame["shard"].unique().sort()), _digest(number, frame, keys))

    def _keys(self, number: int) -> Iterator[pl.Series]:
        for batch in read_batches(self.lake, self.own[number], ["sample_key"]):
            yield batch["sample_key"]


def _digest(number: int, frame: pl.DataFrame, keys: pl.Series) -> str:
    """A hash of references of a shard, of which `keys` has the sample keys, row by row: of turns in the shard it
    knows which they are (what they say is the shard's content), of turns elsewhere what they say.
    """
    near = frame["shard"] == number
    own = keys.gather(frame["row"])
    others = keys.gather(frame["other_row"].set(~near, 0)).zip_with(
        near, frame["content"].fill_null(0)
    )
    digest = xxhash.xxh3_128()
    for column in (own, frame["hop"], near.cast(pl.UInt8), others):
        digest.update(column.to_numpy().tobytes())
    return digest.hexdigest()


def _count(database: Database, table: str) -> int:
    ((count,),) = database.rows(f"SELECT count(*) FROM {table}")
    return int(count)
