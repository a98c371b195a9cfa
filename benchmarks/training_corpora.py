"""What a training corpus is worth: students of gold, of a labeler's labels, of both, and with synthetic rows, on dev.

    python benchmarks/training_corpora.py --work FOLDER [--one-in 5] [--items 4000]

GoEmotions train becomes a lake of two corpora: every n-th comment keeps its gold, the others are texts alone. All by
the commands that users have, so this is also the loop in full:

1. export (classification) of the gold → train → the student of gold
2. export (sft) of the same gold → a tiny language model (benchmarks/tiny_chat.py, which also reads the texts) → vLLM →
   the teacher, which labels the texts alone → export → train
3. a writer, tuned on the same gold, → synthesize, checked by the student of gold → export → train
4. the student of gold labels the texts alone itself → export → train

and, for what is left to gain, a student of all the gold there is. All are evaluated on GoEmotions dev in ekman, with
95 % intervals, and compared with the student of gold on the same rows (paired). What dev has, too, is taken out of the
exports. FOLDER keeps everything; language models that are there are not trained again. About 30 minutes on two cores;
needs vLLM's Python (.vllm/bin/python, or --vllm). Prints a table, and writes figures.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

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
GOLD, TEACHER = "{gold: true}", "{labeler: teacher, weight: 0.5}"
OWN, MADE = "{labeler: own_gold, weight: 0.5}", "{synthetic: [made], weight: 0.5}"
ARMS = {
    "gold": GOLD,
    "labels of the tiny teacher": TEACHER,
    "gold and the teacher's labels": f"{GOLD}, {TEACHER}",
    "gold and synthetic": f"{GOLD}, {MADE}",
    "gold and labels of the student of gold": f"{GOLD}, {OWN}",
}
# Whose labels of whose texts: a teacher's of the texts alone, so that they do not repeat its own lesson.
ONLY = {"labels of the tiny teacher": "corpora: [texts]\n"}


class Work:
    """The folder, and the commands in it."""

    def __init__(self, folder: Path, vllm: Path) -> None:
        self.folder, self.vllm = folder, vllm
        self.seconds: dict[str, float] = {}

    def run(self, what: str, *arguments: str | Path) -> dict[str, Any]:
        """One command of affectmine; its JSON."""
        return self._told(what, [sys.executable, "-m", "jobs.cli", *map(str, arguments), "--json"])

    def tune(self, name: str, chats: str) -> dict[str, Any]:
        """Trains a language model, unless it is there; what the trainer told."""
        told = self.folder / f"{name}.json"
        if not told.exists():
            script = ROOT / "benchmarks" / "tiny_chat.py"
            line = [
                self.vllm,
                script,
                "--texts",
                "texts.parquet",
                "--chats",
                chats,
                "--words",
                *EKMAN.names,
            ]
            found = self._told(f"tune the {name}", [*map(str, line), "--out", f"models/{name}"])
            told.write_text(json.dumps(found), encoding="utf-8")
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


def teach(work: Work, models: Path) -> dict[str, Any]:
    """The teacher: SFT export, tiny model, vLLM, labels of all texts in the lake."""
    work.export("lesson", "sft", GOLD, "splits: {validation: 0.1, test: 0}\n")
    tuned = work.tune("teacher", "lesson")
    serve(work, str(models / "teacher"), "teacher.yaml", "mode: generate\nlanguages: [en]")
    return tuned


def write(work: Work, models: Path, items: int) -> dict[str, Any]:
    """The writer: tuned to write what gold is labeled with; then a synthesis, checked by the student of gold."""
    gold = pl.read_parquet(work.folder / "gold" / "data" / "train-*.parquet")
    chats = [
        [
            {"role": "user", "content": f"write a comment: {label}"},
            {
                "role": "assistant",
                "content": json.dumps({"text": text.lower()}, ensure_ascii=False),
            },
        ]
        for text, labels in zip(gold["text"], gold["labels"], strict=True)
        for label in labels
    ]
    for name, part in (
        ("train", chats[len(chats) // 20 :]),
        ("validation", chats[: len(chats) // 20]),
    ):
        folder = work.folder / "letters" / "data"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}-0.jsonl").write_text(
            "".join(f"{json.dumps({'messages': each})}\n" for each in part)
        )
    tuned = work.tune("writer", "letters")
    serve(work, str(models / "writer"), "writer.yaml", "temperature: 0.8\nlanguages: [en]")
    work.write("comments.yaml", RECIPE)
    work.write(
        "made.yaml",
        f"name: made\nrecipe: ./comments.yaml\nitems: {items}\nmodels: {{writer: writer.yaml, judge: teacher.yaml}}\n"
        "checker: gold.safetensors\n",
    )
    return tuned | {"synthesis": work.run("synthesize", "synthesize", "made.yaml")}


def student(work: Work, name: str, source: str | Path) -> dict[str, Any]:
    """Trains a student and evaluates it on dev; the paired difference is to the student of gold."""
    weights = f"{name}.safetensors"
    trained = work.run(f"train {name}", "train", source, "--taxonomy", "ekman", "--output", weights)
    return {"rows": trained["rows"]} | evaluated(work, weights)


def evaluated(work: Work, labeler: str) -> dict[str, Any]:
    """Figures on dev."""
    compare = () if labeler == "gold.safetensors" else ("--against", "gold.safetensors")
    told = work.run(
        f"evaluate {labeler}", "evaluate", "--gold", "dev.parquet", "--taxonomy", "ekman", "--labeler", labeler,
        *compare,
    )  # fmt: skip
    return {
        "macro_f1": told["macro_f1"],
        "interval": told["intervals"]["macro_f1"],
        "against_gold": (told.get("against") or {}).get("differences", {}).get("macro_f1"),
    }


def table(found: dict[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [
        "| trained on | rows | dev macro-F1 | less the student of gold |",
        "|---|---:|---|---|",
    ]
    for name, each in found["students"].items():
        low, high = each["interval"]
        other = each["against_gold"]
        against = (
            ""
            if other is None
            else f"{other['difference']:+.3f} [{other['low']:+.3f}, {other['high']:+.3f}]"
        )
        lines.append(
            f"| {name} | {each.get('rows', 0):,} | {each['macro_f1']:.3f} [{low:.3f}, {high:.3f}] | {against} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--vllm", type=Path, default=ROOT / ".vllm" / "bin" / "python")
    parser.add_argument("--one-in", type=int, default=5)
    parser.add_argument("--items", type=int, default=4_000)
    arguments = parser.parse_args()
    work = Work(arguments.work.absolute(), arguments.vllm.absolute())
    models = work.folder / "models"
    models.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {"sets": prepare(work, arguments.data.absolute(), arguments.one_in)}
    students: dict[str, Any] = {}
    found |= {"students": students}
    work.write("config.yaml", LAKE)
    work.run("run", "run", "config.yaml")
    work.export("gold", "classification", GOLD)
    students["gold"] = student(work, "gold", "gold")
    try:
        found["teacher"] = teach(work, models)
        found["writer"] = write(work, models, arguments.items)
        asked = ("teacher.yaml", "gold.safetensors")
        labels = "".join(
            f"  - {{task: emotion, taxonomy: ekman, labeler: {each}}}\n" for each in asked
        )
        work.write("config.yaml", f"{LAKE}label:\n{labels}")
        work.run("label", "run", "config.yaml")
        students["(the tiny teacher itself)"] = evaluated(work, "teacher.yaml")
    finally:
        for served in work.folder.glob("served_*.yaml"):
            work.run(f"stop {served.stem}", "serve", "--stop", served)
    for number, (name, rows) in enumerate(ARMS.items()):
        if number:
            work.export(f"arm_{number}", "classification", rows, ONLY.get(name, ""))
            students[name] = student(work, f"arm_{number}", f"arm_{number}")
    students["all gold of train"] = student(work, "everything", "all_gold.parquet")
    found["seconds"] = work.seconds
    work.write("figures.json", json.dumps(found, indent=1))
    print(table(found))


if __name__ == "__main__":
    main()
