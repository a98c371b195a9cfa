"""Small valid rows of each gated dataset, as Parquet, for tests that then spoil them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.gates import close, label_tables
from schemas.datasets import DATASETS

Row = dict[str, Any]
LABELS = ("joy", "sadness", "neutral")
TABLES = label_tables({"tiny": LABELS})


def _keys(i: int) -> Row:
    day = datetime(2024, 5, 1, 23, 59, tzinfo=UTC) + timedelta(days=i % 2)
    return {
        "record_id": f"r{i:04d}",
        "sample_key": i,
        "corpus": "c",
        "domain": "social",
        "partition": f"{day:%Y-%m-%d}",
        "conversation_id": f"k{i // 5}",
        "turn": i % 5,
        "speaker": "s",
        "role": "author",
        "created_at": day,
    }


def records(n: int = 20) -> list[Row]:
    rest: Row = {
        "revision": 0,
        "text": "so happy",
        "lang": "en",
        "start_ms": 0,
        "end_ms": 5,
        "source": {"file": "f", "position": 0},
    }
    return [_keys(i) | rest for i in range(n)]


def clean(n: int = 20) -> list[Row]:
    rest: Row = {
        "revision": 0,
        "text_clean": "so happy, write to [EMAIL] or 3 times 1234",
        "lang": "en",
        "lang_confidence": 0.9,
        "lang_source": "detected",
        "n_chars": 40,
        "n_words": 9,
        "n_letters": 30,
        "n_emoji": 0,
        "n_urls": 0,
        "n_mentions": 0,
        "n_hashtags": 0,
        "upper_ratio": 0.1,
        "symbol_ratio": 0.1,
        "pii": [{"kind": "email", "start": 3, "end": 9}],
        "outcome": "kept",
        "reason": None,
    }
    dropped: Row = {"outcome": "dropped", "reason": "removed", "text_clean": None, "pii": None}
    return [_keys(i) | rest | (dropped if i == 7 else {}) for i in range(n)]


def labels(n: int = 20) -> list[Row]:
    scores = [
        {"label": label, "probability": p} for label, p in zip(LABELS, (0.8, 0.0, 1.0), strict=True)
    ]
    rest: Row = {
        "task": "emotion",
        "task_version": "1",
        "taxonomy": "tiny",
        "taxonomy_version": "1",
        "labeler": "student",
        "labeler_version": "1",
        "status": "labeled",
        "labels": ["joy"],
        "scores": scores,
        "reason": None,
    }
    rejected: Row = {"status": "rejected", "labels": None, "scores": None, "reason": "language"}
    # Scores in any order are complete scores.
    turned: Row = {"scores": scores[::-1], "labels": ["joy", "neutral"]}
    return [_keys(i) | rest | (rejected if i == 7 else turned if i == 8 else {}) for i in range(n)]


VALID: dict[str, Callable[[], list[Row]]] = {"records": records, "clean": clean, "labels": labels}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., list[str]]:
    """Writes rows of a dataset as two Parquet files and returns their paths."""

    def _write(dataset: str, rows: list[Row], schema: pa.Schema | None = None) -> list[str]:
        schema = schema or DATASETS[dataset].schema
        # Nullable, so that nulls can be planted; the columns stay what they are.
        loose = pa.schema([field.with_nullable(nullable=True) for field in schema])
        paths = []
        for part in range(2):
            path = tmp_path / f"{dataset}-{part}.parquet"
            pq.write_table(pa.Table.from_pylist(rows[part::2], schema=loose), path)
            paths.append(str(path))
        return paths

    return _write


@pytest.fixture(scope="session", autouse=True)
def _gate_process() -> Any:
    yield
    close()
