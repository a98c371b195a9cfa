"""Expected calibration error by hand, and against a plain loop over bins."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import SourceError
from transforms.evaluate.calibration import (
    bootstrap_ece,
    calibration_sums,
    reliability,
    reliability_per_label,
)
from transforms.evaluate.figures import Undefined

pytestmark = pytest.mark.filterwarnings("error")


def plain_ece(probability: np.ndarray, truth: np.ndarray, bins: int) -> float:
    """Guo et al. 2017, equation 3: bins ((m - 1) / M, m / M]; 0 goes to the first."""
    total, edges = 0.0, np.linspace(0, 1, bins + 1)
    for low, high in itertools.pairwise(edges):
        held = (probability > low) & (probability <= high) | (low == 0) & (probability == 0)
        if held.any():
            total += held.sum() * abs(truth[held].mean() - probability[held].mean())
    return total / len(probability)


def test_worked_by_hand() -> None:
    # bin (0, .5]: .1 and .5, one true: |.5 - .3|; bin (.5, 1]: .9, true: |1 - .9|
    found = reliability(np.array([0.1, 0.9, 0.5]), np.array([False, True, True]), bins=2)
    assert found.ece == pytest.approx((2 * 0.2 + 0.1) / 3, abs=1e-12)
    low, high = found.bins
    assert (low.low, low.high, low.n, low.mean_probability, low.share_true) == (
        0.0, 0.5, 2, pytest.approx(0.3), 0.5,
    )  # fmt: skip
    assert (high.low, high.high, high.n, high.mean_probability, high.share_true) == (
        0.5, 1.0, 1, 0.9, 1.0,
    )  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 200), st.integers(1, 20))
def test_equal_to_a_loop(seed: int, rows: int, bins: int) -> None:
    rng = np.random.default_rng(seed)
    probability = rng.random(rows) if seed % 2 else rng.integers(0, bins + 1, rows) / bins
    truth = rng.random(rows) < probability**2
    found = reliability(probability, truth, bins)
    assert found.ece == pytest.approx(plain_ece(probability, truth, bins), abs=1e-9)
    assert sum(each.n for each in found.bins) == rows
    assert 0 <= found.ece <= 1


def test_labels_pooled_and_apart() -> None:
    rng = np.random.default_rng(0)
    probability = rng.random((300, 3)).astype(np.float32)
    truth = rng.random((300, 3)) < probability
    asked = rng.random((300, 3)) < 0.8
    probability[::10] = np.nan  # rejected
    counts = asked & ~np.isnan(probability)
    pooled = reliability(probability, truth, asked=asked)
    assert pooled.ece == pytest.approx(
        plain_ece(probability[counts].astype(float), truth[counts], 10), abs=1e-9
    )
    apart = reliability_per_label(probability, truth, ["a", "b", "c"], asked=asked)
    for i, name in enumerate("abc"):
        rows = counts[:, i]
        expected = plain_ece(probability[rows, i].astype(float), truth[rows, i], 10)
        assert apart[name].ece == pytest.approx(expected, abs=1e-9)


def test_perfect_and_worst() -> None:
    truth = np.array([True, False, True])
    assert reliability(truth.astype(float), truth).ece == 0.0
    assert reliability(1.0 - truth, truth).ece == 1.0


def test_empty_bins_and_no_rows() -> None:
    found = reliability(np.array([0.95]), np.array([True]))
    assert found.bins[0].mean_probability == Undefined("no probability falls in the bin")
    nothing = reliability(np.full(2, np.nan), np.ones(2, bool))
    assert nothing.ece == Undefined("no row has both gold and a probability")
    assert nothing.to_json()["bins"][3]["share_true"] == {
        "undefined": "no probability falls in the bin"
    }
    none = np.zeros((0, 3))
    assert isinstance(reliability(none, none.astype(bool)).ece, Undefined)
    assert bootstrap_ece(none, none.astype(bool)) == {}
    ones = np.ones((4, 2))
    assert isinstance(reliability(ones, ones > 0, asked=ones < 0).ece, Undefined)
    assert bootstrap_ece(ones, ones > 0, asked=ones < 0, resamples=20) == {}


def test_what_is_no_probability() -> None:
    with pytest.raises(SourceError, match=r"from -0.5 to 1.5.*must lie in"):
        calibration_sums(np.array([-0.5, 1.5]), np.ones(2, bool))
