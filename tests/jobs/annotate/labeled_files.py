"""Labeled files that tests make, as `affectmine label -o` writes them."""

import json
from pathlib import Path

import numpy as np
import polars as pl

from jobs.annotate.sampling import Sampled, sample
from jobs.annotate.wanted import Wanted
from jobs.label_file import _flat
from schemas.taxonomy import load_taxonomy
from transforms.label.labeler import SCORES_TYPE

EKMAN = load_taxonomy("ekman").names
SHARES = (0.2, 0.02, 0.05, 0.3, 0.1, 0.1, 0.4)  # of each label; disgust is rare


def frame(rows: int = 2000, seed: int = 0) -> pl.DataFrame:
    """Rows with several labels each, or none; every tenth rejected; with lang and corpus."""
    rng = np.random.default_rng(seed)
    probability = np.clip(
        rng.random((rows, 7)) * 0.5 + 0.5 * (rng.random((rows, 7)) < SHARES), 0, 1
    )
    given = [
        None if n % 10 == 0 else [name for name, p in zip(EKMAN, row, strict=True) if p >= 0.5]
        for n, row in enumerate(probability)
    ]
    scores = [
        None if n % 10 == 0 else [{"label": m, "probability": p} for m, p in zip(EKMAN, row, strict=True)]
        for n, row in enumerate(probability)
    ]  # fmt: skip
    status = ["rejected" if n % 10 == 0 else "labeled" for n in range(rows)]
    return pl.DataFrame(
        {
            "position": range(rows),
            "id": [f"id{n}" for n in range(rows)],
            "text": [f'text {n}, "quoted"\nand <b>bold</b>' for n in range(rows)],
            "status": status,
            "labels": pl.Series(given, dtype=pl.List(pl.String)),
            "scores": pl.Series(scores, dtype=SCORES_TYPE),
            "reason": [None if s == "labeled" else "empty_text" for s in status],
            "lang": [("en", "de", None)[n % 3] for n in range(rows)],
            "corpus": ["posts" if n % 2 else "talks" for n in range(rows)],
        }
    )


def write(made: pl.DataFrame, path: Path) -> Path:
    """The frame in the format of the path's suffix."""
    if path.suffix == ".parquet":
        made.write_parquet(path)
    elif path.suffix == ".jsonl":
        made.write_ndjson(path)
    else:
        _flat(made).write_csv(path)
    return path


def taken(source: Path, output: Path, wanted: Wanted, **options) -> Sampled:
    """A sample of a file, by the taxonomy ekman."""
    options = {"is_lake": False, "taxonomy": "ekman"} | options
    return sample(source, output, wanted, **options)


def tasks(path: str | Path) -> list[dict]:
    """What a file of tasks holds: its `data`."""
    found = json.loads(Path(path).read_text(), parse_constant=lambda name: 1 / 0)
    return [task["data"] for task in found]


def ids(path: str | Path) -> list[str]:
    """The ids in a file of tasks."""
    return [data["record_id"] for data in tasks(path)]
