"""A lake that a language model labels, for tests: its config, its labeler file, and what came of it."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from tests.end_to_end.corpus import write_corpus

WINDOW = 32
UNFLUSHED = 256


def write_asked(
    folder: Path,
    url: str,
    model: str,
    rows: int,
    *,
    mode: str,
    task: str = "emotion",
    taxonomy: str = "ekman",
    shard_records: int = 100,
    domain: str = "social",
    **more: Any,
) -> Path:
    """`rows` posts, many with equal texts, and a config whose one label stage asks the model at `url`."""
    config = write_corpus(folder, rows, shard_records=shard_records)
    labeler = {
        "name": "asked", "model": model, "revision": "r1", "mode": mode, "urls": [url], "window": WINDOW,
        "deadline": 20, "max_answer_tokens": 160, **more,
    }  # fmt: skip
    write_labeler(folder, labeler)
    text = config.read_text().replace("domain: social", f"domain: {domain}")
    config.write_text(
        f"{text}label:\n  - {{task: {task}, taxonomy: {taxonomy}, labeler: asked.yaml}}\n"
    )
    return config


def write_labeler(folder: Path, labeler: dict[str, Any]) -> None:
    """The labeler file."""
    lines = [f"{key}: {value}" for key, value in labeler.items()]
    (folder / "asked.yaml").write_text("\n".join(lines) + "\n")


def point_to(folder: Path, url: str) -> None:
    """Lets the labeler file name another server."""
    path = folder / "asked.yaml"
    lines = path.read_text().splitlines()
    path.write_text(
        "\n".join(f"urls: ['{url}']" if line.startswith("urls") else line for line in lines) + "\n"
    )


def labels_of(lake: Path) -> pl.DataFrame:
    """The rows of all label files that a manifest names, by record."""
    manifests = [json.loads(path.read_text()) for path in (lake / "labels").rglob("shard-*.json")]
    files = [
        lake / file["path"]
        for manifest in manifests
        for file in manifest["outputs"]
        if file["dataset"] == "labels"
    ]
    return pl.concat([pl.read_parquet(file) for file in sorted(files)]).sort("record_id")


def forget_work(lake: Path) -> None:
    """Removes what says that labels are done, and keeps the answers."""
    for name in ("labels", "calls", "snapshots"):
        shutil.rmtree(lake / name)


def wait_for(condition: Callable[[], bool], process: Any, seconds: float = 120) -> None:
    """Returns when the condition holds, or the process has ended."""
    until = time.monotonic() + seconds
    while not condition() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
