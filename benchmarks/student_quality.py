"""The student's figures: cross-validated on GoEmotions train, and on dev, which it has never seen.

    python benchmarks/student_quality.py --data ../shared/data [--train]

Without --train the cross-validated figures are the ones stored in the shipped weights by the
training that made them; with it, the student is trained again and the two versions are compared.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.goemotions import read_goemotions
from jobs.evaluate import evaluate
from jobs.train import train
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.label.student.student import StudentLabeler


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument(
        "--train", action="store_true", help="train again and compare (some minutes)"
    )
    arguments = parser.parse_args()
    folder = arguments.data / "social" / "goemotions"
    student = StudentLabeler.load()
    if arguments.train:
        with tempfile.TemporaryDirectory() as scratch:
            report = train(
                read_goemotions(folder, "train"),
                output=Path(scratch) / "again.safetensors",
                progress=print,
            )
        print(f"trained again: version {report['version']}, shipped {student.version}")
    print(f"student {student.version}, {len(student.weights.hashes):,} features\n")
    print(
        "| taxonomy | CV macro-F1 | CV micro-F1 "
        "| dev macro-F1 (95 %) | dev micro-F1 (95 %) | dev coverage |"
    )
    print("|---|---|---|---|---|---|")
    dev, goemotions = read_goemotions(folder, "dev"), load_taxonomy("goemotions")
    for name, held_out in student.weights.about["cross_validation"].items():
        gold = dev
        if name != goemotions.name:
            mapping = goemotions.mappings[name]
            gold = dev.with_columns(
                pl.col("labels").list.eval(pl.element().replace_strict(mapping))
            )
        found = evaluate(gold, student, load_task("emotion"), load_taxonomy(name)).to_json()
        cells = [
            f"{found[figure]:.3f} ({low:.3f}-{high:.3f})"
            for figure, (low, high) in found["intervals"].items()
        ]
        print(
            f"| {name} | {held_out['macro_f1']:.3f} | {held_out['micro_f1']:.3f} "
            f"| {cells[0]} | {cells[1]} | {found['coverage']:.4f} |"
        )
        if name == goemotions.name:
            labels = found["per_label"]
    print(
        "\n| label | precision | recall | F1 | support | predicted | threshold |\n"
        "|---|---|---|---|---|---|---|"
    )
    for name, score in labels.items():
        figures = " | ".join(
            f"{score[k]:.2f}" if isinstance(score[k], float) else "-"
            for k in ("precision", "recall", "f1")
        )
        print(
            f"| {name} | {figures} | {score['support']} | {score['predicted']} "
            f"| {score['threshold']:.3f} |"
        )


if __name__ == "__main__":
    main()
