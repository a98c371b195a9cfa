"""Finds the rows that clean must drop because their record came twice. All rows at once: SQL."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.lake.forget_memory import Memory, read_memory
from pipelines.lake.lake import Lake
from pipelines.lake.rows import locate
from pipelines.stages.database import open_database, query
from schemas.datasets import RECORDS
from schemas.manifest import DataFile
from transforms.ingest.deleted import DELETED

_ERASED = "erased:"
_SPACE = "' ' || chr(9) || chr(10) || chr(13)"
_BARE = f"{_SPACE} || chr(92)"
_ERASED_SCHEMA = pa.schema(
    [
        *(RECORDS.schema.field(name) for name in ("record_id", "sample_key", "revision", "source")),
        pa.field("deleted", pa.bool_()),
        pa.field("filename", pa.string()),
        pa.field("file_row_number", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Lost:
    """Losing rows of a records shard, ascending: `rows` as it is now; `first` as it was before people were erased
    from it, those that were erased included.
    """

    rows: tuple[int, ...]
    first: tuple[int, ...]


NOTHING_LOST = Lost((), ())


def losing(
    lake: Lake,
    records: Sequence[DataFile],
    *,
    beside: Sequence[DataFile] = (),
    memory_limit: str,
    threads: int,
) -> dict[str, Lost]:
    """The rows that lose against a row of the same record, in `records` and in `beside`, by path in the lake.

    Only records that have a row in `records` are looked at. Spills to disk beyond `memory_limit`.
    """
    if not records:
        return {}
    everything = {file.path: file for file in (*records, *beside)}
    places = {path: locate(lake, file) for path, file in everything.items()}
    memories = {path: read_memory(lake, path) for path in places}
    with open_database(memory_limit, threads, "Looking for doubles") as database:
        _views(database, places, [file.path for file in records], _erased(memories))
        rows = database.execute(query("superseded")).fetchall()
    lost: dict[str, list[int]] = defaultdict(list)
    for name, row in rows:
        lost[name].append(row)
    found: dict[str, Lost] = {}
    for path, (place, start, count) in places.items():
        inside = [row - start for row in lost.get(str(place), ()) if start <= row < start + count]
        gone = lost.get(_ERASED + path, [])
        if inside or gone:
            first = sorted([*memories[path].first(inside, count), *gone])
            found[path] = Lost(tuple(inside), tuple(first))
    return found


Place = tuple[Path, int, int]


def _views(
    database: duckdb.DuckDBPyConnection,
    places: Mapping[str, Place],
    wanted: Sequence[str],
    erased: pa.Table,
) -> None:
    database.register("erased", erased)
    everything = _rows(
        places.values(), "record_id, sample_key, revision, text, source, filename, file_row_number"
    )
    # A union is slower to scan, and mostly there is nothing to add.
    more = " UNION ALL BY NAME SELECT * FROM erased" if erased.num_rows else ""
    # Most texts begin like no mark: that is told cheaply. A backslash before a bracket is how Markdown escapes it.
    database.execute(
        "CREATE VIEW records AS SELECT record_id, sample_key, revision, "
        f"CASE WHEN starts_with(ltrim(text, {_BARE}), '[') "
        f"THEN regexp_matches(replace(trim(text, {_SPACE}), '\\', ''), {_quoted(DELETED)}) ELSE false END "
        f"AS deleted, source, filename, file_row_number FROM ({everything}){more}"
    )
    condition = ""
    if len(wanted) < len(places):
        own = _rows([places[path] for path in wanted], "sample_key, filename, file_row_number")
        names = ", ".join(_quoted(_ERASED + path) for path in wanted)
        condition = (
            f" WHERE sample_key IN (SELECT sample_key FROM ({own}) "
            f"UNION ALL SELECT sample_key FROM erased WHERE filename IN ({names}))"
        )
    database.execute(f"CREATE VIEW looked_at AS SELECT sample_key FROM records{condition}")


def _rows(places: Iterable[Place], columns: str) -> str:
    """The rows of these places as SQL: of compacted files, only those of the shards that are meant."""
    inside: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for path, start, count in sorted(places):
        ranges = inside[str(path)]
        if ranges and ranges[-1][1] == start:
            ranges[-1] = (ranges[-1][0], start + count)
        else:
            ranges.append((start, start + count))
    listed = ", ".join(map(_quoted, inside))
    parts = []
    for name, ranges in inside.items():
        if _is_compacted(name):
            told = " OR ".join(
                f"file_row_number >= {low} AND file_row_number < {high}" for low, high in ranges
            )
            parts.append(f"filename = {_quoted(name)} AND ({told})")
    whole = (
        f"filename NOT IN ({', '.join(_quoted(name) for name in inside if _is_compacted(name))})"
    )
    condition = f" WHERE {' OR '.join([whole, *parts])}" if parts else ""
    return (
        f"SELECT {columns} FROM read_parquet([{listed}], filename = true, file_row_number = true)"
        f"{condition}"
    )


def _is_compacted(name: str) -> bool:
    return Path(name).name.startswith("compact-")


def _erased(memories: Mapping[str, Memory]) -> pa.Table:
    """Doubles that were erased, as rows of records: they still decide who lost, and have no text."""
    rows = [
        {
            "record_id": group,
            "sample_key": int(group[:16], 16),
            "revision": revision,
            "deleted": deleted,
            "source": {"file": file, "position": position},
            "filename": _ERASED + path,
            "file_row_number": row,
        }
        for path, memory in memories.items()
        for row, group, revision, deleted, file, position in memory.doubles
    ]
    return pa.Table.from_pylist(rows, schema=_ERASED_SCHEMA)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
