"""Annotators against the majority of the others, by hand and by a plain loop."""

import numpy as np
import pytest

from transforms.evaluate.annotations import LabelAnnotations, ValueAnnotations
from transforms.evaluate.ceiling import human_ceiling, human_ceiling_values
from transforms.evaluate.figures import Undefined
from transforms.evaluate.metrics import count, scores_of
from transforms.evaluate.ordinals import ordinal_figures
from transforms.evaluate.scalars import scalar_figures

pytestmark = pytest.mark.filterwarnings("error")


def test_worked_by_hand() -> None:
    # Unit 1: a, a, b. Against the majority of the two others: {} ("a" has one of two), {}, {a}.
    # Unit 2: a, a, a: each right. Unit 3 has one annotator, and does not count.
    unit, annotator = np.array([1, 1, 1, 2, 2, 2, 3]), np.array([1, 2, 3, 1, 2, 3, 1])
    given = np.array([[1, 0], [1, 0], [0, 1], [1, 0], [1, 0], [1, 0], [1, 0]], bool)
    found = human_ceiling(LabelAnnotations(unit, annotator, given), ["a", "b"], resamples=50)
    assert (found.annotations, found.units) == (6, 2)
    # a: 5 given, 4 in gold, 3 in both; b: 1 given, never in gold
    assert found.per_label["a"].f1 == pytest.approx(6 / 9)
    assert found.per_label["b"].f1 == 0.0
    assert found.figures == pytest.approx(
        {"macro_f1": 3 / 9, "micro_f1": 6 / 10, "subset_accuracy": 0.5}
    )
    assert found.by_annotator[3]["micro_f1"] == pytest.approx(2 / 4)
    assert found.by_annotator[1] == found.by_annotator[2]
    assert found.to_json()["annotators"] == 3
    low, high = found.intervals["micro_f1"]
    assert low <= 0.6 <= high


def loop(annotations: LabelAnnotations) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gold, answers and what was asked, one annotation at a time."""
    gold, given, asked = [], [], []
    for unit, person, own, could in zip(
        annotations.unit, annotations.annotator, annotations.given, annotations.asked, strict=True
    ):
        others = (annotations.unit == unit) & (annotations.annotator != person)
        voters = annotations.asked[others].sum(axis=0)
        votes = (annotations.given & annotations.asked)[others].sum(axis=0)
        gold.append(votes > voters / 2)
        given.append(own)
        asked.append(could & (voters > 0))
    return np.array(gold), np.array(given), np.array(asked)


@pytest.mark.parametrize("seed", range(4))
def test_equal_to_a_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    unit = rng.integers(0, 30, 90)
    unit, annotator = np.unique(np.stack([unit, rng.integers(0, 6, 90)]), axis=1)
    shape = (len(unit), 3)
    annotations = LabelAnnotations(
        unit, annotator, rng.random(shape) < 0.5, rng.random(shape) < 0.8
    )
    found = human_ceiling(annotations, list("abc"), exclusive=True, resamples=10)
    gold, given, asked = loop(annotations)
    decided = gold.any(
        axis=1
    )  # of labels that exclude one another, the others must have agreed on one
    expected = scores_of(
        count(gold[decided], given[decided], asked[decided]), list("abc"), exclusive=True
    )
    several = human_ceiling(annotations, list("abc"), resamples=10)
    assert several.figures == scores_of(count(gold, given, asked), list("abc")).figures
    assert found.figures == pytest.approx(expected.figures, abs=1e-12)
    assert set(found.intervals) == {"macro_f1", "micro_f1", "subset_accuracy", "accuracy"}


def test_numbers_against_the_mean_of_the_others() -> None:
    rng = np.random.default_rng(1)
    ratings = rng.normal(size=20)[:, None] + rng.normal(size=(20, 3))
    ratings[rng.random((20, 3)) < 0.2] = np.nan
    unit, annotator = np.indices((20, 3)).reshape(2, -1)
    found = human_ceiling_values(
        ValueAnnotations(unit, annotator, ratings.reshape(-1)), resamples=20
    )
    gold = np.full((20, 3), np.nan)
    for row, column in np.ndindex(20, 3):
        others = [x for x in np.delete(ratings[row], column) if not np.isnan(x)]
        gold[row, column] = np.mean(others) if others else np.nan
    expected = scalar_figures(gold.reshape(-1), ratings.reshape(-1))
    assert found.figures == pytest.approx(expected, abs=1e-12)
    assert found.annotations == (~np.isnan(gold) & ~np.isnan(ratings)).sum()
    of_one = scalar_figures(gold[:, 2], ratings[:, 2])
    assert found.by_annotator[2] == pytest.approx(of_one, abs=1e-12)
    assert "pearson" in found.intervals


def test_levels_against_the_mean_rounded_half_up() -> None:
    # unit 0: 0, 1, 2; the others' means 1.5, 1, .5 are levels 2, 1, 1; unit 1: 3, 3, 3
    unit, annotator = np.repeat([0, 1], 3), np.tile([0, 1, 2], 2)
    given = np.array([0.0, 1, 2, 3, 3, 3])
    found = human_ceiling_values(ValueAnnotations(unit, annotator, given), range(4), resamples=20)
    assert found.figures == ordinal_figures(np.array([2.0, 1, 1, 3, 3, 3]), given, range(4))
    assert found.figures["accuracy"] == pytest.approx(4 / 6)


def test_nobody_to_compare_with() -> None:
    alone = LabelAnnotations(np.arange(3), np.zeros(3, np.int64), np.ones((3, 2), bool))
    found = human_ceiling(alone, ["a", "b"], exclusive=True)
    assert (found.annotations, found.units, found.intervals, found.by_annotator) == (0, 0, {}, {})
    assert found.figures["macro_f1"] == Undefined("no label occurs in gold or answers")
    assert found.figures["accuracy"] == Undefined("no row has a gold label")
    values = ValueAnnotations(np.arange(3), np.zeros(3, np.int64), np.arange(3.0))
    for levels in (None, range(4)):
        of_values = human_ceiling_values(values, levels)
        assert of_values.figures["pearson"] == Undefined("there are no rows")
        assert of_values.to_json()["pearson"] == {"undefined": "there are no rows"}
