"""Curves against scikit-learn, and against distortions that are known because the test made them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.label.prompted.calibration_curves import (
    best_temperature,
    fit_curves,
    fit_isotonic,
    fit_platt,
    pool,
)
from transforms.label.prompted.calibration_maps import AsIs, Isotonic, logistic, logit


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def one_hot(rng: np.random.Generator, p: np.ndarray) -> np.ndarray:
    drawn = (p.cumsum(axis=1) > rng.random((len(p), 1))).argmax(axis=1)
    return np.eye(p.shape[1], dtype=bool)[drawn]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_temperature_is_found(temperature: float) -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(0, 2, (20_000, 5))
    holds = one_hot(rng, softmax(z))
    distorted = softmax(z * temperature)  # too sure, if above 1
    asked = np.ones(holds.shape, bool)
    assert best_temperature(distorted, holds, asked) == pytest.approx(temperature, rel=0.05)
    curves = fit_curves("temperature", distorted, holds, asked, np.zeros(5, bool), exclusive=True)
    assert np.abs(curves.apply(distorted) - softmax(z)).mean() < 0.006


def test_temperature_counts_only_what_was_asked() -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(0, 2, (20_000, 4))
    asked = np.ones(z.shape, bool)
    asked[:, 3] = False
    holds = np.zeros(z.shape, bool)
    holds[:, :3] = one_hot(rng, softmax(z[:, :3]))
    assert best_temperature(softmax(z * 2), holds, asked) == pytest.approx(2, rel=0.05)


def test_platt_is_a_logistic_regression_of_the_logit() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(2)
    p = rng.beta(0.5, 0.5, 30_000)
    truth = rng.random(len(p)) < logistic(0.6 * logit(p) - 1.2)
    found = fit_platt(p, truth)
    theirs = LogisticRegression(C=1e6).fit(logit(p)[:, None], truth)
    assert found.scale == pytest.approx(theirs.coef_[0, 0], abs=1e-3)
    assert found.bias == pytest.approx(theirs.intercept_[0], abs=1e-3)
    assert found.scale == pytest.approx(0.6, abs=0.03)


def test_a_score_the_wrong_way_round_says_nothing() -> None:
    rng = np.random.default_rng(3)
    p = rng.random(2000)
    truth = rng.random(2000) > p
    found = fit_platt(p, truth)
    assert found.scale == 0
    assert found.apply(p) == pytest.approx(np.full(2000, truth.mean()), abs=1e-6)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10_000), st.integers(2, 120), st.integers(1, 50))
def test_isotonic_is_scikit_learns(seed: int, rows: int, different: int) -> None:
    from sklearn.isotonic import IsotonicRegression

    rng = np.random.default_rng(seed)
    p = rng.integers(0, different + 1, rows) / different
    truth = rng.random(rows) < p**2
    margin = 1 / (rows + 2)
    theirs = IsotonicRegression(y_min=margin, y_max=1 - margin, out_of_bounds="clip").fit(p, truth)
    at = np.linspace(0, 1, 77)
    assert fit_isotonic(p, truth).apply(at) == pytest.approx(theirs.predict(at), abs=1e-9)


def test_pooling_by_hand() -> None:
    # 3 falls to 1: with weights 1 and 3 the block is (3 + 3) / 4 = 1.5; 1.5 and 2 rise
    first, last, value = pool(np.array([3.0, 1.0, 2.0]), np.array([1.0, 3.0, 1.0]))
    assert first.tolist() == [0, 2]
    assert last.tolist() == [1, 2]
    assert value.tolist() == [1.5, 2.0]


def test_labels_with_little_gold_stay_as_they_are() -> None:
    rng = np.random.default_rng(4)
    p = rng.random((200, 2))
    holds = rng.random((200, 2)) < p**2
    few = np.array([False, True])
    curves = fit_curves("isotonic", p, holds, np.ones(p.shape, bool), few, exclusive=False)
    assert isinstance(curves.maps[0], Isotonic)
    assert isinstance(curves.maps[1], AsIs)
    assert (curves.apply(p)[:, 1] == p[:, 1]).all()


def test_isotonic_of_an_exclusive_taxonomy_sums_to_one() -> None:
    rng = np.random.default_rng(5)
    p = softmax(rng.normal(0, 2, (500, 3)))
    holds = one_hot(rng, p)
    curves = fit_curves(
        "isotonic", p, holds, np.ones(p.shape, bool), np.zeros(3, bool), exclusive=True
    )
    assert curves.apply(p).sum(axis=1) == pytest.approx(np.ones(500))
