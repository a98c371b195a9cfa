"""What is known of the students that ship, as one JSON: for student_quality.py and student_cards.py.

Cross-validated figures are those that the training stored in the weights. On dev a student is
evaluated by the function behind `affectmine evaluate`. Where there is no figure stands why.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.gold_sets import GoldSet, read_gold
from benchmarks.human_agreement import NO_ANNOTATORS, human_agreement
from benchmarks.train_students import MODELS, STUDENTS, Student
from jobs.evaluate import evaluate
from jobs.evaluation.answers import Answers, ask
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.label.student.student import StudentLabeler
from transforms.label.student.weights import StudentWeights, load_weights

NO_DEV = "the release at hand has no dev split"
NO_DEV_OF = {
    "topical_chat": "the files at hand are the release's two validation splits, and were trained on"
}


def measure(
    data: Path,
    names: list[str],
    resamples: int,
    speed: dict[str, Any] | None,
    progress: Callable[[str], None],
    folder: Path = MODELS,
) -> dict[str, Any]:
    """All figures of the models with these names (none: all) in a folder, by name."""
    found = {}
    for student in STUDENTS:
        path = folder / f"{student.file}.safetensors"
        if names and student.file not in names:
            continue
        if not path.exists():
            found[student.file] = {"none": f"{path.name} is not in the package: train it"}
            continue
        progress(student.file)
        found[student.file] = _model(student, path, data, resamples, speed)
    return found


def _model(
    student: Student, path: Path, data: Path, resamples: int, speed: dict[str, Any] | None
) -> dict[str, Any]:
    weights = load_weights(path)
    gold = read_gold(student.gold, data)
    human = _human(student.gold, data, resamples)
    languages = sorted(set(gold.frame["lang"].drop_nulls()))
    return {
        "version": weights.version,
        "languages": list(weights.languages),
        "gold": student.gold,
        "gold_languages": languages,
        "megabytes": path.stat().st_size / 1e6,
        "features": len(weights.hashes),
        "columns": int(weights.values.shape[1]),
        "rows": weights.about["rows"],
        "folds": weights.about["folds"],
        "groups": int(_train(gold)["group"].n_unique()),
        "lexicons": student.lexicons,
        "heads": {
            name: {
                "task": head.task,
                "kind": head.kind,
                "labels": list(head.labels),
                "thresholds": StudentLabeler(weights).thresholds(load_taxonomy(name)),
                "cross_validation": weights.about["cross_validation"][name],
                "dev": _dev(weights, gold, load_taxonomy(name), resamples),
                "human": human
                if name == gold.taxonomy.name
                else {"none": f"as {gold.taxonomy.name}, from which this head's labels are mapped"},
                "speed": _speed(f"{student.file} {name}", speed),
            }
            for name, head in weights.heads.items()
        },
    }


def _train(gold: GoldSet) -> pl.DataFrame:
    return gold.frame.filter(pl.col("split").is_null() | (pl.col("split") != "dev"))


def _human(name: str, data: Path, resamples: int) -> dict[str, Any]:
    if name in NO_ANNOTATORS:
        return {"none": NO_ANNOTATORS[name]}
    return human_agreement(name, data, resamples)


def _speed(head: str, speed: dict[str, Any] | None) -> dict[str, Any]:
    if speed is None:
        return {"none": "not measured (--no-speed)"}
    if head not in speed["texts_per_second"]:
        return {"none": "not in the measurement of speed: repeat it"}
    return {"texts_per_second": speed["texts_per_second"][head]}


def _dev(
    weights: StudentWeights, gold: GoldSet, taxonomy: Taxonomy, resamples: int
) -> dict[str, Any]:
    """The evaluation on dev; where there are several languages, with each of them."""
    frame = gold.frame.filter(pl.col("split") == "dev")
    if frame.is_empty():
        return {"none": NO_DEV_OF.get(gold.name, NO_DEV)}
    student = StudentLabeler(weights)
    if taxonomy.name != gold.taxonomy.name:
        mapping = gold.taxonomy.mappings[taxonomy.name]
        names = pl.col("labels").list.eval(pl.element().replace_strict(mapping)).list.unique()
        frame = frame.with_columns(names)
    frame = _as_gold(frame, taxonomy).with_columns(lang_source=pl.lit("declared"))
    found = evaluate(frame, student, gold.task, taxonomy, resamples=resamples).to_json()
    if frame["lang"].n_unique() > 1 and taxonomy.neutral is not None:
        answers = ask(student, frame, gold.task, taxonomy)
        found["emotions"] = _without_neutral(frame, answers, gold, taxonomy, resamples)
    return found


def _as_gold(frame: pl.DataFrame, taxonomy: Taxonomy) -> pl.DataFrame:
    """Numbers on the scale of gold, as a person would hand them in; of `label_set`, names."""
    if taxonomy.range is not None and taxonomy.gold_range is not None:
        (low, high), (first, last) = taxonomy.range, taxonomy.gold_range
        return frame.with_columns(
            (pl.col(name) - low) / (high - low) * (last - first) + first for name in taxonomy.names
        )
    return frame


def _without_neutral(
    frame: pl.DataFrame, answers: Answers, gold: GoldSet, taxonomy: Taxonomy, resamples: int
) -> dict[str, Any]:
    """The same answers on the emotions alone, all and by language: the figure of SemEval-2025 task 11."""
    neutral = taxonomy.neutral
    kept = tuple(label for label in taxonomy.labels if label.name != neutral)
    bare = Taxonomy(
        name=f"{taxonomy.name}_emotions", version=taxonomy.version, labels=kept, source=taxonomy.source
    )  # fmt: skip

    def without(column: str) -> pl.Expr:
        return pl.col(column).list.set_difference(pl.lit([neutral], pl.List(pl.String)))

    rows = frame.with_columns(without("labels"))
    told = answers.frame.with_columns(without("labels"))
    part = Answers(answers.labeler, answers.version, told)
    return evaluate(
        rows, part, gold.task, bare, by=["lang"], min_rows=1, resamples=resamples
    ).to_json()


def measured_speed(data: Path, rows: int, rounds: int) -> dict[str, Any]:
    """What student_speed.py finds of the heads: in a process of its own, with one thread."""
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "speed.json"
        script = Path(__file__).with_name("student_speed.py")
        command: list[str | Path] = [
            sys.executable,
            script,
            "--heads",
            "--data",
            data,
            "--json",
            target,
        ]
        command += ["--rows", str(rows), "--rounds", str(rounds)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))["heads"]
    return found
