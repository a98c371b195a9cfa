"""Labelers whose answers a test makes up, and taxonomies for them."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from jobs.evaluation.answers import Answers
from schemas.label_task import LabelTask, load_task
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.label.labeler import SCORES_TYPE

EMOTION, VAD, INTENSITY = load_task("emotion"), load_task("vad"), load_task("emotion_intensity")
EKMAN, OF_VAD, LEVELS = (load_taxonomy(n) for n in ("ekman", "vad", "ekman_intensity"))
PLAIN = Taxonomy.model_validate(
    {"name": "plain", "version": "1", "labels": [{"name": n} for n in ("joy", "anger", "fear")]}
)
ONE_OF = PLAIN.model_copy(update={"name": "one_of", "exclusive": True})


@dataclass(frozen=True)
class Told:
    """A labeler that gives the answers it was made with, in order."""

    frame: pl.DataFrame
    name: str = "told"
    version: str = "1"
    languages: frozenset[str] = frozenset({"en"})

    def label(self, batch: pl.DataFrame, task: LabelTask, taxonomy: Taxonomy) -> pl.DataFrame:
        assert len(batch) == len(self.frame)
        return self.frame


def protocol(status, labels=None, scores=None, answer=None) -> pl.DataFrame:
    """The columns of the labeler protocol; a row that is not labeled has the reason `because`."""
    rows = len(status)
    columns = {
        "status": pl.Series(status, dtype=pl.String),
        "labels": pl.Series(labels or [None] * rows, dtype=pl.List(pl.String)),
        "scores": pl.Series(scores or [None] * rows, dtype=SCORES_TYPE),
        "reason": pl.Series([None if s == "labeled" else "because" for s in status], dtype=pl.String),
    }  # fmt: skip
    if answer is not None:
        columns["answer"] = pl.Series(answer)
    return pl.DataFrame(columns)


def random_labels(rows: int, taxonomy: Taxonomy, seed: int = 0, silent: int = 10):
    """(gold frame, labeler, truth, given, probability): every `silent`-th row is rejected."""
    rng = np.random.default_rng(seed)
    names = np.array(taxonomy.names)
    truth = rng.random((rows, len(names))) < 0.4
    if taxonomy.exclusive:
        truth = np.eye(len(names), dtype=bool)[rng.integers(0, len(names), rows)]
    probability = np.clip(truth * 0.4 + rng.random(truth.shape) * 0.6, 0, 1).astype(np.float32)
    given = probability > 0.5
    if taxonomy.exclusive:
        given = np.eye(len(names), dtype=bool)[probability.argmax(axis=1)]
    status = ["labeled" if n % silent else "rejected" for n in range(rows)]
    there = np.array(status) == "labeled"
    given &= there[:, None]
    frame = protocol(
        status,
        [list(names[row]) if s else None for row, s in zip(given, there, strict=True)],
        [
            [{"label": n, "probability": float(p)} for n, p in zip(names, row, strict=True)] if s else None
            for row, s in zip(probability, there, strict=True)
        ],
    )  # fmt: skip
    gold = pl.DataFrame(
        {"text": [f"text {n}" for n in range(rows)], "labels": [list(names[row]) for row in truth]},
        schema={"text": pl.String, "labels": pl.List(pl.String)},
    )
    return gold, Told(frame), truth, given, probability


def random_numbers(rows: int, taxonomy: Taxonomy, noise: float, seed: int = 0, silent: int = 5):
    """(gold frame on the scale of gold, labeler, gold and answers on that of answers, NaN where rejected)."""
    rng = np.random.default_rng(seed)
    low, high = taxonomy.range
    truth = low + rng.random((rows, len(taxonomy.names))) * (high - low)
    answer = np.clip(truth + rng.normal(0, noise, truth.shape), low, high)
    if taxonomy.name == "ekman_intensity":
        truth, answer = np.round(truth), np.round(answer)
    status = ["labeled" if n % silent else "rejected" for n in range(rows)]
    told = [dict(zip(taxonomy.names, row, strict=True)) for row in answer.tolist()]
    told = [each if s == "labeled" else None for each, s in zip(told, status, strict=True)]
    scale = truth
    if taxonomy.gold_range:
        first, last = taxonomy.gold_range
        scale = first + (truth - low) / (high - low) * (last - first)
    gold = pl.DataFrame(
        {"text": [f"text {n}" for n in range(rows)]}
        | {name: scale[:, i] for i, name in enumerate(taxonomy.names)}
    )
    answer[np.array(status) != "labeled"] = np.nan
    return gold, Told(protocol(status, answer=told)), truth, answer


def answers(frame: pl.DataFrame, name: str = "told") -> Answers:
    return Answers(name, "1", frame)
