"""Intervals against plain resampling by hand, over rows and over groups."""

import time

import numpy as np
import pytest

from tests.transforms.evaluate.test_metrics import draw
from transforms.evaluate.bootstrap import bootstrap, bootstrap_f1
from transforms.evaluate.calibration import bootstrap_ece, calibration_sums
from transforms.evaluate.figures import Figure, Undefined
from transforms.evaluate.label_sums import label_sums
from transforms.evaluate.metrics import count, scores_of
from transforms.evaluate.ordinals import bootstrap_ordinals, ordinal_figures
from transforms.evaluate.scalars import bootstrap_scalars, scalar_figures

sklearn_metrics = pytest.importorskip("sklearn.metrics", reason="needs the extra 'evaluate'")


def bounds(values: list[float]) -> tuple[float, float]:
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))


def test_equals_plain_resampling() -> None:
    gold, given = draw(150, 4, 7)
    found = bootstrap_f1(gold, given, resamples=200, seed=3)
    drawn = np.random.default_rng(3).integers(0, 150, (200, 150))
    macro = [sklearn_metrics.f1_score(gold[i], given[i], average="macro") for i in drawn]
    micro = [sklearn_metrics.f1_score(gold[i], given[i], average="micro") for i in drawn]
    same = [sklearn_metrics.accuracy_score(gold[i], given[i]) for i in drawn]
    assert found["macro_f1"] == pytest.approx(bounds(macro), abs=1e-9)
    assert found["micro_f1"] == pytest.approx(bounds(micro), abs=1e-9)
    assert found["subset_accuracy"] == pytest.approx(bounds(same), abs=1e-9)


def test_groups_are_drawn_whole() -> None:
    gold, given = draw(120, 3, 2)
    groups = np.random.default_rng(5).choice(["a", "b", "c", "d", "e", "f", "g"], 120)
    found = bootstrap_f1(gold, given, groups=groups, resamples=100, seed=4)
    members = [np.flatnonzero(groups == name) for name in sorted(set(groups))]
    macro = []
    for units in np.random.default_rng(4).integers(0, 7, (100, 7)):
        rows = np.concatenate([members[unit] for unit in units])
        macro.append(sklearn_metrics.f1_score(gold[rows], given[rows], average="macro"))
    assert found["macro_f1"] == pytest.approx(bounds(macro), abs=1e-9)


@pytest.mark.parametrize("grouped", [False, True])
def test_sums_and_functions_draw_the_same(grouped: bool) -> None:
    rng = np.random.default_rng(0)
    gold, given = draw(90, 3, 1)
    asked = rng.random(gold.shape) < 0.7
    x, y = rng.normal(size=(2, 90)).round(1)
    x[::7] = np.nan
    levels = rng.integers(0, 4, (2, 90)).astype(float)
    options = {"groups": np.arange(90) // 4 if grouped else None, "resamples": 60, "seed": 9}

    def slowly(rows: np.ndarray) -> dict[str, Figure]:
        counts = count(gold[rows], given[rows], asked[rows])
        scores = scores_of(counts, list("abc"), exclusive=True).figures
        ordinal = ordinal_figures(levels[0, rows], levels[1, rows], range(4))
        return scores | scalar_figures(x[rows], y[rows]) | {f"o_{k}": v for k, v in ordinal.items()}

    fast = bootstrap_f1(gold, given, asked, exclusive=True, **options)
    fast |= bootstrap_scalars(x, y, **options)
    ordinals = bootstrap_ordinals(levels[0], levels[1], range(4), **options)
    fast |= {f"o_{name}": interval for name, interval in ordinals.items()}
    slow = bootstrap(slowly, 90, **options)
    assert set(fast) == set(slow)
    assert len(fast) == 4 + 5 + 4
    for name, interval in slow.items():
        assert fast[name] == pytest.approx(interval, abs=1e-9), name


def test_calibration_error_is_resampled_too() -> None:
    rng = np.random.default_rng(1)
    probability = rng.random((80, 2))
    truth = rng.random((80, 2)) < probability
    found = bootstrap_ece(probability, truth, 5, resamples=50, seed=2)

    def slowly(rows: np.ndarray) -> dict[str, Figure]:
        return dict(calibration_sums(probability[rows], truth[rows], 5).whole())

    assert found["ece"] == pytest.approx(
        bootstrap(slowly, 80, resamples=50, seed=2)["ece"], abs=1e-9
    )


@pytest.mark.parametrize("seed", range(4))
def test_sums_are_the_scores(seed: int) -> None:
    gold, given = draw(50, 4, seed)
    gold[:, 3] = given[:, 3] = False  # a label that never occurs
    asked = np.random.default_rng(seed).random(gold.shape) < 0.5 if seed % 2 else None
    sums = label_sums(gold, given, asked, exclusive=True).whole()
    scores = scores_of(count(gold, given, asked), list("abcd"), exclusive=True)
    assert sums == pytest.approx(scores.figures, abs=1e-12)


def test_no_interval_where_there_is_nothing_to_draw() -> None:
    nothing = np.zeros((0, 2), bool)
    assert bootstrap_f1(nothing, nothing) == {}
    assert bootstrap_f1(np.zeros((5, 2), bool), np.zeros((5, 2), bool)) == {}
    ones = np.ones((5, 2), bool)
    assert bootstrap_f1(ones, ones, ~ones) == {}
    assert bootstrap_f1(ones[:1], ones[:1]) == {}  # one row: every resample is that row
    assert bootstrap_f1(ones, ones, groups=np.zeros(5)) == {}  # one conversation
    assert bootstrap_f1(ones, ones)["macro_f1"] == (1.0, 1.0)


def test_a_figure_that_resamples_seldom_have_gets_no_interval() -> None:
    def figures(rows: np.ndarray) -> dict[str, Figure]:
        often = 1.0 if 0 in rows else Undefined("row 0 was not drawn")  # 63 % of resamples
        seldom = 1.0 if (rows == 0).sum() > 2 else Undefined("row 0 was not drawn thrice")
        return {"often": often, "seldom": seldom}

    assert bootstrap(figures, 40, resamples=300) == {"often": (1.0, 1.0)}


def test_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(8)
    covered = 0
    for trial in range(200):
        sample = (rng.random((100, 1)) < 0.7, np.ones((100, 1), bool))  # accuracy .7
        low, high = bootstrap_f1(*sample, resamples=200, seed=trial)["subset_accuracy"]
        covered += low <= 0.7 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_seeded_and_fast() -> None:
    gold, given = draw(5000, 28, 1)
    started = time.perf_counter()
    found = bootstrap_f1(gold, given, resamples=1000, seed=0)
    assert time.perf_counter() - started < 4  # 2 s on an idle core, twice that under load
    assert found == bootstrap_f1(gold, given, resamples=1000, seed=0)
    assert found != bootstrap_f1(gold, given, resamples=1000, seed=1)
    low, high = found["macro_f1"]
    assert low < scores_of(count(gold, given), [str(i) for i in range(28)]).macro_f1 < high


@pytest.mark.slow
def test_large_data_take_seconds() -> None:
    gold, given = draw(100_000, 28, 1)
    x, y = np.random.default_rng(0).normal(size=(2, 50_000))
    for job in (lambda: bootstrap_f1(gold, given), lambda: bootstrap_scalars(x, y)):
        started = time.perf_counter()
        assert job()
        assert time.perf_counter() - started < 20  # 2 to 5 s on idle cores
