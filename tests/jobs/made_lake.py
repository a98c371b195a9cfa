"""A lake of rows that a test writes by hand: cleaned records and their labels, published as a run would."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.lake.commit import DataWriter, commit
from pipelines.lake.lake import Lake, create_lake, now
from pipelines.lake.snapshots import publish
from schemas.datasets import DATASETS
from schemas.manifest import Manifest, Part

FIRST_DAY = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
_COUNTED = ("n_chars", "n_words", "n_letters", "n_emoji", "n_urls", "n_mentions", "n_hashtags")


def keyed(name: str | None) -> str | None:
    """What stands for a name in the lake: 32 hexadecimal digits."""
    return None if name is None else hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


def made_lake(
    root: Path,
    rows: Sequence[Mapping[str, Any]],
    *,
    question: tuple[str, str, str] = ("emotion", "ekman", "student"),
    answer: pa.DataType | None = None,
    run_id: str = "made",
    key_id: str = "0" * 16,
) -> Lake:
    """The lake, with one more snapshot of these rows: `text`, `id`, `corpus`, `talk`, `turn`, `speaker`, `role`, `day`
    (counted from 0; None: no time), `reply_to`, `lang`, `gold`, `cues`; `labels`, `scores` (by label), `status`,
    `reason`, `answer`. All are optional; `labels=None` leaves a record without an answer.
    """
    lake = create_lake(root, key_id)
    parts: list[Part] = []
    partitions: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for number, row in enumerate(rows):
        given = _record(number, row)
        partitions.setdefault((given["corpus"], given["partition"]), []).append(given)
    for (corpus, partition), records in sorted(partitions.items()):
        clean = [_clean(each) for each in records]
        parts.append(_part(lake, "clean", "", corpus, partition, clean, run_id))
        labels = [_labels(each, question) for each in records if "labels" in each["row"]]
        if labels:
            variant = "/".join(question)
            schema = DATASETS["labels"].schema
            if answer is not None:
                schema = schema.append(pa.field("answer", answer))
            parts.append(_part(lake, "labels", variant, corpus, partition, labels, run_id, schema))
    publish(lake, run_id, lambda _: (parts, []))
    return lake


def _record(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    day = row.get("day", 0)
    at = None if day is None else FIRST_DAY + dt.timedelta(days=day, minutes=number)
    corpus = row.get("corpus", "corpus")
    return {
        "record_id": keyed(row.get("id", f"r{number}")),
        "sample_key": number,
        "corpus": corpus,
        "domain": row.get("domain", "social"),
        "partition": "2026-02-01" if at is None else at.date().isoformat(),
        "conversation_id": keyed(row.get("talk")),
        "turn": row.get("turn"),
        "speaker": keyed(row.get("speaker")),
        "role": row.get("role"),
        "created_at": at,
        "row": row,
    }


def _clean(record: dict[str, Any]) -> dict[str, Any]:
    row = record["row"]
    text = row.get("text", "a text")
    return {
        **{name: record[name] for name in DATASETS["clean"].schema.names if name in record},
        "revision": 0,
        "reply_to": keyed(row.get("reply_to")),
        "cues": row.get("cues"),
        "gold": row.get("gold"),
        "text_clean": text,
        "lang": row.get("lang", "en"),
        "lang_source": "declared",
        **dict.fromkeys(_COUNTED, 0),
        "outcome": "kept",
    }


def _labels(record: dict[str, Any], question: tuple[str, str, str]) -> dict[str, Any]:
    row = record["row"]
    task, taxonomy, labeler = question
    scores = row.get("scores")
    return {
        **{name: record[name] for name in DATASETS["labels"].schema.names if name in record},
        "task": task,
        "task_version": "1",
        "taxonomy": taxonomy,
        "taxonomy_version": "1",
        "labeler": labeler,
        "labeler_version": "1",
        "status": row.get("status", "labeled"),
        "labels": row["labels"],
        "scores": None
        if scores is None
        else [{"label": label, "probability": p} for label, p in scores.items()],
        "reason": row.get("reason"),
        "answer": row.get("answer"),
    }


def _part(
    lake: Lake,
    dataset: str,
    variant: str,
    corpus: str,
    partition: str,
    rows: list[dict[str, Any]],
    run_id: str,
    schema: pa.Schema | None = None,
) -> Part:
    schema = schema or DATASETS[dataset].schema
    stem = f"shard-{keyed(f'{corpus}{partition}{run_id}')[:12]}-made"  # type: ignore[index]
    writer = DataWriter(
        lake, dataset, corpus=corpus, partition=partition, variant=variant, stem=stem, schema=schema
    )
    writer.write(pa.Table.from_pylist(rows, schema=schema))
    file = writer.close()
    name = file.path.replace(".parquet", ".json")
    outcome = {"clean": "kept", "labels": "labeled"}[dataset]
    counts = {"in": len(rows), outcome: len(rows)}
    if dataset == "labels":
        counts = {"in": len(rows)}
        for row in rows:
            counts[row["status"]] = counts.get(row["status"], 0) + 1
    commit(
        lake,
        Manifest(
            name=name, stage=dataset, stage_version=1, shard=stem, source_file="s", source_chunk=0,
            fingerprint="f", inputs=(), outputs=(file,), counts=counts, attempt="a", run_id=run_id,
            created_at=now(), seconds=0.0,
        ),
    )  # fmt: skip
    return Part(
        dataset=dataset, variant=variant, corpus=corpus, partition=partition, manifests=(name,),
        sources=("s",), files=(file,), stored=(file.path,),
    )  # fmt: skip
