"""Fits a calibration of a labeler on gold: `affectmine calibrate`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from jobs.evaluation.answers import Answers, ask
from jobs.evaluation.gold import Gold, LabelGold, gold_of
from jobs.evaluation.gold_columns import Wanted
from jobs.evaluation.gold_file import GoldRows, read_gold
from jobs.evaluation.rows import choose, other_splits
from jobs.target import check_target, write_trouble
from pipelines.labelers import load_labeler
from schemas.errors import ConfigError, SourceError
from schemas.label_task import LabelTask, load_task
from schemas.language_model import LanguageModel, is_language_model, load_language_model
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.clean.language import with_language
from transforms.evaluate.annotations import Bools
from transforms.label.labeler import Labeler
from transforms.label.prompted.calibration import prompt_fingerprint
from transforms.label.prompted.calibration_file import CalibrationFile, FittedOn, Kind, hash_of
from transforms.label.prompted.calibration_fit import (
    Fitted,
    Judged,
    fit_calibration,
    own_thresholds,
)
from transforms.read.source import expand

ENDING = ".calibration.json"
_LEAST = 0.5  # share of the rows that must have probabilities


@dataclass(frozen=True)
class Calibrated:
    """What was written, where, and how it was found. `unanswered`: rows of gold without probabilities."""

    path: Path
    file: CalibrationFile
    fitted: Fitted
    unanswered: int
    reasons: dict[str, int]


@dataclass(frozen=True)
class Asked:
    """Which labeler is calibrated, and for which question. `model`: where it is a language model."""

    labeler: Labeler
    task: LabelTask
    taxonomy: Taxonomy
    model: LanguageModel | None


def calibrate(
    gold: Path,
    *,
    labeler: str,
    task: str = "emotion",
    taxonomy: str | None = None,
    kind: Kind | Literal["auto"] = "auto",
    splits: Sequence[str] = (),
    output: Path | None = None,
    text_column: str = "text",
    labels_column: str = "labels",
    seed: int = 0,
) -> Calibrated:
    """Asks the labeler, uncalibrated, about the texts of a file of gold, fits, and writes the calibration.

    Raises ConfigError for what cannot be calibrated, SourceError for gold that cannot be read or is too little.
    """
    of_task = load_task(task)
    of_taxonomy = load_taxonomy(taxonomy or of_task.taxonomy)
    if of_task.answer != "labels":
        raise ConfigError(
            f"The task {of_task.name} is answered by {of_task.answer}; what is calibrated are probabilities of labels.",
            remedy="Choose a task that is answered by labels (affectmine tasks).",
        )
    target = output or default_output(labeler)
    check_target(target, (".json",))
    asked = uncalibrated(labeler, of_task, of_taxonomy)
    rows = read_gold(gold, Wanted(text_column, labels_column), of_task, of_taxonomy)
    truth = gold_of(rows.frame["gold"], of_task, of_taxonomy)
    chosen, _ = choose(truth, rows, splits)
    if not chosen.any():
        raise SourceError(
            other_splits(rows, truth.annotated)
            if truth.annotated.any()
            else f"{gold} has no row with gold of {of_task.name} in {of_taxonomy.name}.",
        )
    kept = rows.frame.filter(pl.Series(chosen))
    answers = ask(asked.labeler, _with_language(kept), of_task, of_taxonomy)
    judged, there = judged_of(truth.take(chosen), answers, kept["group"])
    fitted = fit_calibration(judged, kind, seed=seed)
    file = file_of(asked, fitted, FittedOn(
        rows=int(there.sum()), checksum=checksum(gold), splits=tuple(splits),
    ))  # fmt: skip
    try:
        target.write_text(file.to_json(), encoding="utf-8")
    except OSError as error:
        raise write_trouble(target, error) from None
    return Calibrated(target, file, fitted, int((~there).sum()), answers.reasons)


def default_output(labeler: str) -> Path:
    """Beside the labeler file; of other labelers, in the working folder."""
    if is_language_model(labeler):
        return Path(labeler).with_suffix(ENDING)
    return Path(labeler.replace(":", "-")).with_suffix(ENDING)


def uncalibrated(labeler: str, task: LabelTask, taxonomy: Taxonomy) -> Asked:
    """The labeler as it answers without a calibration. ConfigError: an ensemble."""
    if not is_language_model(labeler):
        return Asked(load_labeler(labeler, task, taxonomy), task, taxonomy, None)
    from pipelines.serving.labeler import LanguageModelLabeler

    model, base = load_language_model(labeler), Path(labeler).parent
    if model.members:
        raise ConfigError(
            f"{labeler} is an ensemble, which takes no calibration.",
            remedy="Calibrate its members: their thresholds are averaged with their probabilities.",
        )
    found = LanguageModelLabeler(model, task, taxonomy, base=base, calibrated=False)
    return Asked(found, task, taxonomy, model)


def judged_of(gold: Gold, answers: Answers, groups: pl.Series) -> tuple[Judged, Bools]:
    """Probabilities beside gold, and which rows (rows) have a probability of each label: only those are in it.

    ConfigError: the labeler gives none. SourceError: too few rows have them.
    """
    names = list(gold.taxonomy.names)
    truth = gold.truth
    assert isinstance(truth, LabelGold)
    p = answers.probabilities(names)
    there: Bools = np.asarray(np.isfinite(p).all(axis=1))
    if answers.labeled.any() and not (there & answers.labeled).any():
        raise ConfigError(
            f"The labeler {answers.labeler} gives no probability of each label, so that there is nothing to calibrate.",
            remedy="Use mode: score in its labeler file (or generate with samples above 1).",
        )
    if there.sum() < _LEAST * len(there):
        told = ", ".join(f"{reason} {n:,}" for reason, n in answers.reasons.items()) or "no scores"
        raise SourceError(
            f"Only {there.sum():,} of {len(there):,} rows of gold have probabilities ({told}): "
            "a calibration would be of the easy ones.",
            remedy="See why the others have none: affectmine evaluate.",
        )
    own = pl.format("row {}", pl.int_range(pl.len()))
    named = groups.cast(pl.String).alias("g").to_frame()
    codes = named.select(pl.coalesce("group " + pl.col("g"), own).rank("dense")).to_series()
    return Judged(
        names, gold.taxonomy.exclusive, p[there], truth.holds[there], truth.asked[there],
        answers.given(names)[there], own_thresholds(names, answers.thresholds),
        codes.to_numpy()[there],
    ), there  # fmt: skip


def file_of(asked: Asked, fitted: Fitted, gold: FittedOn) -> CalibrationFile:
    """The calibration as it is written, with its version."""
    task, taxonomy, model = asked.task, asked.taxonomy, asked.model
    curves = fitted.curves
    if model is None:
        name, revision, mode = asked.labeler.name, asked.labeler.version, "score"
        prompt = hash_of([name, revision, task.name, taxonomy.name])
    else:
        name, revision, mode = model.model, model.revision, model.asked_mode(task.mode)
        prompt = prompt_fingerprint(task, taxonomy, model.asked_mode(task.mode), model)
    return CalibrationFile(
        task=task.name, task_version=task.version, taxonomy=taxonomy.name,
        taxonomy_version=taxonomy.version, labels=taxonomy.names, exclusive=taxonomy.exclusive,
        mode=mode, model=name, revision=revision, prompt=prompt,
        labeler=asked.labeler.name, labeler_version=asked.labeler.version, kind=fitted.kind,
        temperature=curves.temperature, maps=dict(zip(taxonomy.names, curves.maps, strict=False)),
        thresholds=fitted.thresholds, empty=fitted.empty, kept=fitted.kept, gold=gold,
        fit=fitted.fit,
    ).stamped()  # fmt: skip


def checksum(gold: Path) -> str:
    """SHA-256 of the file (of several, of all in order)."""
    digest = hashlib.sha256()
    for source in expand([str(gold)], Path.cwd()):
        with Path(source.path).open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    return digest.hexdigest()


def _with_language(rows: pl.DataFrame) -> pl.DataFrame:
    known = with_language(rows.rename({"text": "text_clean"}))
    return known.rename({"text_clean": "text"})


def gold_rows(rows: GoldRows) -> pl.DataFrame:
    """The rows of a file of gold, as labelers are asked about them."""
    return _with_language(rows.frame)
