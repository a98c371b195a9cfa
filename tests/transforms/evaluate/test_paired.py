"""Paired tests against all exchanges there are, plain resampling, and the binomial by hand."""

import itertools

import numpy as np
import pytest

from tests.transforms.evaluate.test_metrics import draw
from transforms.evaluate.figures import Undefined
from transforms.evaluate.label_sums import label_sums
from transforms.evaluate.metrics import count, scores_of
from transforms.evaluate.ordinals import ordinal_figures, ordinal_sums
from transforms.evaluate.paired import mcnemar, paired_test
from transforms.evaluate.ranks import RankCorrelation
from transforms.evaluate.scalars import scalar_figures, scalar_sums

pytest.importorskip("scipy", reason="needs the extra 'evaluate'")

pytestmark = pytest.mark.filterwarnings("error")
NAMES = list("abc")


def three(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    gold, first = draw(rows, 3, seed)
    second = np.where(np.random.default_rng(seed + 50).random(gold.shape) < 0.5, first, gold)
    return gold, first, second


def macro(gold: np.ndarray, given: np.ndarray) -> float:
    return scores_of(count(gold, given), NAMES).macro_f1


def test_differences_are_of_the_scores() -> None:
    gold, first, second = three(60, 1)
    found = paired_test(label_sums(gold, first), label_sums(gold, second), resamples=20)
    ours, theirs = (scores_of(count(gold, x), NAMES).figures for x in (first, second))
    for name, difference in found.items():
        assert difference.first == pytest.approx(ours[name], abs=1e-9)
        assert difference.second == pytest.approx(theirs[name], abs=1e-9)
        assert difference.difference == pytest.approx(theirs[name] - ours[name], abs=1e-9)


@pytest.mark.parametrize("size", [1, 3])
def test_p_value_nears_that_of_all_exchanges(size: int) -> None:
    """Exchanges of all subsets of eight units (rows, or groups of three rows)."""
    gold, first, second = three(8 * size, 4)
    groups = np.repeat(np.arange(8), size)
    observed = abs(macro(gold, second) - macro(gold, first))
    extreme = []
    for chosen in itertools.product([False, True], repeat=8):
        swap = np.array(chosen)[groups, None]
        a, b = np.where(swap, second, first), np.where(swap, first, second)
        extreme.append(abs(macro(gold, b) - macro(gold, a)) >= observed - 1e-12)
    found = paired_test(
        label_sums(gold, first),
        label_sums(gold, second),
        groups=groups if size > 1 else None,
        resamples=4000,
    )
    assert found["macro_f1"].p == pytest.approx(np.mean(extreme), abs=0.03)


def test_interval_equals_plain_resampling() -> None:
    gold, first, second = three(70, 2)
    found = paired_test(label_sums(gold, first), label_sums(gold, second), resamples=100, seed=6)
    drawn = np.random.default_rng(6).integers(0, 70, (100, 70))
    values = [macro(gold[i], second[i]) - macro(gold[i], first[i]) for i in drawn]
    assert found["macro_f1"].interval == pytest.approx(
        (np.quantile(values, 0.025), np.quantile(values, 0.975)), abs=1e-9
    )


def test_a_labeler_against_itself() -> None:
    gold, first, _ = three(40, 3)
    found = paired_test(label_sums(gold, first), label_sums(gold, first), resamples=50)
    assert all((d.difference, d.p) == (0.0, 1.0) for d in found.values())
    assert all(d.interval == (0.0, 0.0) for d in found.values())


def test_order_changes_only_the_sign() -> None:
    gold, first, second = three(40, 5)
    a, b = label_sums(gold, first), label_sums(gold, second)
    there, back = paired_test(a, b, resamples=99), paired_test(b, a, resamples=99)
    for name, difference in there.items():
        assert back[name].difference == -difference.difference
        assert back[name].p == difference.p


def test_luck_is_seldom_significant() -> None:
    """Two labelers of equal quality: 5 % of the p-values are at most .05."""
    rng = np.random.default_rng(0)
    gold = np.ones((60, 1), bool)
    p = []
    for trial in range(200):
        a, b = (label_sums(gold, rng.random((60, 1)) < 0.7) for _ in range(2))
        p.append(paired_test(a, b, resamples=99, seed=trial)["subset_accuracy"].p)
    assert np.mean(np.array(p) <= 0.05) <= 0.09
    assert np.mean(np.array(p) <= 0.5) >= 0.3


def test_numbers_ranks_and_levels() -> None:
    rng = np.random.default_rng(1)
    gold = rng.integers(0, 4, 80).astype(float)
    good = np.clip(gold + rng.integers(-1, 2, 80), 0, 3)
    bad = rng.integers(0, 4, 80).astype(float)
    bad[3] = np.nan  # rejected by one of them
    found = paired_test(scalar_sums(gold, bad), scalar_sums(gold, good), resamples=199)
    found |= paired_test(RankCorrelation(gold, bad), RankCorrelation(gold, good), resamples=199)
    for name, figure in scalar_figures(gold, bad).items():
        assert found[name].first == pytest.approx(figure, abs=1e-9)
        assert found[name].second == pytest.approx(scalar_figures(gold, good)[name], abs=1e-9)
        assert 1 / 200 <= found[name].p <= 0.03  # hardly an exchange comes near
    of_levels = paired_test(
        ordinal_sums(gold, bad, range(4)), ordinal_sums(gold, good, range(4)), resamples=199
    )
    for name, figure in ordinal_figures(gold, bad, range(4)).items():
        assert of_levels[name].first == pytest.approx(figure, abs=1e-9)
        assert 1 / 200 <= of_levels[name].p <= 0.03


def test_figures_that_one_labeler_has_not() -> None:
    gold, nothing = np.array([1.0, 2, 3]), np.full(3, np.nan)
    found = paired_test(scalar_sums(gold, gold), scalar_sums(gold, nothing), resamples=20)
    assert found["rmse"].first == 0.0
    assert found["rmse"].second == Undefined("the second labeler has no such figure")
    assert isinstance(found["rmse"].p, Undefined)
    assert found["rmse"].interval is None
    assert found["rmse"].to_json()["difference"] == {"undefined": "a labeler has no such figure"}
    none = np.zeros((0, 3), bool)
    empty = paired_test(label_sums(none, none), label_sums(none, none), resamples=20)
    assert isinstance(empty["macro_f1"].p, Undefined)


def test_different_rows_cannot_be_paired() -> None:
    gold, first, _ = three(10, 0)
    with pytest.raises(ValueError, match="10 rows against 9"):
        paired_test(label_sums(gold, first), label_sums(gold[1:], first[1:]))


def test_mcnemar_by_hand() -> None:
    # One row only the first got right, five only the second: 2 * (1 + 6) / 2**6
    first = np.array([1, 0, 0, 0, 0, 0, 1, 0], bool)
    second = np.array([0, 1, 1, 1, 1, 1, 1, 0], bool)
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == (1, 5)
    assert found.p == pytest.approx(14 / 64, abs=1e-12)
    assert mcnemar(second, first).p == found.p
    assert mcnemar(first, first).p == Undefined("both are right on the same rows")
    assert mcnemar(first[:0], first[:0]).to_json()["p"] == {
        "undefined": "both are right on the same rows"
    }
