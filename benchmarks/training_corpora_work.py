"""What benchmarks/training_corpora.py works with: its folder, the commands in it, and what it prepares."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.goemotions import read_goemotions
from schemas.taxonomy import load_taxonomy

ROOT = Path(__file__).parents[1]
EKMAN = load_taxonomy("ekman")
MAPPING = load_taxonomy("goemotions").mappings["ekman"]
LAKE = """lake: lake
corpora:
  - {name: annotated, domain: social, license: CC-BY-4.0, sources: annotated.jsonl, columns: {text: text, id: id},
     values: {lang: en}, gold: [{task: emotion, taxonomy: ekman, labels: labels}]}
  - {name: texts, domain: social, license: CC-BY-4.0, sources: texts.jsonl, columns: {text: text, id: id},
     values: {lang: en}}
"""
RECIPE = """name: comments
version: 1
title: Comments of a planned emotion
description: One short comment each, by a model that was tuned to write them.
source: ours, for this benchmark
task: emotion
taxonomy: ekman
axes: [{name: emotion, labels: true}]
steps:
  - {kind: write, id: write, model: writer, system: You write comments., prompt: "write a comment: {emotion}",
     fields: [{name: text, kind: text, max_chars: 300}]}
  - {kind: judge, id: judge, model: judge, rubric: utterance, parts: [utterance], least: {naturalness: 1.0}}
  - {kind: check, id: check, rule: overlap}
emit: [{part: utterance, text: "{write.text}", target: emotion, role: author}]
"""


class Work:
    """The folder, and the commands in it."""

    def __init__(self, folder: Path, vllm: Path) -> None:
        self.folder, self.vllm = folder, vllm
        self.seconds: dict[str, float] = {}

    def run(self, what: str, *arguments: str | Path) -> dict[str, Any]:
        """One command of affectmine; its JSON."""
        return self._told(what, [sys.executable, "-m", "jobs.cli", *map(str, arguments), "--json"])

    def tune(self, name: str, *options: str) -> dict[str, Any]:
        """Trains a language model, unless it is there; what the trainer told."""
        told = self.folder / f"{name}.json"
        if not told.exists():
            line = [
                self.vllm,
                ROOT / "benchmarks" / "tiny_chat.py",
                *options,
                "--out",
                f"models/{name}",
            ]
            told.write_text(
                json.dumps(self._told(f"tune the {name}", [*map(str, line)])), encoding="utf-8"
            )
        return json.loads(told.read_bytes())  # type: ignore[no-any-return]

    def _told(self, what: str, line: list[str]) -> dict[str, Any]:
        began = time.monotonic()
        environment = os.environ | {"PYTHONPATH": str(ROOT), "AFFECTMINE_KEY": "0" * 64}
        done = subprocess.run(
            line, cwd=self.folder, env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{what}: {' '.join(line)} ended with {done.returncode}")
        self.seconds[what] = round(time.monotonic() - began, 1)
        print(f"{what}: {self.seconds[what]} s", file=sys.stderr, flush=True)
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def write(self, name: str, text: str) -> Path:
        """A file of the folder."""
        (self.folder / name).write_text(text, encoding="utf-8")
        return self.folder / name

    def export(self, name: str, kind: str, rows: str, more: str = "") -> dict[str, Any]:
        """An export, all of it train unless `more` says otherwise."""
        splits = "" if "splits:" in more else "splits: {validation: 0, test: 0}\n"
        self.write(
            f"{name}.yaml",
            f"name: {name}\nto: {name}\nformat: {kind}\ntaxonomy: ekman\nrows: [{rows}]\n{splits}{more}"
            "contamination: {against: [{file: dev.parquet}]}\n",
        )
        return self.run(f"export {name}", "export", f"{name}.yaml", "--replace")


def prepare(work: Work, data: Path, one_in: int) -> dict[str, int]:
    """Sources of the lake, dev, and all gold of train."""
    mapped = (
        pl.col("labels")
        .list.eval(pl.element().replace_strict(MAPPING))
        .list.unique(maintain_order=True)
    )
    train, dev = (
        read_goemotions(data / "social" / "goemotions", split).with_columns(mapped)
        for split in ("train", "dev")
    )
    digests = [hashlib.sha256(text.encode()).digest() for text in train["text"]]
    chosen = pl.Series([int.from_bytes(each[:4]) % one_in == 0 for each in digests])
    rows = train.with_columns(id=pl.col("group"))
    rows.filter(chosen).select("id", "text", "labels").write_ndjson(work.folder / "annotated.jsonl")
    rows.filter(~chosen).select("id", "text").write_ndjson(work.folder / "texts.jsonl")
    rows.select("text").write_parquet(work.folder / "texts.parquet")
    known = set(dev["text"].str.to_lowercase())
    rows.filter(~pl.col("text").str.to_lowercase().is_in(known)).select(
        "text", "labels"
    ).write_parquet(work.folder / "all_gold.parquet")
    dev.select("text", "labels").write_parquet(work.folder / "dev.parquet")
    return {"annotated": int(chosen.sum()), "texts": int((~chosen).sum()), "dev": dev.height}


def serve(work: Work, model: str, labeler: str, settings: str) -> None:
    """Starts vLLM with the model, and writes the labeler file with further settings."""
    served = f"served_{Path(model).name}.yaml"
    work.run(
        f"serve {Path(model).name}",
        "serve",
        model,
        "--detach",
        "--port",
        "0",
        "--labeler",
        served,
        "--python",
        work.vllm,
    )
    lines = (work.folder / served).read_text(encoding="utf-8").splitlines()
    kept = [
        line
        for line in lines
        if not line.startswith(("name:", "mode:", "temperature:", "languages:"))
    ]
    work.write(labeler, "\n".join([f"name: {Path(labeler).stem}", *kept, settings]) + "\n")
