"""Generated rows through control and export: seconds, and what is found of what was planted.

    python benchmarks/control_speed.py [--rows 100000]

The rows are sentences of random words (seeded), as drafts of one synthesis that models had written, judged and checked;
among them near-duplicates of others. The time is that of the control stage (near-duplicates, caps, diversity, the rows
as they are published) and of an export with a contamination check against 1,000 of the texts.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("AFFECTMINE_KEY", "0" * 64)

import numpy as np
import polars as pl
import pyarrow as pa

from jobs.export import export
from pipelines.lake.commit import DataWriter
from pipelines.lake.key import load_key
from pipelines.lake.lake import create_lake
from pipelines.lake.snapshots import publish
from pipelines.stages.control import control
from pipelines.stages.synthesize_final import FinalTask, run_final_task
from schemas.datasets import DRAFTS
from schemas.manifest import Manifest, Part
from transforms.ingest.keyed import KeyedHasher

SHARD = 5_000
LABELS = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")
TWINS = 0.02
JUDGED = [{"rubric": "naturalness", "score": 4.0, "probabilities": None}]


def drafts(rows: int, rng: np.random.Generator) -> tuple[pa.Table, set[str]]:
    """The drafts, and the ids of those that are nearly another one's text."""
    words = np.array([f"w{''.join(rng.choice(list('aeioustrnlm'), 5))}" for _ in range(20_000)])
    texts = [
        " ".join(words[rng.integers(0, len(words), rng.integers(12, 30))]) for _ in range(rows)
    ]
    twins = rng.choice(np.arange(1, rows), int(rows * TWINS), replace=False)
    for place in twins:
        texts[place] = texts[place - 1] + " so"
    ids = [f"r{number:08d}" for number in range(rows)]
    label = rng.integers(0, len(LABELS), rows)
    columns = {
        "record_id": ids, "sample_key": rng.integers(0, 2**63, rows, dtype=np.uint64),
        "corpus": ["made"] * rows, "domain": ["synthetic"] * rows, "partition": ["synthetic"] * rows,
        "conversation_id": ids, "turn": [0] * rows, "speaker": ids, "text_clean": texts, "recipe": ["bench"] * rows,
        "recipe_version": [1] * rows, "item": ids, "part": ["utterance"] * rows, "task": ["emotion"] * rows,
        "taxonomy": ["ekman"] * rows, "target": [[LABELS[n]] for n in label], "seed_record_ids": [[]] * rows,
        "generator": ["none"] * rows, "checker": ["student"] * rows, "checked_labels": [[LABELS[n]] for n in label],
        "judge_scores": [JUDGED] * rows, "agreed": [True] * rows, "outcome": ["kept"] * rows,
    }  # fmt: skip
    arrays = [
        pa.array(columns[f.name], f.type) if f.name in columns else pa.nulls(rows, f.type)
        for f in DRAFTS.schema
    ]
    return pa.table(arrays, schema=DRAFTS.schema), {ids[place] for place in twins}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    table, twins = drafts(rows, np.random.default_rng(1))
    with tempfile.TemporaryDirectory() as folder:
        key_id = KeyedHasher(load_key()[0]).key_id()
        lake = create_lake(Path(folder) / "lake", key_id)
        files = []
        for start in range(0, rows, SHARD):
            writer = DataWriter(
                lake, "drafts", corpus="made", partition="synthetic", stem=f"shard-{start}-a"
            )
            writer.write(table.slice(start, SHARD))
            files.append(writer.close())
        texts = pl.Series(table["text_clean"].slice(0, 1_000).to_pylist())
        pl.DataFrame({"text": texts}).write_csv(Path(folder) / "evaluation.csv")
        (Path(folder) / "spec.yaml").write_text(
            "name: bench\nto: out\nformat: sft\ntaxonomy: ekman\nrows: [{synthetic: [made]}]\n"
            "contamination: {against: [{file: evaluation.csv}]}\nbalance: {max_ratio: 10}\n"
        )
        started = time.perf_counter()
        with control(
            lake, files, similarity=0.8, max_per_label=rows, memory_limit="1GB"
        ) as verdicts:
            figures = verdicts.diversity().told()
            made = [
                run_final_task(
                    FinalTask(
                        lake, "r", key_id, f"{n:012x}", "made", n, file, "digest", verdicts.of(n)
                    )
                )
                for n, file in enumerate(files)
            ]
            dropped = pl.concat([verdicts.of(n) for n in range(len(files))]).filter(
                pl.col("outcome") == "dropped"
            )
        controlled = time.perf_counter() - started
        _publish(lake, made)
        started = time.perf_counter()
        exported = export(Path(folder) / "spec.yaml")
        seconds = time.perf_counter() - started
    found = set(dropped["record_id"])
    groups = {f"r{int(each[1:]) - 1:08d}" for each in twins} | twins
    told = {
        "rows": rows, "control_s": round(controlled, 1), "export_s": round(seconds, 1),
        "both_s": round(controlled + seconds, 1), "planted": len(twins), "dropped": len(found),
        "recall": round(len(found) / len(twins), 4), "precision": round(len(found & groups) / max(1, len(found)), 4),
        "contaminated": exported.told["left_out"]["contamination"], "examples": exported.told["examples"],
        "diversity": figures,
    }  # fmt: skip
    print(json.dumps(told))


def _publish(lake, made: list[Manifest]) -> None:  # noqa: ANN001
    files = tuple(file for manifest in made for file in manifest.outputs)
    part = Part(
        dataset="synthetic", corpus="made", partition="synthetic", manifests=tuple(m.name for m in made),
        sources=tuple("made" for _ in made), files=files, stored=tuple(file.path for file in files),
    )  # fmt: skip
    publish(lake, "r", lambda _: ([part], []))


if __name__ == "__main__":
    main()
