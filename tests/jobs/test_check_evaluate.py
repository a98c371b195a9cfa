"""Evaluation of candidate labels: figures against the gold of the rows, by scikit-learn and scipy."""

import numpy as np
import polars as pl
import pytest

from jobs.check_evaluate import evaluate_rows
from schemas.errors import SourceError
from schemas.label_task import LabelTask, load_task
from schemas.taxonomy import Label, Taxonomy, load_taxonomy

TASK = LabelTask(name="t", version="1", description="d", taxonomy="x", multi_label=True)
PLAIN = Taxonomy(name="x", version="1", labels=(Label(name="joy"), Label(name="fear")))
KIND = pl.List(
    pl.Struct(
        dict.fromkeys(("task", "taxonomy", "label_set", "split", "annotator"), pl.String)
        | {"labels": pl.List(pl.String), "value": pl.Float64}
    )
)


def entry(labels=None, label_set=None, split=None, value=None, task="t", taxonomy="x"):
    return {
        "task": task, "taxonomy": taxonomy, "label_set": label_set, "split": split, "annotator": None,
        "labels": labels, "value": value,
    }  # fmt: skip


def gold(*rows):
    return pl.DataFrame({"gold": list(rows)}, schema={"gold": KIND})


def answers(status, labels, scores):
    return pl.DataFrame(
        {"status": status, "labels": labels, "scores": scores, "reason": None, "unit": range(len(status))},
        schema_overrides={
            "labels": pl.List(pl.String),
            "scores": pl.List(pl.Struct({"label": pl.String, "probability": pl.Float32})),
        },
    )  # fmt: skip


def random_rows(number, taxonomy, seed=0):
    rng = np.random.default_rng(seed)
    names = np.array(taxonomy.names)
    truth = rng.random((number, len(names))) < 0.4
    probability = np.clip(truth * 0.4 + rng.random(truth.shape) * 0.7, 0, 1)
    status = ["labeled" if n % 10 else "rejected" for n in range(number)]
    given = (probability > 0.5) & (np.array(status) == "labeled")[:, None]
    labels = [
        list(names[row]) if s == "labeled" else None for row, s in zip(given, status, strict=True)
    ]
    scores = [
        [{"label": n, "probability": p} for n, p in zip(names, row, strict=True)] if s == "labeled" else None
        for row, s in zip(probability, status, strict=True)
    ]  # fmt: skip
    frame = answers(status, labels, scores)
    return (
        frame.with_columns(gold(*([entry(list(names[row]))] for row in truth))["gold"]),
        truth,
        given,
    )


def test_figures_are_those_of_scikit_learn_and_silence_is_an_empty_answer():
    metrics = pytest.importorskip("sklearn.metrics")
    rows, truth, given = random_rows(200, PLAIN)
    found = evaluate_rows(rows, TASK, PLAIN, resamples=50)
    assert (found["n"], found["coverage"]) == (200, 0.9)
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(truth, given, average="macro"))
    assert found["micro_f1"] == pytest.approx(metrics.f1_score(truth, given, average="micro"))
    for place, name in enumerate(PLAIN.names):
        one = metrics.f1_score(truth[:, place], given[:, place])
        assert found["per_label"][name]["f1"] == pytest.approx(one)
        low, high = found["per_label"][name]["intervals"]["f1"]
        assert low < one < high
    assert 0 < found["ece"] < 1
    low, high = found["intervals"]["macro_f1"]
    assert low < found["macro_f1"] < high


def test_rows_without_gold_are_left_out():
    rows, _, _ = random_rows(60, PLAIN)
    bare = rows.with_columns(
        pl.when(pl.int_range(60) < 40).then("gold").otherwise(pl.lit([], KIND)).alias("gold")
    )
    assert evaluate_rows(bare, TASK, PLAIN, resamples=10) == evaluate_rows(
        rows.head(40), TASK, PLAIN, resamples=10
    )


def test_numbers_are_held_to_their_gold():
    stats = pytest.importorskip("scipy.stats")
    rng, vad = np.random.default_rng(2), load_taxonomy("vad")
    told = rng.random((80, 3))
    rated = np.clip(1 + 4 * (told + rng.normal(0, 0.2, told.shape)), 1, 5)
    rows = answers(["labeled"] * 80, [[]] * 80, [None] * 80).with_columns(
        pl.Series("answer", [dict(zip(vad.names, row, strict=True)) for row in told.tolist()]),
        gold(
            *(
                [
                    entry(value=v, label_set=n, task="vad", taxonomy="vad")
                    for n, v in zip(vad.names, row, strict=True)
                ]
                for row in rated.tolist()
            )
        )["gold"],
    )
    found = evaluate_rows(rows, load_task("vad"), vad, resamples=50)
    for place, name in enumerate(vad.names):
        expected = stats.pearsonr(told[:, place], rated[:, place]).statistic
        assert found["per_dimension"][name]["pearson"] == pytest.approx(expected)
        low, high = found["per_dimension"][name]["intervals"]["pearson"]
        assert low < expected < high


def test_only_gold_of_the_splits_asked_for():
    rows, truth, _ = random_rows(50, PLAIN)
    split = rows.with_columns(
        pl.Series(
            "gold",
            [
                [entry(list(np.array(PLAIN.names)[row]), split="dev" if n < 30 else "test")]
                for n, row in enumerate(truth)
            ],
            dtype=KIND,
        )
    )
    dev = evaluate_rows(split, TASK, PLAIN, splits=("dev",), resamples=10)
    assert dev == evaluate_rows(rows.head(30), TASK, PLAIN, resamples=10)
    assert evaluate_rows(split, TASK, PLAIN, splits=("train",)) == {"n": 0}


def test_conversations_are_drawn_whole():
    rows, _, _ = random_rows(40, PLAIN)
    twice = pl.concat(
        [rows, rows]
    )  # each row once more, in the same conversation: no more is known
    alone, together = (
        evaluate_rows(each, TASK, PLAIN, resamples=300)["intervals"]["macro_f1"]
        for each in (rows, twice)
    )
    assert together == pytest.approx(alone)


def test_no_gold_at_all_and_strange_gold():
    rows, _, _ = random_rows(5, PLAIN)
    assert evaluate_rows(rows.head(0), TASK, PLAIN) == {"n": 0}
    strange = rows.with_columns(gold(*[[entry(["anger"])]] * 5)["gold"])
    with pytest.raises(SourceError):
        evaluate_rows(strange, TASK, PLAIN)
