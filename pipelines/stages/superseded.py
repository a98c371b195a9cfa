"""Finds the rows that clean must drop because their record came twice. All rows at once: SQL."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipelines.engines.database import PLACES, Database
from pipelines.lake.forget_memory import Memory, read_memory
from pipelines.lake.lake import Lake
from pipelines.stages.database import create_view, query
from schemas.datasets import RECORDS
from schemas.manifest import DataFile
from transforms.ingest.deleted import DELETED

_SPACE = "' ' || chr(9) || chr(10) || chr(13)"
# RE2 and Java mean different ends of a text by $.
_MARK = DELETED.removesuffix("$") + r"\z"
_BARE = f"{_SPACE} || chr(92)"
_ERASED_SCHEMA = pa.schema(
    [
        *(RECORDS.schema.field(name) for name in ("record_id", "sample_key", "revision", "source")),
        pa.field("deleted", pa.bool_()),
        pa.field("place", pa.int64()),
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
    database: Database,
    lake: Lake,
    records: Sequence[DataFile],
    *,
    beside: Sequence[DataFile] = (),
) -> dict[str, Lost]:
    """The rows that lose against a row of the same record, in `records` and in `beside`, by path in the lake.

    Only records that have a row in `records` are looked at.
    """
    if not records:
        return {}
    everything = list({file.path: file for file in (*records, *beside)}.values())
    wanted = len({file.path for file in records})
    memories = [read_memory(lake, file.path) for file in everything]
    _views(database, lake, everything, wanted, _erased(memories))
    lost: dict[int, list[int]] = defaultdict(list)
    gone: dict[int, list[int]] = defaultdict(list)
    for place, erased in database.rows(query("superseded")):
        (gone if erased else lost)[place // PLACES].append(place % PLACES)
    found: dict[str, Lost] = {}
    for number in sorted({*lost, *gone}):
        file, inside = everything[number], lost[number]
        first = sorted([*memories[number].first(inside, file.rows), *gone[number]])
        found[file.path] = Lost(tuple(inside), tuple(first))
    return found


def _views(
    database: Database, lake: Lake, files: Sequence[DataFile], wanted: int, erased: pa.Table
) -> None:
    """Makes the views records, of all rows, and looked_at, of those with a record of the first `wanted` files."""
    numbered = dict(enumerate(files))
    create_view(database, lake, "stored", numbered, "record_id, sample_key, revision, text, source")
    database.register("erased", erased)
    # A union is slower to scan, and mostly there is nothing to add.
    more = (
        " UNION ALL SELECT record_id, sample_key, revision, deleted, source, place, true AS gone FROM erased"
        if erased.num_rows
        else ""
    )
    # Most texts begin like no mark: that is told cheaply. A backslash before a bracket is how Markdown escapes it.
    database.execute(
        "CREATE VIEW records AS SELECT record_id, sample_key, revision, "
        f"CASE WHEN starts_with(ltrim(text, {_BARE}), '[') "
        f"THEN regexp_matches(replace(trim(text, {_SPACE}), '\\', ''), {_quoted(_MARK)}) ELSE false END "
        f"AS deleted, source, place, false AS gone FROM stored{more}"
    )
    condition = ""
    if wanted < len(files):
        own = {number: file for number, file in numbered.items() if number < wanted}
        create_view(database, lake, "own", own, "sample_key")
        condition = (
            " WHERE sample_key IN (SELECT sample_key FROM own "
            f"UNION ALL SELECT sample_key FROM erased WHERE place < {wanted * PLACES})"
        )
    database.execute(f"CREATE VIEW looked_at AS SELECT sample_key FROM records{condition}")


def _erased(memories: Iterable[Memory]) -> pa.Table:
    """Doubles that were erased, as rows of records: they still decide who lost, and have no text."""
    rows = [
        {
            "record_id": group,
            "sample_key": int(group[:16], 16),
            "revision": revision,
            "deleted": deleted,
            "source": {"file": file, "position": position},
            "place": number * PLACES + row,
        }
        for number, memory in enumerate(memories)
        for row, group, revision, deleted, file, position in memory.doubles
    ]
    return pa.Table.from_pylist(rows, schema=_ERASED_SCHEMA)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
