"""Labels with their typed answers, as views: of the tasks whose fields marts read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import duckdb

from pipelines.query.views import parquet
from schemas.datasets.labels import labels_schema_of
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.label.prompted.answer_type import answer_type

TASKS: Final = (
    "aspects",
    "reader_emotion",
    "support_strategy",
    "talk_type",
    "text_cue_inconsistency",
)


def typed_views(files: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """SQL of `labels_<task>`: rows that are labeled, with the columns of labels and `answer`.

    A student answers some tasks by labels alone: its rows have a null answer. A task that nobody has answered has no
    rows.
    """
    return {f"labels_{task}": _view(task, files) for task in TASKS}


def _view(task: str, files: Mapping[str, Sequence[str]]) -> str:
    parts = [_nothing(task)] + [
        f"SELECT * FROM {parquet(paths)} WHERE status = 'labeled'"
        for name, paths in sorted(files.items())
        if name.startswith(f"labels/{task}/") and paths
    ]
    return " UNION ALL BY NAME ".join(parts)


def _nothing(task: str) -> str:
    """No rows, with the columns that the task's answers have."""
    told = load_task(task)
    schema = labels_schema_of(answer_type(told, load_taxonomy(told.taxonomy)))
    with duckdb.connect() as connection:
        connection.register("nothing", schema.empty_table())
        columns = connection.execute(
            "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM nothing)"
        ).fetchall()
    selected = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns)
    return f"SELECT {selected} WHERE false"
