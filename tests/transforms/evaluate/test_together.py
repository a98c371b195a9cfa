"""Figures of several labels or dimensions drawn together are those of each drawn alone."""

import numpy as np
import pytest

from transforms.evaluate.bootstrap import bootstrap
from transforms.evaluate.paired import paired_test
from transforms.evaluate.scalars import bootstrap_scalars, scalar_figures, scalar_sums
from transforms.evaluate.together import Together, each_label

RNG = np.random.default_rng(0)


def test_each_label_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    gold, given = (RNG.random((200, 3)) < share for share in (0.4, 0.5))
    found = each_label(gold, given, ["a", "b", "c"]).whole()
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(gold, given)
    for place, name in enumerate("abc"):
        assert found[f"f1.{name}"] == pytest.approx(f1[place], abs=1e-12)
        assert found[f"precision.{name}"] == pytest.approx(precision[place], abs=1e-12)
        assert found[f"recall.{name}"] == pytest.approx(recall[place], abs=1e-12)


def test_cells_that_were_not_asked_do_not_count():
    gold, given, asked = (RNG.random((50, 2)) < 0.5 for _ in range(3))
    found = each_label(gold, given, ["a", "b"], asked).whole()
    rows = asked[:, 0]
    alone = each_label(gold[rows, :1], given[rows, :1], ["a"]).whole()
    assert {name: found[name] for name in alone} == alone


def test_a_dimension_drawn_with_others_has_its_own_interval():
    gold = RNG.random((80, 2))
    answer = gold + RNG.normal(0, 0.3, gold.shape)
    both = Together({n: [scalar_sums(gold[:, i], answer[:, i])] for i, n in enumerate("xy")})
    found = bootstrap(both, 80, resamples=100, seed=3)
    alone = bootstrap_scalars(gold[:, 1], answer[:, 1], resamples=100, seed=3)
    assert found["pearson.y"] == alone["pearson"]
    figures = [scalar_figures(gold[:, i], answer[:, i])["rmse"] for i in range(2)]
    whole = both.drawn(np.ones((1, 80), np.int64))
    assert whole["rmse"][0] == pytest.approx(np.mean(figures), abs=1e-12)


def test_an_exchange_changes_all_dimensions_of_a_row():
    gold = RNG.random((60, 2))
    good, bad = (gold + RNG.normal(0, spread, gold.shape) for spread in (0.1, 1.0))

    def both(answer):
        return Together({n: [scalar_sums(gold[:, i], answer[:, i])] for i, n in enumerate("xy")})

    found = paired_test(both(bad), both(good), resamples=200)
    assert found["pearson"].difference > 0
    assert found["pearson"].p == pytest.approx(1 / 201)
    swapped = both(bad).against(both(good))(np.ones((1, 60), np.bool_))
    assert swapped[0]["pearson"][0] == pytest.approx(found["pearson"].second, abs=1e-9)
    assert swapped[1]["rmse.x"][0] == pytest.approx(found["rmse.x"].first, abs=1e-9)
