"""The base tables that the marts are computed from, in a database that spills.

`answers`, `turns`, `score_sums`, `ratings`, `label_info`, `clean`, `texts`, and `labels_<task>` of the tasks whose
typed answers marts read: see the SQL files and `transforms.marts.answers` for their columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from pipelines.marts.labels_in import write_answers
from pipelines.marts.typed import typed_views
from pipelines.query.views import empty, literal, parquet
from pipelines.stages.database import bytes_of, open_database, query
from schemas.errors import ConfigError
from schemas.taxonomy import load_taxonomy
from transforms.marts.answers import ANSWERS
from transforms.marts.polarity import polarity_of

_LABEL_INFO: Final = pa.schema(
    [
        ("taxonomy", pa.string()),
        ("label", pa.string()),
        ("sentiment", pa.string()),
        ("ekman", pa.string()),
        ("neutral", pa.bool_()),
        ("place", pa.int32()),
    ]
)
_OVER_CLEAN: Final = ("ratings", "replies", "texts")
_ROW_BYTES: Final = 600  # what sorting takes of each row
# Few different strings: as numbers they make the rows that are sorted a third as wide.
_NAMES: Final = ("corpus", "task", "taxonomy", "labeler", "role", "state")
_IDS: Final = ("record_id", "speaker", "conversation_id")
_OTHER: Final = (
    "day",
    "turn",
    "created_at",
    "confidence",
    "valence",
    "arousal",
    "hostile",
    "bucket",
)


@dataclass(frozen=True)
class Base:
    """The database, how many rows of `answers` there are, where scratch files go, the memory limit in bytes."""

    database: duckdb.DuckDBPyConnection
    rows: int
    folder: Path
    memory: int


@contextmanager
def open_base(
    files: Mapping[str, Sequence[str]], folder: Path, *, memory_limit: str, threads: int
) -> Iterator[Base]:
    """Makes the base tables of published files (as `published_files` gives them); scratch files go to `folder`.

    `turns` is made when `need_turns` asks for it; the others are there at once.
    Raises TerminalError for damaged files, TransientError where memory or disk are too little.
    """
    memory = bytes_of(memory_limit)
    answered = write_answers(files, folder, threads)
    with open_database(memory_limit, threads, "Computing marts") as database:
        database.execute("SET TimeZone = 'UTC'")
        for name in ("clean", "annotations"):
            paths = files.get(name, ())
            _view(database, name, f"SELECT * FROM {parquet(paths)}" if paths else empty(name))
        if answered.files:
            table = parquet([str(path) for path in answered.files])
            database.execute(f"CREATE VIEW answers AS SELECT * FROM {table}")
        else:
            database.register("answers", ANSWERS.empty_table())
        database.register("score_parts", answered.sums)
        database.execute(f"CREATE TABLE score_sums AS {query('marts/base_score_sums')}")
        database.register("label_info", label_info(files))
        for name in _OVER_CLEAN:
            database.execute(f"CREATE VIEW {name} AS {query(f'marts/base_{name}')}")
        for name, sql in typed_views(files).items():
            _view(database, name, sql)
        yield Base(database, answered.rows, folder, memory)


def _view(database: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    """A view with its ids as UUIDs, as those of `answers`."""
    columns = [row[0] for row in database.execute(f"DESCRIBE {sql}").fetchall()]
    ids = ", ".join(
        f"CAST({column} AS UUID) AS {column}" for column in (*_IDS, "reply_to") if column in columns
    )
    database.execute(f"CREATE VIEW {name} AS SELECT * REPLACE ({ids}) FROM ({sql})")


def need_turns(base: Base) -> None:
    """Makes the view `turns`, once: over files, each of some conversations, so that what is sorted fits in memory."""
    database = base.database
    found = database.execute("SELECT 1 FROM duckdb_views() WHERE view_name = 'turns'").fetchall()
    if found:
        return
    selected = [*_IDS, *_OTHER]
    for name in _NAMES:
        values = database.execute(f"SELECT DISTINCT {name} FROM answers ORDER BY ALL").fetchall()
        known = ", ".join(literal(value) for (value,) in values if value is not None)
        database.execute(f"DROP TYPE IF EXISTS {name}_name")  # of an attempt that failed
        database.execute(f"CREATE TYPE {name}_name AS ENUM ({known or literal('')})")
        selected.append(f"CAST({name} AS {name}_name) AS {name}")
    buckets = min(256, -(-base.rows * _ROW_BYTES // base.memory)) or 1
    starts = [256 * number // buckets for number in range(buckets + 1)]
    for number in range(buckets):
        low, high = f"{starts[number]:02x}", f"{starts[number + 1]:02x}"
        bounds = f"conversation_id >= {_id(low)}" + (
            f" AND conversation_id < {_id(high)}" if number + 1 < buckets else ""
        )
        database.execute(
            f"CREATE OR REPLACE TEMP VIEW placeable AS SELECT {', '.join(selected)} "
            f"FROM answers WHERE {bounds}"
        )
        target = base.folder / f"turns-{number:03d}.parquet"
        database.execute(
            f"COPY ({query('marts/base_turns')}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION lz4_raw)"
        )
    database.execute(
        f"CREATE OR REPLACE VIEW turns AS SELECT * FROM read_parquet({literal(str(base.folder / 'turns-*.parquet'))})"
    )


def _id(start: str) -> str:
    return f"CAST({literal(start.ljust(32, '0'))} AS UUID)"


def label_info(files: Mapping[str, Sequence[str]]) -> pa.Table:
    """What the labels of the lake's taxonomies mean. Somebody's own taxonomy is not in the lake: it has no rows."""
    asked = sorted({tuple(name.split("/")[1:3]) for name in files if name.startswith("labels/")})
    rows = []
    seen: set[str] = set()
    for task, name in asked:
        if name in seen:
            continue
        try:
            taxonomy = load_taxonomy(name)
        except ConfigError:
            continue
        seen.add(name)
        polarity = polarity_of(task, taxonomy)
        rows += [
            {
                "taxonomy": name,
                "label": label,
                "sentiment": polarity.sentiment.get(label),
                "ekman": polarity.ekman.get(label),
                "neutral": label == taxonomy.neutral,
                "place": place,
            }
            for place, label in enumerate(taxonomy.names)
        ]
    return pa.Table.from_pylist(rows, schema=_LABEL_INFO)
