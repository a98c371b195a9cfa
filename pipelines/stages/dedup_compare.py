"""Compares shards: who is a duplicate of whom. All rows at once: SQL.

Assumptions: sides come in ascending eras, and signatures are row by row those of the kept clean rows.
Semantics: texts of an era are joined to clusters by what is near within it; such a group joins the cluster of the
first earlier text that any of its texts is near to. What was decided for a shard stays. The result depends neither
on the order of rows and shards in an era nor on later eras.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from pipelines.lake.lake import Lake
from pipelines.stages.database import PLACES, open_database, query
from pipelines.stages.dedup_database import Side, register
from pipelines.stages.dedup_verify import verify


def compare(
    lake: Lake,
    sides: Sequence[Side],
    folder: Path,
    *,
    bands: int,
    threshold: float,
    memory_limit: str,
    threads: int,
) -> dict[str, Path]:
    """Decides the sides that have no answers yet; returns a file of answers a shard, by its signatures' path.

    A file has the columns row, cluster, representative, similarity, same, by row, and only rows that are not alone.
    Without `bands` only equal texts are looked for. Raises TransientError when memory and disk do not suffice.
    """
    with open_database(memory_limit, threads, "Looking for duplicates") as database:
        register(database, lake, sides)
        _nodes(database, old=any(side.answered is not None for side in sides))
        _pairs(database, bands, threshold, old=any(side.answered is not None for side in sides))
        verify(database, lake, sides, threshold)
        _components(database)
        database.execute(f"CREATE TABLE answers AS {query('dedup_answers')}")
        return {
            side.signatures.path: _write(database, number, folder)
            for number, side in enumerate(sides)
            if side.answered is None
        }


def _nodes(database: duckdb.DuckDBPyConnection, *, old: bool) -> None:
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


def _pairs(database: duckdb.DuckDBPyConnection, bands: int, threshold: float, *, old: bool) -> None:
    """Makes the table pairs(earlier, later), band after band: what one band needs bounds the memory."""
    database.execute("CREATE TABLE candidates (earlier BIGINT, later BIGINT)")
    if bands:
        columns = ", ".join(f"bands[{band}] AS band_{band}" for band in range(1, bands + 1))
        rows = "SELECT place, bands, grams FROM fresh_rows"
        if old:
            rows += " UNION ALL SELECT place, bands, grams FROM old_rows"
        database.execute(
            f"CREATE TABLE banded AS SELECT node, era, cluster IS NULL AS fresh, grams, {columns} "
            f"FROM nodes INNER JOIN ({rows}) AS stored ON nodes.place = stored.place WHERE len(bands) > 0"
        )
    for band in range(1, bands + 1):
        database.execute(
            f"CREATE OR REPLACE VIEW members AS SELECT node, era, fresh, grams, band_{band} AS bucket FROM banded"
        )
        database.execute(f"INSERT INTO candidates {query('dedup_pairs')}", {"threshold": threshold})
    database.execute("CREATE TABLE pairs AS SELECT DISTINCT earlier, later FROM candidates")
    database.execute("DROP TABLE candidates")
    if bands:
        database.execute("DROP VIEW members")
        database.execute("DROP TABLE banded")


def _components(database: duckdb.DuckDBPyConnection) -> None:
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


def _settle(
    database: duckdb.DuckDBPyConnection, table: str, key: str, value: str, step: str
) -> None:
    """Repeats a step from `table` to its next state until nothing changes."""
    changed = 1
    while changed:
        database.execute(f"CREATE TABLE after_step AS {query(step)}")
        found = database.execute(
            f"SELECT count(*) FROM {table} INNER JOIN after_step ON {table}.{key} = after_step.{key} "
            f"WHERE {table}.{value} <> after_step.{value}"
        ).fetchone()
        changed = found[0] if found else 0
        database.execute(f"DROP TABLE {table}")
        database.execute(f"ALTER TABLE after_step RENAME TO {table}")


def _write(database: duckdb.DuckDBPyConnection, number: int, folder: Path) -> Path:
    """The answers for one shard, as a file in `folder`."""
    path = folder / f"{number}.parquet"
    rows = database.sql(
        "SELECT place - $start AS row, cluster, representative, similarity, same FROM answers "
        "WHERE place >= $start AND place < $start + $places ORDER BY place",
        params={"start": number * PLACES, "places": PLACES},
    )
    reader = rows.to_arrow_reader(32_768)
    with pq.ParquetWriter(path, reader.schema, compression="zstd", compression_level=1) as writer:
        for batch in reader:
            writer.write_batch(batch)
    return path
