"""The base tables that the marts are computed from.

`answers`, `turns`, `score_sums`, `ratings`, `replies`, `label_info`, `clean`, `texts`, and `labels_<task>` of the tasks
whose typed answers marts read: see the SQL files and `transforms.marts.answers` for their columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa

from pipelines.engines.database import Database
from pipelines.engines.duck_database import DuckDatabase
from pipelines.engines.engine import Maps
from pipelines.lake.place import Place, register
from pipelines.marts.labels_in import write_answers
from pipelines.marts.pieces import Pieces
from pipelines.marts.read_in import Reading
from pipelines.marts.tables import Tables
from pipelines.marts.whole import Whole
from pipelines.stages.database import query
from schemas.errors import ConfigError
from schemas.taxonomy import load_taxonomy
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


@dataclass(frozen=True)
class Base:
    """The tables, how many rows of `answers` there are, and which of the tables that marts ask for are there."""

    tables: Tables
    rows: int
    made: set[str] = field(default_factory=set)


def make_base(
    files: Mapping[str, Sequence[str]],
    database: Database,
    folder: Place,
    *,
    memory: int,
    threads: int,
    maps: Maps | None = None,
) -> Base:
    """Makes the base tables of published files (as `published_files` gives them) in an empty database.

    Scratch files go to `folder`. `memory` in bytes: what is made of one machine's database at a time fits in it.
    Labels are read by `maps`, if given, else by `threads` of this process. `turns` is made when `need_turns` asks for
    it; the others are there at once. Raises TerminalError for damaged files, TransientError where memory or disk are
    too little.
    """
    local = isinstance(database, DuckDatabase)
    answered = write_answers(files, folder, packed_ids=local, threads=threads, maps=maps)
    tables: Tables
    if isinstance(database, DuckDatabase):
        assert isinstance(folder, Path)
        register(database.connection, [path for paths in files.values() for path in paths])
        tables = Pieces(database, folder, rows=answered.rows, memory=memory)
    else:
        tables = Whole(database)
    database.view_files("answers", [str(path) for path in answered.files])
    database.register("score_parts", answered.sums)
    database.register("label_info", label_info(files))
    Reading(database, folder, packed_ids=local).views(files)
    tables.keep("score_sums", query("marts/base_score_sums"))
    for name in _OVER_CLEAN:
        database.execute(f"CREATE VIEW {name} AS {query(f'marts/base_{name}')}")
    return Base(tables, answered.rows)


def need_turns(base: Base) -> None:
    """Makes `turns`, once."""
    if "turns" not in base.made:
        base.tables.turns()
        base.made.add("turns")


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
