"""Compares shards: who is a duplicate of whom. All rows at once: SQL.

Assumptions: sides come in ascending eras, and signatures are row by row those of the kept clean rows.
Semantics: texts of an era are joined to clusters by what is near within it; such a group joins the cluster of the
first earlier text that any of its texts is near to. What was decided for a shard stays. The result depends neither
on the order of rows and shards in an era nor on later eras.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import polars as pl
import pyarrow as pa

from pipelines.engines.database import PLACES, Database
from pipelines.engines.duck_database import DuckDatabase
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place
from pipelines.stages.database import query
from pipelines.stages.dedup_database import Side, register
from pipelines.stages.dedup_verify import verify
from pipelines.stages.scratch_file import write_scratch

_MEMBER_BYTES: Final = 160  # what ranking and joining takes of each text of a band
_TOGETHER_BYTES: Final = 400  # what ranking and joining takes of each row that is not alone


def compare(
    database: Database,
    lake: Lake,
    sides: Sequence[Side],
    folder: Place,
    *,
    bands: int,
    threshold: float,
    memory: int,
) -> dict[str, str]:
    """Decides the sides that have no answers yet; returns a file of answers a shard, by its signatures' path.

    A file has the columns row, cluster, representative, similarity, same, by row, and only rows that are not alone.
    Without `bands` only equal texts are looked for. `memory` in bytes: what one machine's database may take.
    """
    old = any(side.answered is not None for side in sides)
    register(database, lake, sides)
    _nodes(database, old=old)
    _pairs(database, bands, threshold, memory, old=old)
    if isinstance(database, DuckDatabase):
        verify(database, lake, sides, threshold)
    else:
        from pipelines.stages.dedup_verify_spread import verify_spread  # needs Spark

        verify_spread(database, lake, sides, threshold)
    _components(database)
    _decide(database, memory)
    fresh = {number: side for number, side in enumerate(sides) if side.answered is None}
    written = database.each_shard(
        "SELECT place, cluster, representative, similarity, same FROM answers",
        list(fresh),
        _Write(str(folder)),
    )
    return {side.signatures.path: path for side, path in zip(fresh.values(), written, strict=True)}


def _nodes(database: Database, *, old: bool) -> None:
    if old:
        database.execute(f"CREATE TABLE hits AS {query('dedup_hits')}")
        database.execute(f"CREATE TABLE known AS {query('dedup_alive')}")
        database.execute("DROP TABLE hits")
    else:
        database.execute(
            "CREATE TABLE known (exact_high UBIGINT, exact_low UBIGINT, era BIGINT, place BIGINT, cluster VARCHAR)"
        )
    database.execute(f"CREATE TABLE nodes AS {query('dedup_nodes')}")
    database.execute("DROP TABLE known")


def _pairs(database: Database, bands: int, threshold: float, memory: int, *, old: bool) -> None:
    """Makes the table pairs(earlier, later)."""
    database.execute("CREATE TABLE candidates (earlier BIGINT, later BIGINT)")
    if bands:
        columns = ", ".join(f"bands[{band}] AS band_{band}" for band in range(1, bands + 1))
        rows = "SELECT place, bands, grams FROM fresh_rows"
        if old:
            rows += " UNION ALL SELECT place, bands, grams FROM old_rows"
        database.execute(
            f"CREATE TABLE banded AS SELECT node, era, cluster IS NULL AS fresh, grams, {columns} "
            f"FROM nodes INNER JOIN ({rows}) AS stored ON nodes.place = stored.place WHERE array_length(bands) > 0"
        )
    for _ in _members(database, bands, memory):
        database.execute(f"INSERT INTO candidates {query('dedup_pairs')}", {"threshold": threshold})
    database.execute("CREATE TABLE pairs AS SELECT DISTINCT earlier, later FROM candidates")
    database.execute("DROP TABLE candidates")
    if bands:
        database.execute("DROP TABLE banded")


def _members(database: Database, bands: int, memory: int) -> Iterator[None]:
    """While it is at one, `members` says who is in which bucket: on one machine a part of the buckets of one band, so
    that they fit in memory; on a cluster all of all bands, for there a query costs more than its rows.
    """
    if not bands:
        return
    if isinstance(database, DuckDatabase):
        parts = _parts(database, "banded", _MEMBER_BYTES, memory)
        for band, part in product(range(1, bands + 1), range(parts)):
            database.execute(
                f"CREATE OR REPLACE VIEW members AS SELECT node, era, fresh, grams, band_{band} AS bucket FROM banded "
                f"WHERE band_{band} % {parts} = {part}"
            )
            yield
        database.execute("DROP VIEW members")
        return
    each = ", ".join(f"{{'band': {band}, 'value': band_{band}}}" for band in range(1, bands + 1))
    database.execute(
        f"CREATE TABLE members AS SELECT node, era, fresh, grams, unnest([{each}]) AS bucket FROM banded"
    )
    yield
    database.execute("DROP TABLE members")


def _components(database: Database) -> None:
    """Makes the tables roots(node, root) and parents(root, parent)."""
    database.execute(
        "CREATE TABLE inner_edges AS SELECT earlier, later, similarity FROM edges "
        "INNER JOIN nodes AS first ON earlier = first.node INNER JOIN nodes AS second ON later = second.node "
        "WHERE first.era = second.era"
    )
    database.execute(
        "CREATE TABLE links AS SELECT earlier AS node, later AS other FROM inner_edges "
        "UNION ALL SELECT later AS node, earlier AS other FROM inner_edges"
    )
    database.execute(
        "CREATE TABLE roots AS SELECT DISTINCT later AS node, later AS root FROM edges "
        "UNION SELECT earlier AS node, earlier AS root FROM inner_edges"
    )
    _settle(database, "roots", "node", "root", "dedup_components")
    database.execute(f"CREATE TABLE parents AS {query('dedup_parents')}")
    _settle(database, "parents", "root", "parent", "dedup_ancestors")


def _settle(database: Database, table: str, key: str, value: str, step: str) -> None:
    """Repeats a step from `table` to its next state until nothing changes."""
    changed = 1
    while changed:
        database.execute(f"CREATE TABLE after_step AS {query(step)}")
        ((changed,),) = database.rows(
            f"SELECT count(*) FROM {table} INNER JOIN after_step ON {table}.{key} = after_step.{key} "
            f"WHERE {table}.{value} <> after_step.{value}"
        )
        database.execute(f"DROP TABLE {table}")
        database.execute(f"ALTER TABLE after_step RENAME TO {table}")


def _decide(database: Database, memory: int) -> None:
    """Makes the table answers(place, cluster, representative, similarity, same)."""
    database.execute(f"CREATE TABLE crowded AS {query('dedup_crowded')}")
    database.execute(f"CREATE TABLE together AS {query('dedup_together')}")
    database.execute("DROP TABLE crowded")
    database.execute(
        "CREATE TABLE answers "
        "(place BIGINT, cluster VARCHAR, representative BOOLEAN, similarity DOUBLE, same BOOLEAN)"
    )
    parts = _parts(database, "together", _TOGETHER_BYTES, memory)
    for part in range(parts):
        database.execute(
            f"CREATE OR REPLACE VIEW part AS SELECT * FROM together WHERE top % {parts} = {part}"
        )
        database.execute(f"INSERT INTO answers {query('dedup_answers')}")
    database.execute("DROP VIEW part")
    database.execute("DROP TABLE together")


def _parts(database: Database, table: str, each: int, memory: int) -> int:
    """In how many parts a table fits in memory, at so many bytes a row; on a cluster it need not."""
    if not isinstance(database, DuckDatabase):
        return 1
    ((rows,),) = database.rows(f"SELECT count(*) FROM {table}")
    return max(1, min(256, -(-int(rows) * each // memory)))


@dataclass(frozen=True)
class _Write:
    """Writes the answers for one shard into `folder`; importable, for workers may call it."""

    folder: str

    def __call__(self, number: int, answers: pa.Table) -> str:
        frame = pl.DataFrame(answers).with_columns(pl.col("place") - number * PLACES)
        return write_scratch(self.folder, number, frame.rename({"place": "row"}))
