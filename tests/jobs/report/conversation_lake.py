"""A small published lake whose rows tests make themselves: any dataset, any variant of labels."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.lake.commit import DataWriter
from pipelines.lake.lake import Lake, create_lake
from pipelines.lake.snapshots import publish
from schemas.datasets import DATASETS
from schemas.datasets.labels import labels_schema_of
from schemas.label_task import load_task
from schemas.manifest import Part
from schemas.taxonomy import load_taxonomy
from transforms.label.prompted.answer_type import answer_type

Row = dict[str, Any]
DAY = "2026-03-02"
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
VERSIONS = {"task_version": "1", "taxonomy_version": "1", "labeler_version": "1"}
_FILLED = {pa.string(): "", pa.int64(): 0, pa.int32(): 0, pa.uint64(): 0, pa.bool_(): False}


def key(name: str) -> str:
    """A keyed id as the lake has them: 32 hexadecimal digits."""
    return hashlib.md5(name.encode()).hexdigest()


def turn(name: str, **columns: Any) -> Row:
    """A kept row of clean in conversation `talk`; `name` makes its record id."""
    return {
        "record_id": key(name), "corpus": "c", "domain": "podcast", "partition": DAY,
        "conversation_id": key("talk"), "speaker": key("speaker a"), "role": "host", "created_at": NOON,
        "text_clean": f"text of {name}", "outcome": "kept", "lang_source": "unknown",
    } | columns  # fmt: skip


def label(row: Row, task: str, taxonomy: str, labeler: str = "student", **columns: Any) -> Row:
    """A labeled row about a row of clean."""
    keys = {name: row[name] for name in DATASETS["contexts"].schema.names if name in row}
    asked = {"task": task, "taxonomy": taxonomy, "labeler": labeler, "status": "labeled"}
    return keys | asked | VERSIONS | columns


def scores(**probabilities: float) -> list[Row]:
    """The column `scores`."""
    return [{"label": name, "probability": p} for name, p in probabilities.items()]


def made_lake(
    folder: Path, clean: Sequence[Row], labels: Sequence[Row] = (), **others: Sequence[Row]
) -> Lake:
    """A lake with these rows in its first snapshot; `others` are rows of other datasets, by name."""
    lake = create_lake(folder / "lake", "0123456789abcdef")
    parts = []
    for dataset, rows in {"clean": clean, **others}.items():
        parts += [_part(lake, dataset, "", corpus, own) for corpus, own in _by("corpus", rows)]
    for variant, rows in _by("variant", [row | {"variant": _variant(row)} for row in labels]):
        parts += [
            _part(lake, "labels", variant, corpus, own) for corpus, own in _by("corpus", rows)
        ]
    publish(lake, "run", lambda _: (parts, []))
    return lake


def _variant(row: Row) -> str:
    return f"{row['task']}/{row['taxonomy']}/{row['labeler']}"


def _by(column: str, rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return list(found.items())


def _part(lake: Lake, dataset: str, variant: str, corpus: str, rows: list[Row]) -> Part:
    schema = DATASETS[dataset].schema
    if variant:
        task = load_task(rows[0]["task"])
        schema = labels_schema_of(answer_type(task, load_taxonomy(rows[0]["taxonomy"])))
    whole = [
        {
            field.name: row.get(field.name, None if field.nullable else _FILLED[field.type])
            for field in schema
        }
        for row in rows
    ]
    writer = DataWriter(
        lake,
        dataset,
        corpus=corpus,
        partition=DAY,
        variant=variant,
        stem="shard-0-0-a",
        schema=schema,
    )
    writer.write(pa.Table.from_pylist(whole, schema=schema))
    file = writer.close()
    name = f"{file.path}.json"
    return Part(
        dataset=dataset, variant=variant, corpus=corpus, partition=DAY, manifests=(name,), sources=("s",),
        files=(file,), stored=(file.path,),
    )  # fmt: skip
