"""Of rows that are nearly the same text one stays in the table rows, whatever their sources."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl

from pipelines.engines.duck_database import open_duck_database
from pipelines.lake.lake import Lake
from pipelines.query.views import literal
from pipelines.stages.near_texts import COLUMNS, FEWEST_WORDS, NOT_COMPARED, near_texts

_SIDE_ROWS = 100_000
_MISSING = {
    "partition": "''",
    "created_at": "NULL::TIMESTAMP",
}  # which the comparison does not need
# Of a cluster the piece of the first source stays, then that with the least key; rows of one piece may be alike. The
# key is the piece's, so that what is first in one cluster of a piece is first in all of them: else all might fall.
_FALLEN = """
CREATE TABLE fallen AS
WITH keyed AS (SELECT piece, min(place) AS place, min(sample_key) AS sample_key FROM rows GROUP BY piece),
members AS (
    SELECT cluster, piece, keyed.place, keyed.sample_key
    FROM alike INNER JOIN rows USING (record_id) INNER JOIN keyed USING (piece)
),
stays AS (
    SELECT cluster, piece FROM members
    QUALIFY row_number() OVER (PARTITION BY cluster ORDER BY place, sample_key, piece) = 1
)
SELECT DISTINCT members.piece FROM members INNER JOIN stays USING (cluster) WHERE members.piece <> stays.piece
"""


def take_alike(
    database: duckdb.DuckDBPyConnection, similarity: float | None, memory_limit: str
) -> int:
    """Takes out all but one of what is alike, whole pieces; returns how many rows.

    Prompts, instructions and texts of fewer than five words are not compared.
    """
    if similarity is None:
        return 0
    database.execute("CREATE TABLE alike (record_id VARCHAR, cluster VARCHAR)")
    with (
        tempfile.TemporaryDirectory(prefix="affectmine-export-") as folder,
        open_duck_database(memory_limit, 2, "Comparing the rows of an export") as beside,
    ):
        for found in near_texts(
            beside, _compared(database), Lake(Path(folder)), similarity=similarity, memory_limit=memory_limit
        ):  # fmt: skip
            database.register("found", found.to_arrow())
            database.execute("INSERT INTO alike SELECT * FROM found")
            database.unregister("found")
    database.execute(_FALLEN)
    counted = database.execute(
        "SELECT count(*) FROM rows WHERE piece IN (SELECT piece FROM fallen)"
    ).fetchone()
    database.execute("DELETE FROM rows WHERE piece IN (SELECT piece FROM fallen)")
    for table in ("alike", "fallen"):
        database.execute(f"DROP TABLE {table}")
    assert counted is not None
    return int(counted[0])


def _compared(database: duckdb.DuckDBPyConnection) -> Iterator[pl.DataFrame]:
    columns = ", ".join(
        "text AS text_clean" if name == "text_clean" else f"{_MISSING.get(name, name)} AS {name}"
        for name in COLUMNS
    )
    parts = ", ".join(map(literal, NOT_COMPARED))
    sql = (
        f"SELECT {columns} FROM rows WHERE coalesce(part, '') NOT IN ({parts}) "
        f"AND len(regexp_extract_all(text, '\\S+')) >= {FEWEST_WORDS}"
    )
    for batch in database.cursor().sql(sql).to_arrow_reader(_SIDE_ROWS):
        frame = pl.from_arrow(batch)
        assert isinstance(frame, pl.DataFrame)
        if frame.height:
            yield frame
