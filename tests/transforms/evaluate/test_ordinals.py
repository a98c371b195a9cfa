"""Figures of levels against scikit-learn and scipy, and those that do not exist."""

import numpy as np
import pytest

from schemas.errors import SourceError
from transforms.evaluate.figures import Undefined
from transforms.evaluate.ordinals import ORDINAL_FIGURES, bootstrap_ordinals, ordinal_figures

metrics = pytest.importorskip("sklearn.metrics", reason="needs the extra 'evaluate'")
stats = pytest.importorskip("scipy.stats", reason="needs the extra 'evaluate'")

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("lowest", [0, 1, -2])
def test_equal_to_the_references(seed: int, lowest: int) -> None:
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, 4, 150)
    answer = np.clip(gold + rng.integers(-1, 2, 150), 0, 3)
    found = ordinal_figures(gold + lowest + 0.0, answer + lowest + 0.0, range(lowest, lowest + 4))
    assert found["quadratic_kappa"] == pytest.approx(
        metrics.cohen_kappa_score(gold, answer, weights="quadratic"), abs=1e-9
    )
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(gold, answer), abs=1e-9)
    assert found["pearson"] == pytest.approx(stats.pearsonr(gold, answer)[0], abs=1e-9)
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(gold, answer), abs=1e-9)


def test_a_level_that_never_occurs_changes_nothing() -> None:
    gold, answer = np.array([0.0, 1, 3, 3, 1]), np.array([0.0, 3, 3, 1, 1])  # nobody says 2
    expected = metrics.cohen_kappa_score(
        [0, 1, 3, 3, 1], [0, 3, 3, 1, 1], labels=[0, 1, 2, 3], weights="quadratic"
    )
    assert ordinal_figures(gold, answer, range(4))["quadratic_kappa"] == pytest.approx(expected)


def test_only_rows_with_gold_and_answer_count() -> None:
    gold, answer = np.array([0, 1, 2, np.nan, 3]), np.array([0, 2, 2, 3, np.nan])
    assert ordinal_figures(gold, answer, range(4)) == pytest.approx(
        ordinal_figures(gold[:3], answer[:3], range(4))
    )


@pytest.mark.parametrize(
    ("gold", "answer", "because"),
    [
        ([], [], "there are no rows"),
        ([np.nan], [1.0], "no row has gold"),
        ([1.0, 2.0], [np.nan, np.nan], "no row has an answer"),
    ],
)
def test_nothing_to_compare(gold: list[float], answer: list[float], because: str) -> None:
    found = ordinal_figures(np.array(gold), np.array(answer), range(4))
    assert found == dict.fromkeys(ORDINAL_FIGURES, Undefined(because))
    assert bootstrap_ordinals(np.array(gold), np.array(answer), range(4), resamples=9) == {}


def test_one_level_only() -> None:
    still, vary = np.full(5, 2.0), np.array([0.0, 1, 2, 3, 3])
    found = ordinal_figures(still, still, range(4))
    assert found["quadratic_kappa"] == Undefined("gold and the answer never varied")
    assert (found["accuracy"], found["rmse"]) == (1.0, 0.0)
    found = ordinal_figures(vary, still, range(4))
    assert found["pearson"] == Undefined("the answer never varied")
    assert found["quadratic_kappa"] == pytest.approx(0.0)  # as chance would have it
    intervals = bootstrap_ordinals(vary, still, range(4), resamples=50)
    assert "pearson" not in intervals
    assert "rmse" in intervals


def test_levels_outside_the_task() -> None:
    with pytest.raises(SourceError, match=r"in the answers: 1.5, 7.*It has: 0, 1, 2, 3"):
        ordinal_figures(np.zeros(3), np.array([0, 1.5, 7]), range(4))
