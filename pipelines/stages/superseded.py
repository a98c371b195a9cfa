"""Finds the rows that clean must drop because their record came twice. All rows at once: SQL."""

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from importlib.resources import files

import duckdb

from pipelines.lake.lake import Lake
from pipelines.lake.rows import locate
from schemas.errors import TransientError
from schemas.manifest import DataFile

_QUERY = files("transforms.sql").joinpath("superseded.sql")


def superseded(
    lake: Lake, records: Sequence[DataFile], *, memory_limit: str, threads: int
) -> dict[str, tuple[int, ...]]:
    """The losing rows of each records file, by its path in the lake: row numbers, ascending.

    Spills to disk beyond `memory_limit`.
    """
    if not records:
        return {}
    places = {file.path: locate(lake, file) for file in records}
    with tempfile.TemporaryDirectory(prefix="affectmine-") as spill, duckdb.connect() as database:
        database.execute("SET memory_limit = $limit", {"limit": memory_limit.replace(" ", "")})
        database.execute(f"SET threads = {int(threads)}")
        database.execute("SET temp_directory = $spill", {"spill": spill})
        database.execute("SET enable_progress_bar = false")
        database.execute(
            "CREATE VIEW records AS SELECT record_id, sample_key, revision, source, filename, "
            "file_row_number FROM read_parquet(["
            + ", ".join(_quoted(str(path)) for path in {place[0] for place in places.values()})
            + "], filename = true, file_row_number = true)"
        )
        try:
            rows = database.execute(_QUERY.read_text()).fetchall()
        except duckdb.OutOfMemoryException:
            raise TransientError(
                f"Looking for doubles needs more than {memory_limit} or a larger temporary folder.",
                remedy="Raise engine.memory_limit, or free space in the temporary folder (TMPDIR).",
            ) from None
    lost: dict[str, list[int]] = defaultdict(list)
    for name, row in rows:
        lost[name].append(row)
    found: dict[str, tuple[int, ...]] = {}
    for path, (place, start, count) in places.items():
        inside = tuple(
            row - start for row in lost.get(str(place), ()) if start <= row < start + count
        )
        if inside:
            found[path] = inside
    return found


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
