"""A few published files, as the lake would hand them over."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.datasets import DATASETS


def write(path: Path, dataset: str, rows: list[dict], schema: pa.Schema | None = None) -> str:
    schema = schema or DATASETS[dataset].schema
    loose = pa.schema([field.with_nullable(nullable=True) for field in schema])
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=loose), path)
    return str(path)


def label(i: int, task: str, answer: float | None = None) -> dict:
    row = {
        "record_id": f"r{i}", "task": task, "taxonomy": "tiny", "labeler": "student",
        "status": "labeled", "labels": ["joy"],
        "scores": [{"label": "joy", "probability": 0.75}, {"label": "sad", "probability": 0.25}],
    }  # fmt: skip
    return row if answer is None else row | {"answer": {"valence": answer}}


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def files(lake: Path) -> dict[str, list[str]]:
    schema = DATASETS["labels"].schema
    vad = schema.append(pa.field("answer", pa.struct([pa.field("valence", pa.float64())])))
    clean = [{"record_id": f"r{i}", "text_clean": f"text {i}", "outcome": "kept"} for i in range(5)]
    raw = [{"record_id": f"r{i}", "text": f"RAW {i}"} for i in range(5)]
    return {
        "clean": [
            write(lake / "clean" / "a.parquet", "clean", clean[:3]),
            write(lake / "clean" / "it's b.parquet", "clean", clean[3:]),
        ],
        "records": [write(lake / "restricted" / "records" / "a.parquet", "records", raw)],
        "labels/vad/none/vllm": [
            write(lake / "labels" / "v.parquet", "labels", [label(1, "vad", 0.5)], vad)
        ],
        "labels/emotion/tiny/student": [
            write(lake / "labels" / "e.parquet", "labels", [label(i, "emotion") for i in range(3)])
        ],
    }
