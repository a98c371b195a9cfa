"""Figures of labels, against scikit-learn."""

import numpy as np
import polars as pl
import pytest

from jobs.evaluate import evaluate
from tests.jobs.evaluation.made import EMOTION, ONE_OF, PLAIN, random_labels

metrics = pytest.importorskip("sklearn.metrics")


def test_figures_are_those_of_scikit_learn_and_silence_is_an_empty_answer():
    gold, labeler, truth, given, probability = random_labels(200, PLAIN)
    found = evaluate(gold, labeler, EMOTION, PLAIN, resamples=50).to_json()
    assert (found["n"], found["coverage"], found["statuses"]) == (
        200, 0.9, {"labeled": 180, "rejected": 20},
    )  # fmt: skip
    assert found["reasons"] == {"because": 20}
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(truth, given, average="macro"))
    assert found["micro_f1"] == pytest.approx(metrics.f1_score(truth, given, average="micro"))
    assert found["subset_accuracy"] == pytest.approx(metrics.accuracy_score(truth, given))
    for place, name in enumerate(PLAIN.names):
        one = found["per_label"][name]
        assert one["f1"] == pytest.approx(metrics.f1_score(truth[:, place], given[:, place]))
        assert one["intervals"]["f1"][0] < one["f1"] < one["intervals"]["f1"][1]
        assert (one["support"], one["predicted"]) == (truth[:, place].sum(), given[:, place].sum())
    answered = np.arange(200) % 10 > 0
    kappa = [
        metrics.cohen_kappa_score(truth[answered, i], given[answered, i])
        for i in range(len(PLAIN.names))
    ]
    assert list(found["with_gold"]["kappa"].values()) == pytest.approx(kappa)
    # Guo et al. 2017, by hand: ten bins, open below.
    p, true = probability[answered].reshape(-1), truth[answered].reshape(-1)
    bins = np.ceil(p.astype(float) * 10 - 1e-9).clip(1)
    ece = sum(
        abs(true[bins == b].mean() - p[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)
    )  # fmt: skip
    assert found["ece"] == pytest.approx(ece, abs=1e-6)
    assert sum(each["n"] for each in found["calibration"]["bins"]) == 180 * 3


def test_one_label_holds():
    gold, labeler, truth, given, _ = random_labels(150, ONE_OF)
    found = evaluate(gold, labeler, EMOTION, ONE_OF, resamples=20).to_json()
    right = (truth & given).any(axis=1).mean()
    assert found["accuracy"] == pytest.approx(right)
    low, high = found["intervals"]["accuracy"]
    assert low < found["accuracy"] < high


def test_labels_that_were_not_asked_do_not_count():
    gold, labeler, truth, given, _ = random_labels(120, PLAIN)
    asked = np.arange(120) % 2 == 0
    limited = gold.with_columns(
        label_set=pl.when(pl.Series(asked)).then(pl.lit("joy, fear")),
        labels=pl.when(pl.Series(asked))
        .then(pl.col("labels").list.set_difference(["anger"]))
        .otherwise("labels"),
    )
    found = evaluate(limited, labeler, EMOTION, PLAIN, resamples=0).to_json()["per_label"]
    rows = ~asked
    assert found["anger"]["f1"] == pytest.approx(metrics.f1_score(truth[rows, 1], given[rows, 1]))
    assert (found["anger"]["asked"], found["joy"]["asked"]) == (60, 120)
    assert found["joy"]["f1"] == pytest.approx(metrics.f1_score(truth[:, 0], given[:, 0]))


def test_a_part_has_the_figures_of_its_rows_and_a_small_one_is_told():
    gold, labeler, truth, given, _ = random_labels(90, PLAIN)
    lang = ["en"] * 60 + ["de"] * 25 + ["so"] * 4 + [None]
    rows = gold.with_columns(lang=pl.Series(lang), text=pl.col("text") + " " * 60)
    found = evaluate(rows, labeler, EMOTION, PLAIN, by=["lang", "length"], resamples=20).to_json()
    en, de, so, unknown = found["breakdown"]["lang"]
    assert [part["n"] for part in (en, de, so, unknown)] == [60, 25, 4, 1]
    assert de["macro_f1"] == pytest.approx(
        metrics.f1_score(truth[60:85], given[60:85], average="macro")
    )
    assert de["intervals"]["macro_f1"][0] < de["macro_f1"]
    assert so == {
        "value": "so", "n": 4, "coverage": 1.0,
        "undefined": "4 rows are too few for a figure (under 20)",
    }  # fmt: skip
    assert unknown["value"] == "(unknown)"
    (length,) = found["breakdown"]["length"]
    assert (length["value"], length["n"]) == ("51-100 characters", 90)
    assert length["macro_f1"] == found["macro_f1"]


def test_rows_of_a_group_are_drawn_together():
    gold, labeler, *_ = random_labels(100, PLAIN)
    alone = evaluate(gold, labeler, EMOTION, PLAIN, resamples=100).to_json()
    twice = [n // 10 for n in range(100)]
    found = evaluate(
        gold.with_columns(talk=pl.Series(twice)), labeler, EMOTION, PLAIN, group="talk", resamples=100
    ).to_json()  # fmt: skip
    assert (alone["drawn"], alone["groups"]) == ("rows", None)
    assert (found["drawn"], found["groups"]) == ("groups", 10)
    assert found["intervals"]["macro_f1"] != alone["intervals"]["macro_f1"]
    own = gold.with_columns(group=pl.Series([f"{n}" for n in range(100)]))  # each its own: rows
    assert evaluate(own, labeler, EMOTION, PLAIN, resamples=100).to_json() == alone


def test_a_row_without_gold_counts_for_coverage_only():
    gold, labeler, truth, given, _ = random_labels(50, PLAIN)
    bare = gold.with_columns(labels=pl.when(pl.int_range(50) < 40).then("labels"))
    found = evaluate(bare, labeler, EMOTION, PLAIN, resamples=0).to_json()
    assert (found["n"], found["unannotated"]) == (50, 10)
    assert found["macro_f1"] == pytest.approx(
        metrics.f1_score(truth[:40], given[:40], average="macro")
    )
