"""Figures of numbers and levels, against scipy and scikit-learn."""

import numpy as np
import polars as pl
import pytest

from jobs.evaluate import evaluate
from schemas.errors import SourceError
from tests.jobs.evaluation.made import INTENSITY, LEVELS, OF_VAD, VAD, random_numbers

metrics = pytest.importorskip("sklearn.metrics")
stats = pytest.importorskip("scipy.stats")


def test_scalars():
    gold, labeler, truth, answer = random_numbers(150, OF_VAD, 0.2)
    found = evaluate(gold, labeler, VAD, OF_VAD, resamples=50).to_json()
    assert (found["coverage"], found["answer"]) == (0.8, "scalars")
    there = np.isfinite(answer[:, 0])
    means = {}
    for place, name in enumerate(OF_VAD.names):
        x, y = truth[there, place], answer[there, place]
        one = found["per_dimension"][name]
        concordance = 2 * np.cov(x, y, bias=True)[0, 1] / (
            x.var() + y.var() + (x.mean() - y.mean()) ** 2
        )  # fmt: skip
        expected = {
            "pearson": stats.pearsonr(x, y).statistic,
            "spearman": stats.spearmanr(x, y).statistic,
            "ccc": concordance,
            "rmse": metrics.root_mean_squared_error(x, y),
            "mae": metrics.mean_absolute_error(x, y),
        }
        for figure, value in expected.items():
            assert one[figure] == pytest.approx(value, abs=1e-9)
            assert one["intervals"][figure][0] < value < one["intervals"][figure][1]
            means.setdefault(figure, []).append(value)
        assert (one["support"], one["answered"]) == (150, 120)
        # Silence is no way to a better figure: missing answers as the mean of gold.
        filled = np.where(there, answer[:, place], truth[:, place].mean())
        of_filled = one["missing_as_mean"]["pearson"]
        assert of_filled == pytest.approx(stats.pearsonr(truth[:, place], filled).statistic)
        assert of_filled < one["pearson"]
    for figure, values in means.items():
        assert found[figure] == pytest.approx(np.mean(values), abs=1e-9)
        low, high = found["intervals"][figure]
        assert low < found[figure] < high


def test_ordinals():
    gold, labeler, truth, answer = random_numbers(120, LEVELS, 0.8)
    gold = gold.with_columns(fear=pl.lit(None, pl.Float64))  # nobody was asked
    found = evaluate(gold, labeler, INTENSITY, LEVELS, resamples=30).to_json()
    there = np.isfinite(answer[:, 0])
    names = list(LEVELS.names)
    for name in names:
        place = names.index(name)
        one = found["per_dimension"][name]
        if name == "fear":
            assert one["quadratic_kappa"] == {"undefined": "no row has gold"}
            assert (one["support"], one["intervals"]) == (0, {})
            continue
        x, y = truth[there, place].astype(int), answer[there, place].astype(int)
        kappa = metrics.cohen_kappa_score(x, y, weights="quadratic", labels=range(4))
        assert one["quadratic_kappa"] == pytest.approx(kappa, abs=1e-9)
        assert one["accuracy"] == pytest.approx(metrics.accuracy_score(x, y))
    kappas = [found["per_dimension"][n]["quadratic_kappa"] for n in names if n != "fear"]
    assert found["quadratic_kappa"] == pytest.approx(np.mean(kappas), abs=1e-9)
    assert found["ece"] == {"undefined": "the labeler gave no probabilities"}


def test_all_answered_needs_no_second_figures():
    gold, labeler, *_ = random_numbers(30, OF_VAD, 0.2, silent=1000)
    whole = gold.tail(29)
    labeler = type(labeler)(labeler.frame.tail(29))
    found = evaluate(whole, labeler, VAD, OF_VAD, resamples=0).to_json()
    assert "missing_as_mean" not in found
    assert found["coverage"] == 1.0
    assert found["intervals"] == {}


def test_what_is_no_number_is_an_error():
    gold, labeler, *_ = random_numbers(5, OF_VAD, 0.2)
    wrong = gold.with_columns(valence=pl.lit("high"))
    with pytest.raises(SourceError, match="5 rows of gold"):
        evaluate(wrong, labeler, VAD, OF_VAD)
    with pytest.raises(SourceError, match="none of the columns valence, arousal, dominance"):
        evaluate(gold.select("text"), labeler, VAD, OF_VAD)
