"""Figures of audits against reference implementations."""

import numpy as np
import pytest

from transforms.audit.answers import Answers
from transforms.audit.auc import auc, class_figures
from transforms.audit.divergence import divergence, jensen_shannon
from transforms.audit.diversity import block_ratios, words_of
from transforms.audit.exchange import memberships
from transforms.audit.holm import holm
from transforms.audit.measured import Draw
from transforms.audit.probe import stratified_folds
from transforms.audit.stability_figures import stability
from transforms.audit.telling import telling_ngrams
from transforms.evaluate.figures import Undefined


def test_auc_is_that_of_scikit_learn_also_when_rows_are_drawn_several_times() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    score = np.round(rng.normal(size=200), 1)  # with ties
    truth = rng.random(200) < 0.3
    times = rng.integers(0, 4, (20, 200))
    found = auc(score, truth).drawn(times)["auc"]
    expected = [metrics.roc_auc_score(truth, score, sample_weight=weights) for weights in times]
    assert found == pytest.approx(expected, abs=1e-12)
    assert np.isnan(auc(score, np.zeros(200, np.bool_)).drawn(times)["auc"]).all()


def test_figures_of_classes_are_those_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(2)
    classes, scores = rng.integers(0, 3, 150), rng.normal(size=(150, 3))
    decided = rng.integers(0, 3, 150)
    found = class_figures(scores, decided, classes).drawn(np.ones((1, 150), np.int64))
    assert found["accuracy"][0] == pytest.approx(metrics.accuracy_score(classes, decided))
    assert found["macro_f1"][0] == pytest.approx(
        metrics.f1_score(classes, decided, average="macro")
    )
    balanced = metrics.balanced_accuracy_score(classes, decided)
    assert found["balanced_accuracy"][0] == pytest.approx(balanced)
    areas = [metrics.roc_auc_score(classes == k, scores[:, k]) for k in range(3)]
    assert found["auc"][0] == pytest.approx(np.mean(areas))


def test_divergence_is_the_squared_distance_of_scipy() -> None:
    distance = pytest.importorskip("scipy.spatial.distance")
    rng = np.random.default_rng(3)
    first, second = rng.integers(0, 9, (2, 10, 5)).astype(float)
    expected = [
        distance.jensenshannon(p, q, base=2) ** 2 for p, q in zip(first, second, strict=True)
    ]
    assert jensen_shannon(first, second) == pytest.approx(expected, abs=1e-12)
    assert jensen_shannon(np.array([1.0, 0]), np.array([0, 2.0])) == 1
    given = np.array([[True, False]] * 30 + [[False, True]] * 30)
    found = divergence(given, np.repeat([False, True], 30), Draw(resamples=200))
    assert found["divergence"].value == 1
    assert found["divergence"].p == pytest.approx(1 / 201)


def test_alpha_is_that_of_krippendorff_where_each_row_has_one_label() -> None:
    library = pytest.importorskip("krippendorff")
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 4, (2, 80))
    labels[1, :50] = labels[0, :50]
    one, other = (np.eye(4, dtype=bool)[each] for each in labels)
    nothing = np.full((80, 4), np.nan)
    answered = np.ones(80, np.bool_)
    found = stability(Answers(answered, one, nothing), Answers(answered, other, nothing), Draw(100))
    expected = library.alpha(reliability_data=labels, level_of_measurement="nominal")
    assert found["alpha"].value == pytest.approx(expected, abs=1e-12)
    assert found["equal"].value == (labels[0] == labels[1]).mean()
    assert isinstance(found["probability_change"].value, Undefined)


def test_alpha_of_values_is_that_of_krippendorff() -> None:
    library = pytest.importorskip("krippendorff")
    rng = np.random.default_rng(5)
    values = rng.random((2, 60, 2))
    values[1] = values[0] + rng.normal(scale=0.1, size=(60, 2))
    empty, nothing = np.zeros((60, 2), np.bool_), np.full((60, 2), np.nan)
    sides = [Answers(np.ones(60, np.bool_), empty, nothing, each) for each in values]
    found = stability(*sides, Draw(100))
    expected = np.mean(
        [library.alpha(values[:, :, k], level_of_measurement="interval") for k in range(2)]
    )
    assert found["alpha"].value == pytest.approx(expected, abs=1e-9)
    assert found["value_change"].value == pytest.approx(np.abs(values[0] - values[1]).mean())


def test_holm() -> None:
    # By hand: .005 x 4, .01 x 3, .03 x 2 and .04, which may not be below .06.
    gap = Undefined("none")
    assert holm([0.01, 0.04, gap, 0.03, 0.005]) == [0.03, 0.06, gap, 0.06, 0.02]
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_exchanged_members_keep_what_must_stay() -> None:
    code = np.array([0, 0, 1, 1, 2, 2, 0, 1, 1, 2])
    for codes in memberships(code, Draw(resamples=50), None, 30):
        assert len(codes) == 3 or len(codes) == 2
        assert (np.sort(codes, axis=1) == np.sort(code)).all()
    units = np.array(
        [0, 0, 1, 1, 2, 2, 3, 3, 3, 3]
    )  # the last lies in all groups, the others in one each
    seen = set()
    for codes in memberships(code, Draw(resamples=50), units, 1000):
        for row in codes:
            assert row[0] == row[1] and row[2] == row[3] and row[4] == row[5]  # noqa: PT018
            assert sorted(row[:6]) == [0, 0, 1, 1, 2, 2]
            assert sorted(row[6:]) == [0, 1, 1, 2]
            seen.add(tuple(row))
    assert len(seen) > 25


def test_folds_hold_classes_in_equal_shares_and_groups_whole() -> None:
    classes = np.array([0] * 40 + [1] * 10)
    fold = stratified_folds(classes, 5, [0, 0])
    for number in range(5):
        assert ((fold == number) & (classes == 0)).sum() == 8
        assert ((fold == number) & (classes == 1)).sum() == 2
    groups = np.arange(50) // 5
    fold = stratified_folds(classes, 5, [0, 0], groups)
    assert all(len(set(fold[groups == group])) == 1 for group in range(10))
    assert sorted(np.bincount(fold)) == [10] * 5


def test_variety_of_blocks_by_hand() -> None:
    words = words_of(["A b a b", "a b."])
    assert words == [["a", "b", "a", "b"], ["a", "b"]]
    # One block of four: a b a b; pairs ab, ba, ab: 2 of 3. Or a b | a b: pairs ab, ab: 1 of 2.
    found = block_ratios(words, seed=0, size=4)
    assert found.shape == (1, 2)
    assert found[0, 0] == 0.5
    assert found[0, 1] in (pytest.approx(2 / 3), 0.5)
    assert block_ratios([], seed=0).shape == (0, 2)


def test_telling_ngrams_need_five_texts_and_have_no_digits() -> None:
    texts = ["call 555 now please"] * 6 + ["rare word"] * 2 + ["please wait here"] * 6
    found = telling_ngrams(texts, ["a"] * 8 + ["b"] * 6)
    told = {ngram for each in found.values() for ngram, _ in each}
    assert {"call", "now", "wait", "wait here"} <= told
    assert not {"rare", "word", "555"} & told
    assert {ngram for ngram, _ in found["a"]} & {"wait", "here"} == set()
    assert telling_ngrams(["one"], ["a"]) == {"a": []}
