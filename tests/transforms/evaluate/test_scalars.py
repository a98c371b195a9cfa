"""Figures of numbers against scipy and Lin's formula, and those that do not exist."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from transforms.evaluate.figures import Undefined
from transforms.evaluate.ranks import RankCorrelation
from transforms.evaluate.scalars import SCALAR_FIGURES, bootstrap_scalars, scalar_figures

stats = pytest.importorskip("scipy.stats", reason="needs the extra 'evaluate'")

pytestmark = pytest.mark.filterwarnings("error")
numbers = arrays(float, st.integers(1, 30), elements=st.floats(-100, 100, width=16))


def concordance(x: np.ndarray, y: np.ndarray) -> float:
    """Lin 1989, equation for the estimate: with variances and covariance divided by n."""
    shared = ((x - x.mean()) * (y - y.mean())).mean()
    return 2 * shared / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_equal_to_scipy(seed: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=200) + shift
    y = 0.5 * (x - shift) + rng.normal(size=200) + shift + seed / 10
    if seed % 2:  # ties
        x, y = x.round(), y.round()
    found = scalar_figures(x, y)
    assert found["pearson"] == pytest.approx(stats.pearsonr(x, y)[0], abs=1e-9)
    assert found["spearman"] == pytest.approx(stats.spearmanr(x, y)[0], abs=1e-9)
    assert found["ccc"] == pytest.approx(concordance(x, y), abs=1e-9)
    assert found["rmse"] == pytest.approx(math.sqrt(np.mean((x - y) ** 2)), abs=1e-9)
    assert found["mae"] == pytest.approx(np.mean(np.abs(x - y)), abs=1e-9)


def test_worked_by_hand() -> None:
    # means 2 and 3, variances 2/3 and 2/3, covariance 2/3: r = 1, ccc = (4/3) / (4/3 + 1)
    found = scalar_figures(np.array([1.0, 2, 3]), np.array([2.0, 3, 4]))
    assert found == pytest.approx(
        {"pearson": 1.0, "spearman": 1.0, "ccc": 4 / 7, "rmse": 1.0, "mae": 1.0}, abs=1e-12
    )


def test_rows_without_gold_or_answer_do_not_count() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 50))
    gold = np.concatenate([x, [np.nan, 5.0, np.inf]])
    answer = np.concatenate([y, [1.0, np.nan, np.inf]])
    assert scalar_figures(gold, answer) == pytest.approx(scalar_figures(x, y), abs=1e-12)
    assert set(bootstrap_scalars(gold, answer, resamples=20)) == set(SCALAR_FIGURES)


@pytest.mark.parametrize(
    ("gold", "answer", "because"),
    [
        ([], [], "there are no rows"),
        ([np.nan, np.nan], [0.1, 0.2], "no row has gold"),
        ([0.1, 0.2], [np.nan, np.nan], "no row has an answer"),
        ([0.1, np.nan], [np.nan, 0.2], "no row has both gold and an answer"),
    ],
)
def test_nothing_to_compare(gold: list[float], answer: list[float], because: str) -> None:
    found = scalar_figures(np.array(gold), np.array(answer))
    assert found == dict.fromkeys(SCALAR_FIGURES, Undefined(because))
    assert bootstrap_scalars(np.array(gold), np.array(answer), resamples=20) == {}


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e6 + 0.1])
def test_what_never_varies_does_not_correlate(constant: float) -> None:
    vary, still = np.array([0.1, 0.2, 0.7, 0.9]), np.full(4, constant)
    assert scalar_figures(vary, still)["pearson"] == Undefined("the answer never varied")
    assert scalar_figures(still, vary)["spearman"] == Undefined("gold never varied")
    assert scalar_figures(vary, still)["ccc"] == pytest.approx(0.0)
    both = scalar_figures(still, still)
    assert both["ccc"] == both["pearson"] == Undefined("gold and the answer never varied")
    assert both["rmse"] == both["mae"] == 0.0
    assert scalar_figures(still, still + 1)["ccc"] == 0.0
    assert "pearson" not in bootstrap_scalars(vary, still, resamples=50)


def test_one_row() -> None:
    found = scalar_figures(np.array([0.5]), np.array([0.25]))
    assert found["pearson"] == Undefined("a single row has no correlation")
    assert (found["rmse"], found["mae"]) == (0.25, 0.25)


@settings(deadline=None, max_examples=60)
@given(numbers, st.randoms(use_true_random=False))
def test_always_a_number_or_a_reason(gold: np.ndarray, random: object) -> None:
    answer = gold.copy()
    random.shuffle(answer)
    found, turned = scalar_figures(gold, answer), scalar_figures(answer, gold)
    for name, figure in found.items():
        assert isinstance(figure, Undefined) or math.isfinite(figure), name
        if name in ("pearson", "ccc", "spearman") and not isinstance(figure, Undefined):
            assert -1 <= figure <= 1
            assert figure == pytest.approx(turned[name], abs=1e-9)  # symmetric
    if not isinstance(found["pearson"], Undefined) and not isinstance(found["ccc"], Undefined):
        assert abs(found["ccc"]) <= abs(found["pearson"]) + 1e-9
    assert found["mae"] <= found["rmse"] + 1e-9


@settings(deadline=None, max_examples=40)
@given(numbers, st.floats(0.1, 10), st.floats(-5, 5))
def test_correlation_knows_no_scale(gold: np.ndarray, factor: float, shift: float) -> None:
    answer = np.sin(gold)  # some function of it
    found, scaled = (scalar_figures(gold, y) for y in (answer, factor * answer + shift))
    if np.std(answer) > 1e-3 and np.std(gold) > 1e-3:
        assert scaled["pearson"] == pytest.approx(found["pearson"], abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 25), st.integers(0, 10_000))
def test_weighted_ranks_are_ranks_of_the_drawn_rows(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 6, (2, n)).astype(float)
    times = rng.multinomial(n, np.full(n, 1 / n), size=5)
    found = RankCorrelation(x, y).drawn(times)["spearman"]
    for rho, drawn in zip(found, times, strict=True):
        rows = np.repeat(np.arange(n), drawn)
        if np.ptp(x[rows]) and np.ptp(y[rows]):
            assert rho == pytest.approx(stats.spearmanr(x[rows], y[rows])[0], abs=1e-9)
        else:
            assert np.isnan(rho)
