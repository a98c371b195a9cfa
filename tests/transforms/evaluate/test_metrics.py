"""Scores against scikit-learn, and the cases that have no number."""

import time

import numpy as np
import polars as pl
import pytest

from schemas.errors import SourceError
from transforms.evaluate.bootstrap import bootstrap_f1
from transforms.evaluate.figures import Undefined
from transforms.evaluate.metrics import count, indicator, scores_of

sklearn_metrics = pytest.importorskip("sklearn.metrics", reason="needs the extra 'train'")


def draw(rows: int, labels: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rates = rng.uniform(0.02, 0.5, labels)
    gold = rng.random((rows, labels)) < rates
    return gold, np.where(
        rng.random((rows, labels)) < 0.7, gold, rng.random((rows, labels)) < rates
    )


@pytest.mark.parametrize("seed", range(5))
def test_equal_to_sklearn(seed: int) -> None:
    gold, given = draw(400, 9, seed)
    names = [f"l{i}" for i in range(9)]
    scores = scores_of(count(gold, given), names)
    precision, recall, f1, support = sklearn_metrics.precision_recall_fscore_support(gold, given)
    for i, name in enumerate(names):
        label = scores.per_label[name]
        assert label.precision == pytest.approx(precision[i], abs=1e-9)
        assert label.recall == pytest.approx(recall[i], abs=1e-9)
        assert label.f1 == pytest.approx(f1[i], abs=1e-9)
        assert (label.support, label.predicted) == (support[i], given[:, i].sum())
    assert scores.macro_f1 == pytest.approx(
        sklearn_metrics.f1_score(gold, given, average="macro"), abs=1e-9
    )
    assert scores.micro_f1 == pytest.approx(
        sklearn_metrics.f1_score(gold, given, average="micro"), abs=1e-9
    )
    assert scores.subset_accuracy == pytest.approx(
        sklearn_metrics.accuracy_score(gold, given), abs=1e-9
    )


def test_undefined_figures_say_why() -> None:
    # both given and gold: a; gold only: b; given only: c; neither: d
    gold = np.array([[1, 1, 0, 0], [1, 0, 0, 0]], bool)
    given = np.array([[1, 0, 1, 0], [0, 0, 0, 0]], bool)
    scores = scores_of(count(gold, given), ["a", "b", "c", "d"])
    a, b, c, d = (scores.per_label[name] for name in "abcd")
    assert (a.precision, a.recall, a.f1) == (1.0, 0.5, pytest.approx(2 / 3))
    assert (b.precision, b.recall, b.f1) == (Undefined("the label was never given"), 0.0, 0.0)
    assert (c.precision, c.recall, c.f1) == (0.0, Undefined("the label is not in gold"), 0.0)
    assert isinstance(d.f1, Undefined)
    assert d.to_json()["f1"] == {"undefined": "the label is neither in gold nor given"}
    assert scores.macro_f1 == pytest.approx((2 / 3 + 0 + 0) / 3)  # d is left out
    assert scores.micro_f1 == pytest.approx(2 * 1 / (3 + 2))
    assert scores.subset_accuracy == 0.0


def test_no_rows() -> None:
    nothing = np.zeros((0, 2), bool)
    scores = scores_of(count(nothing, nothing), ["a", "b"])
    assert isinstance(scores.macro_f1, Undefined)
    assert scores.summary()["subset_accuracy"] == {"undefined": "there are no rows"}
    assert bootstrap_f1(nothing, nothing) == {}


def test_indicator() -> None:
    lists = pl.Series([["b"], [], None, ["a", "b"]], dtype=pl.List(pl.String))
    assert indicator(lists, ["a", "b"]).tolist() == [[0, 1], [0, 0], [0, 0], [1, 1]]
    assert indicator(pl.Series(["b", None, "a"]), ["a", "b"]).tolist() == [[0, 1], [0, 0], [1, 0]]
    with pytest.raises(SourceError, match=r"'joy '.*It has: a, b"):
        indicator(pl.Series([["a", "joy "]]), ["a", "b"])


def test_bootstrap_equals_plain_resampling() -> None:
    gold, given = draw(150, 4, 7)
    found = bootstrap_f1(gold, given, resamples=200, seed=3)
    rng = np.random.default_rng(3)
    drawn = rng.integers(0, 150, (200, 150))
    macro = [sklearn_metrics.f1_score(gold[i], given[i], average="macro") for i in drawn]
    micro = [sklearn_metrics.f1_score(gold[i], given[i], average="micro") for i in drawn]
    assert found["macro_f1"] == pytest.approx(
        (np.quantile(macro, 0.025), np.quantile(macro, 0.975)), abs=1e-9
    )
    assert found["micro_f1"] == pytest.approx(
        (np.quantile(micro, 0.025), np.quantile(micro, 0.975)), abs=1e-9
    )


def test_bootstrap_is_seeded_and_fast() -> None:
    gold, given = draw(5000, 28, 1)
    started = time.perf_counter()
    found = bootstrap_f1(gold, given, resamples=1000, seed=0)
    assert time.perf_counter() - started < 4  # 2 s on an idle core, twice that under load
    assert found == bootstrap_f1(gold, given, resamples=1000, seed=0)
    assert found != bootstrap_f1(gold, given, resamples=1000, seed=1)
    low, high = found["macro_f1"]
    assert low < scores_of(count(gold, given), [str(i) for i in range(28)]).macro_f1 < high
