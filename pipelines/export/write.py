"""The chosen rows as files of a format, a file a split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.export.split import SPLITS, order_by
from schemas.export import NUMBERS, WRITTEN, ExportSpec
from schemas.label_task import LabelTask, load_task
from schemas.taxonomy import Taxonomy
from transforms.export.chats import LabelChats
from transforms.export.formats import (
    Example,
    classification,
    conversation,
    preference,
    regression,
    reward,
    spans,
    written_instruction,
)
from transforms.export.instructions import instructed

_BATCH = 4_096
Row = Mapping[str, Any]


def write_files(
    database: duckdb.DuckDBPyConnection, spec: ExportSpec, taxonomy: Taxonomy, folder: Path
) -> dict[str, int]:
    """Writes data/SPLIT-00000-of-00001 of each split that has examples; returns how many each has."""
    (folder / "data").mkdir(parents=True)
    counts = {}
    for name in SPLITS:
        path = folder / "data" / f"{name}-00000-of-00001.{suffix(spec)}"
        rows = _rows(database, spec, name)
        counts[name] = _write(path, _examples(rows, spec, taxonomy))
        if not counts[name]:
            path.unlink(missing_ok=True)
    return counts


def suffix(spec: ExportSpec) -> str:
    """Of the files of a format."""
    return "parquet" if spec.format == "classification" else "jsonl"


def _rows(database: duckdb.DuckDBPyConnection, spec: ExportSpec, name: str) -> Iterator[Row]:
    order = order_by(spec if name == "train" else spec.model_copy(update={"curriculum": "none"}))
    reader = (
        database.cursor()
        .sql(f"SELECT * FROM chosen WHERE split = '{name}' ORDER BY {order}")
        .to_arrow_reader(_BATCH)
    )
    for batch in reader:
        yield from batch.to_pylist()


def _examples(rows: Iterator[Row], spec: ExportSpec, taxonomy: Taxonomy) -> Iterator[Example]:
    names, task = taxonomy.names, load_task(spec.task)
    if spec.format == "sft" and spec.assistant_roles:
        for _, turns in groupby(rows, key=lambda row: row["piece"]):
            yield conversation(list(turns), spec.assistant_roles)
        return
    if spec.format in ("preference", "reward"):
        build = preference if spec.format == "preference" else reward
        for _, parts in groupby(rows, key=lambda row: row["piece"]):
            yield build({row["part"]: row for row in parts})
        return
    if spec.format == "instructions":
        for _, piece in groupby(rows, key=lambda row: row["piece"]):
            yield from _instructed(list(piece), task, taxonomy)
        return
    if spec.format == "sft":
        chats = LabelChats(task, taxonomy, spec.mode)
        for row in rows:
            yield from chats.of(row)
        return
    for row in rows:
        if spec.format == "classification":
            numbers = task.answer in NUMBERS
            yield (
                regression(row, names)
                if numbers
                else classification(row, names, soft=spec.soft_labels)
            )
        else:
            yield spans(row)


def _instructed(rows: list[Row], task: LabelTask, taxonomy: Taxonomy) -> Iterator[Example]:
    """An instruction that a recipe wrote, or one for each labeled text."""
    written = {row["part"]: row for row in rows if row["part"] in WRITTEN}
    if written:
        yield written_instruction(written)
    for row in rows:
        if row["part"] not in WRITTEN:
            yield from instructed(row, task, taxonomy)


def _write(path: Path, examples: Iterator[Example]) -> int:
    count = 0
    if path.suffix == ".jsonl":
        with path.open("wb") as file:
            for example in examples:
                file.write(orjson.dumps(example, option=orjson.OPT_APPEND_NEWLINE))
                count += 1
        return count
    writer: pq.ParquetWriter | None = None
    batch: list[Example] = []
    for example in examples:
        batch.append(example)
        count += 1
        if len(batch) == _BATCH:
            writer = _flush(path, writer, batch)
    if batch:
        writer = _flush(path, writer, batch)
    if writer is not None:
        writer.close()
    return count


_TEXT, _TEXTS = pa.string(), pa.list_(pa.string())
_COLUMNS = pa.schema(
    [
        ("text", _TEXT), ("labels", _TEXTS), ("label_ids", pa.list_(pa.int32())),
        ("soft_labels", pa.list_(pa.float32())),
        ("conversation_id", _TEXT), ("turn", pa.int32()), ("speaker", _TEXT), ("role", _TEXT), ("lang", _TEXT),
        ("group", _TEXT),
        ("synthetic", pa.bool_()), ("record_id", _TEXT), ("corpus", _TEXT), ("source", _TEXT), ("recipe", _TEXT),
        ("generator", _TEXT), ("weight", pa.float64()),
    ]
)  # fmt: skip


def _flush(path: Path, writer: pq.ParquetWriter | None, batch: list[Example]) -> pq.ParquetWriter:
    kinds = {field.name: field.type for field in _COLUMNS}
    # What is no column of all exports is a number of a task that is answered by numbers.
    schema = pa.schema([(name, kinds.get(name, pa.float64())) for name in batch[0]])
    writer = writer or pq.ParquetWriter(path, schema, compression="zstd")
    writer.write_table(pa.Table.from_pylist(batch, schema=schema))
    batch.clear()
    return writer
