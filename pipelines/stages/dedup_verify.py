"""Verifies candidate pairs: the exact Jaccard similarity of their texts' 5-gram sets."""

import mmap
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO

import duckdb
import numpy as np
import polars as pl

from pipelines.engines.database import PLACES
from pipelines.engines.duck_database import DuckDatabase
from pipelines.lake.lake import Lake
from pipelines.lake.rows import read_batches
from pipelines.stages.dedup_database import Side
from schemas.errors import TerminalError
from transforms.dedup.comparable import comparable
from transforms.label.student.features import string_buffers

_PAIRS = 65_536  # compared at once


def verify(opened: DuckDatabase, lake: Lake, sides: Sequence[Side], threshold: float) -> None:
    """Makes the table edges(earlier, later, similarity) of those `pairs` that reach the threshold."""
    database = opened.connection
    database.execute("CREATE TABLE edges (earlier BIGINT, later BIGINT, similarity DOUBLE)")
    # The texts lie in a file without a name: nothing is left of it when this process dies.
    with tempfile.TemporaryFile(prefix="affectmine-") as file:
        size = _read_texts(database, lake, sides, file)
        if size:
            with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as texts:
                _compare(database, texts, threshold)
    database.execute("DROP TABLE spots")


def _compare(database: duckdb.DuckDBPyConnection, texts: mmap.mmap, threshold: float) -> None:
    from transforms.dedup.kernel import jaccard  # compiled code: only who compares loads it

    data = np.frombuffer(texts, np.uint8)
    pairs = database.cursor().sql(
        "SELECT earlier, later, first.start AS start, first.after AS after, "
        "second.start AS other_start, second.after AS other_after FROM pairs "
        "INNER JOIN spots AS first ON earlier = first.node INNER JOIN spots AS second ON later = second.node"
    )
    for batch in pairs.to_arrow_reader(_PAIRS):
        frame = pl.from_arrow(batch)
        assert isinstance(frame, pl.DataFrame)
        places = (frame[name].to_numpy() for name in frame.columns[2:])
        similarity = pl.Series("similarity", jaccard(data, *places))
        found = frame.select("earlier", "later", pl.lit(similarity))
        _insert(database, "edges", found.filter(similarity >= threshold))
    del data  # else the map could not be closed


def _read_texts(
    database: duckdb.DuckDBPyConnection, lake: Lake, sides: Sequence[Side], file: IO[bytes]
) -> int:
    """Puts all texts of `pairs` into the file, and where they lie into spots(node, start, after). Returns its size."""
    database.execute(
        "CREATE TABLE wanted AS SELECT place, node FROM nodes WHERE node IN "
        "(SELECT earlier FROM pairs UNION ALL SELECT later FROM pairs) ORDER BY place"
    )
    database.execute("CREATE TABLE spots (node BIGINT, start BIGINT, after BIGINT)")
    size = 0
    for number, side in enumerate(sides):
        rows = database.sql(
            "SELECT place - $start AS row, node FROM wanted WHERE place >= $start AND place < $start + $places "
            "ORDER BY place",
            params={"start": number * PLACES, "places": PLACES},
        ).to_arrow_table()
        wanted = pl.from_arrow(rows)
        assert isinstance(wanted, pl.DataFrame)
        for nodes, texts in texts_of(lake, side, wanted) if wanted.height else ():
            data, offsets = string_buffers(texts)
            file.write(data[offsets[0] : offsets[-1]].tobytes())
            bounds = offsets - offsets[0] + size
            spots = {"node": nodes, "start": bounds[:-1], "after": bounds[1:]}
            _insert(database, "spots", pl.DataFrame(spots))
            size = int(bounds[-1])
    database.execute("DROP TABLE wanted")
    file.flush()
    return size


def texts_of(lake: Lake, side: Side, wanted: pl.DataFrame) -> Iterator[tuple[pl.Series, pl.Series]]:
    """Nodes and texts of the wanted rows (node; row: ascending numbers of kept rows) of a clean shard."""
    rows = wanted["row"].to_numpy()
    seen = 0
    for batch in read_batches(lake, side.clean, ["text_clean", "outcome"]):
        kept = batch.filter(pl.col("outcome") == "kept")["text_clean"]
        first, last = np.searchsorted(rows, [seen, seen + len(kept)])
        if first < last:
            texts = comparable(kept.gather(rows[first:last] - seen))["text"]
            yield wanted["node"].slice(first, last - first), texts
        seen += len(kept)
    if seen != side.signatures.rows:
        raise TerminalError(
            f"{side.clean.path} has {seen} kept rows, its signatures have {side.signatures.rows}.",
            remedy=f"Delete {side.signatures.path} and its manifest; the next run makes them again.",
        )


def _insert(database: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    if frame.height:
        database.register("incoming", frame.to_arrow())
        database.execute(f"INSERT INTO {table} SELECT * FROM incoming")
        database.unregister("incoming")
