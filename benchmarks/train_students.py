"""Trains the students that ship, each on the train side of its gold set; what it prints is cross-validated.

    python benchmarks/train_students.py [--data ../shared/data] [--output FOLDER] [NAME ...]

Writes into the package by default. The same data and seed give the same files on the same machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.gold_sets import GoldSet, read_gold
from jobs.train import train
from transforms.label.student.weights import load_weights, save_weights

MODELS = Path(__file__).parents[1] / "transforms" / "label" / "student" / "models"

LEXICONS = ("vader_lexicon.txt.zst", "afinn/AFINN-en-165.txt")


@dataclass(frozen=True)
class Student:
    """A model of the package: its file, the gold set it learns from, whether mapped taxonomies get heads, languages
    that it answers though gold does not name them, and whether it knows the lexicons VADER and AFINN (English).
    """

    file: str
    gold: str
    mapped: bool = False
    also: tuple[str, ...] = ()
    lexicons: bool = False


STUDENTS = (
    Student("emotion-goemotions", "goemotions", mapped=True),
    Student("emotion-brighter", "brighter", also=("ar",)),  # of Algerian and Moroccan Arabic
    Student("emotion_intensity-brighter", "brighter_intensity", also=("ar",)),
    Student("emotion-xed", "xed"),
    Student("emotion-topical_chat", "topical_chat"),
    Student("emotion-premo", "premo", lexicons=True),
    Student("vad-emobank", "emobank", lexicons=True),
    Student("intent-edos", "edos_intents"),
    Student("intent-multidogo", "multidogo"),
    Student("talk_type-annomi_therapist", "annomi_therapist"),
    Student("talk_type-annomi_client", "annomi_client", lexicons=True),
)


def training_rows(gold: GoldSet) -> pl.DataFrame:
    """All rows but those of dev, in the ranges that the taxonomy says of gold."""
    frame = gold.frame.filter(pl.col("split").is_null() | (pl.col("split") != "dev"))
    taxonomy = gold.taxonomy
    if taxonomy.gold_range is None or taxonomy.range is None:
        return frame
    (first, last), (low, high) = taxonomy.gold_range, taxonomy.range
    return frame.with_columns(
        (first + (pl.col(name) - low) / (high - low) * (last - first)).alias(name)
        for name in taxonomy.names
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--output", type=Path, default=MODELS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("names", nargs="*", help="files (default: all)")
    arguments = parser.parse_args()
    for student in STUDENTS:
        if arguments.names and student.file not in arguments.names:
            continue
        started = time.perf_counter()
        gold = read_gold(student.gold, arguments.data)
        path = arguments.output / f"{student.file}.safetensors"
        report = train(
            training_rows(gold),
            task=gold.task.name,
            taxonomy=gold.taxonomy.name,
            output=path,
            mapped=student.mapped,
            absent=True,  # MultiDoGO has two intents in dev only
            seed=arguments.seed,
            lexicons=[arguments.data / "gold" / "lexica" / name for name in LEXICONS]
            if student.lexicons
            else [],
            progress=lambda line: print(f"  {line}", file=sys.stderr),
        )
        if student.also:
            weights = load_weights(path)
            languages = tuple(sorted({*weights.languages, *student.also}))
            save_weights(replace(weights, languages=languages), path)
        print(
            f"{student.file}: {report['rows']:,} rows, {report['features']:,} features, "
            f"{report['bytes'] / 1e6:.1f} MB, {time.perf_counter() - started:.0f} s"
        )
        for name, figures in report["cross_validation"].items():
            print(f"  {name}: {json.dumps(figures)}", flush=True)


if __name__ == "__main__":
    main()
