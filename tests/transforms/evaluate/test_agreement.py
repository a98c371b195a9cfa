"""Kappa and alpha against scikit-learn, krippendorff, published examples, and counters of a few lines."""

import itertools
from collections import defaultdict
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import SourceError
from transforms.evaluate.agreement import (
    annotator_agreement,
    cohen_kappa,
    krippendorff_alpha,
    value_agreement,
)
from transforms.evaluate.alpha import alpha_from_sums, masi_distance, set_alpha
from transforms.evaluate.annotations import LabelAnnotations, ValueAnnotations, pairs
from transforms.evaluate.figures import Undefined

metrics = pytest.importorskip("sklearn.metrics", reason="needs the extra 'evaluate'")
krippendorff = pytest.importorskip("krippendorff", reason="needs the extra 'evaluate'")

pytestmark = pytest.mark.filterwarnings("error")

_ = np.nan
# Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011, part D: four observers, twelve units.
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
)


def test_kappa_worked_example() -> None:
    # 20 both yes, 5 and 10 at odds, 15 both no: observed .7, by chance .5, kappa .4
    a = np.repeat(["yes", "yes", "no", "no"], [20, 5, 10, 15])
    b = np.repeat(["yes", "no", "yes", "no"], [20, 5, 10, 15])
    assert cohen_kappa(a, b) == pytest.approx(0.4, abs=1e-12)


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
@pytest.mark.parametrize("seed", range(4))
def test_kappa_equals_sklearn(weights: str | None, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 5, 80)
    b = np.where(rng.random(80) < 0.6, a, rng.integers(0, 5, 80))
    a[a == 3], b[b == 3] = 1, 1  # a level that never occurs
    expected = metrics.cohen_kappa_score(a, b, weights=weights)
    assert cohen_kappa(a, b, weights) == pytest.approx(expected, abs=1e-9)
    expected = metrics.cohen_kappa_score(a, b, weights=weights, labels=range(5))
    assert cohen_kappa(a, b, weights, range(5)) == pytest.approx(expected, abs=1e-9)


def test_kappa_leaves_out_what_one_did_not_say() -> None:
    a = np.array(["x", None, "y", "x", "y"], object)
    b = np.array(["x", "y", "y", "y", None], object)
    assert cohen_kappa(a, b) == pytest.approx(
        metrics.cohen_kappa_score(["x", "y", "x"], ["x", "y", "y"])
    )
    numbers = np.array([1.0, np.nan, 2.0, 1.0]), np.array([1.0, 2.0, 2.0, 2.0])
    assert cohen_kappa(*numbers) == pytest.approx(metrics.cohen_kappa_score([1, 2, 1], [1, 2, 2]))


def test_kappa_that_does_not_exist() -> None:
    ones = np.ones(3)
    assert cohen_kappa(ones, ones) == Undefined("both never varied")
    assert cohen_kappa(ones, ones, "quadratic", [0, 1, 2]) == Undefined("both never varied")
    assert cohen_kappa(ones, ones * 2) == 0.0  # never agree, and chance would not either
    assert cohen_kappa(ones[:0], ones[:0]) == Undefined("no unit has values of both")
    assert cohen_kappa(ones, ones * np.nan) == Undefined("no unit has values of both")
    with pytest.raises(SourceError, match=r"1 different values .* They are: 0, 1"):
        cohen_kappa(ones, ones * 7, values=[0, 1])


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_published_example(level: str, published: float) -> None:
    found = krippendorff_alpha(KRIPPENDORFF, level)
    assert round(found, 3) == published
    assert found == pytest.approx(krippendorff.alpha(KRIPPENDORFF, None, None, level), abs=1e-9)


@settings(deadline=None, max_examples=80)
@given(
    st.integers(0, 10_000), st.integers(2, 5), st.sampled_from(["nominal", "ordinal", "interval"])
)
def test_alpha_from_sums_equals_the_library(seed: int, values: int, level: str) -> None:
    rng = np.random.default_rng(seed)
    scale = np.sort(rng.choice(50, values, replace=False)).astype(float)
    ratings = scale[rng.integers(0, values, (4, 9))]
    ratings[rng.random((4, 9)) < 0.3] = np.nan
    unit = np.nonzero(np.isfinite(ratings.T))[0]
    value = ratings.T[np.isfinite(ratings.T)]
    shared = np.isin(unit, np.flatnonzero(np.bincount(unit) > 1))
    unit, value = np.unique(unit[shared], return_inverse=True)[1], value[shared]
    if len(np.unique(value)) > 1:
        expected = krippendorff.alpha(ratings, None, None, level)
        assert alpha_from_sums(unit, value, level) == pytest.approx(expected, abs=1e-9)
        assert krippendorff_alpha(ratings, level) == pytest.approx(expected, abs=1e-9)


def test_alpha_of_many_different_numbers_needs_no_table() -> None:
    # The library would hold 2,000 x 4,000 x 4,000 numbers here.
    rng = np.random.default_rng(0)
    truth = rng.normal(size=2000)
    ratings = truth + rng.normal(size=(2, 2000))  # half of the variance is shared
    assert krippendorff_alpha(ratings, "interval") == pytest.approx(0.5, abs=0.05)
    assert krippendorff_alpha(ratings, "ordinal") == pytest.approx(0.48, abs=0.05)


def test_alpha_that_does_not_exist() -> None:
    assert krippendorff_alpha(np.ones((3, 4))) == Undefined(
        "all annotators gave the same everywhere"
    )
    alone = Undefined("no unit has two annotators")
    assert krippendorff_alpha(np.array([[1.0, 2.0, 3.0]])) == alone
    assert krippendorff_alpha(np.array([[1.0, _], [_, 2.0]])) == alone
    assert krippendorff_alpha(np.full((2, 2), _)) == alone
    assert krippendorff_alpha(np.empty((0, 0))) == alone
    nones = np.array([[1, None, 1], [1, 2, None], [None, 2, 2]], object)
    assert krippendorff_alpha(nones) < 1


def test_masi_distance() -> None:
    # Passonneau 2006: Jaccard 1/2 and a subset, 1/3 and each has something of its own, disjoint, equal.
    shared, first, second = (
        np.array([1, 1, 0, 2, 0, 0]),
        np.array([2, 2, 1, 2, 0, 0]),
        np.array([1, 2, 2, 2, 0, 3]),
    )
    assert masi_distance(shared, first, second) == pytest.approx(
        [1 - 1 / 2 * 2 / 3, 1 - 1 / 3 * 1 / 3, 1, 0, 0, 1]
    )


def sets_of(*rows: tuple[int, int, str]) -> LabelAnnotations:
    unit, annotator, labels = zip(*rows, strict=True)
    given = [[name in one for name in "abcd"] for one in labels]
    return LabelAnnotations(np.array(unit), np.array(annotator), np.array(given))


def test_set_alpha_worked_by_hand() -> None:
    # Distances 0, 2/3, 1 within units: observed 5/9. Of the six sets four are {a}, one {b}, one {a, b}:
    # expected (2 * 4 * 2/3 + 2 * 4 * 1 + 2 * 2/3) / 30 = 22/45.
    found = set_alpha(
        sets_of((1, 1, "a"), (1, 2, "a"), (2, 1, "ab"), (2, 2, "a"), (3, 1, "b"), (3, 2, "a"))
    )
    assert found == pytest.approx(1 - (5 / 9) / (22 / 45), abs=1e-12)


def masi_alpha(units: dict[int, list[frozenset[str]]]) -> Fraction:
    """Alpha by its definition: mean distance within units against mean distance of all."""

    def apart(a: frozenset[str], b: frozenset[str]) -> Fraction:
        like = 3 if a == b else 2 if a <= b or b <= a else 1 if a & b else 0
        return 1 - Fraction(len(a & b), len(a | b)) * Fraction(like, 3) if a | b else Fraction(0)

    units = {unit: sets for unit, sets in units.items() if len(sets) > 1}
    everything = [one for sets in units.values() for one in sets]
    n = len(everything)
    within = sum(
        Fraction(1, len(sets) - 1) * sum(apart(a, b) for a, b in itertools.permutations(sets, 2))
        for sets in units.values()
    )
    return 1 - within * (n - 1) / sum(apart(a, b) for a, b in itertools.permutations(everything, 2))


@pytest.mark.parametrize("seed", range(8))
def test_set_alpha_equals_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, units = [], defaultdict(list)
    for unit in range(12):
        for annotator in rng.choice(5, rng.integers(1, 5), replace=False):
            labels = "".join(name for name in "abcd" if rng.random() < 0.4)
            rows.append((unit, int(annotator), labels))
            units[unit].append(frozenset(labels))
    assert set_alpha(sets_of(*rows)) == pytest.approx(float(masi_alpha(units)), abs=1e-9)


def annotate(seed: int, *, exclusive: bool = False) -> LabelAnnotations:
    """Five annotators, of whom each unit has one to four."""
    rng = np.random.default_rng(seed)
    unit, annotator = [], []
    for number in range(40):
        people = rng.choice(5, rng.integers(1, 5), replace=False)
        unit += [number * 3] * len(people)  # numbers need not be dense
        annotator += [int(person) + 7 for person in people]
    truth = rng.random((40, 3)) < 0.4
    given = truth[np.array(unit) // 3] ^ (rng.random((len(unit), 3)) < 0.2)
    if exclusive:
        given = np.eye(3, dtype=bool)[rng.integers(0, 3, len(unit))]
    return LabelAnnotations(np.array(unit), np.array(annotator), given)


def as_matrix(annotations: LabelAnnotations, values: np.ndarray) -> np.ndarray:
    matrix = np.full((5, 40), np.nan)
    matrix[annotations.annotator - 7, annotations.unit // 3] = values
    return matrix


def mean_kappa(matrix: np.ndarray, **options: object) -> float:
    """Over pairs of annotators, weighted by the units that they share."""
    kappas, weights = [], []
    for a, b in itertools.combinations(matrix, 2):
        both = ~np.isnan(a) & ~np.isnan(b)
        if both.any() and len(set(a[both]) | set(b[both])) > 1:
            kappas.append(metrics.cohen_kappa_score(a[both], b[both], **options))
            weights.append(both.sum())
    return float(np.average(kappas, weights=weights))


@pytest.mark.parametrize("seed", range(4))
def test_agreement_on_labels(seed: int) -> None:
    annotations = annotate(seed)
    found = annotator_agreement(annotations, ["a", "b", "c"])
    sizes = np.unique(annotations.unit, return_counts=True)[1]
    assert (found.annotators, found.units, found.shared_units) == (5, 40, (sizes > 1).sum())
    for i, name in enumerate("abc"):
        matrix = as_matrix(annotations, annotations.given[:, i].astype(float))
        expected = krippendorff.alpha(matrix, None, None, "nominal")
        assert found.alpha[name] == pytest.approx(expected, abs=1e-9)
        assert found.kappa[name] == pytest.approx(mean_kappa(matrix), abs=1e-9)
    assert found.mean_alpha == pytest.approx(np.mean(list(found.alpha.values())), abs=1e-12)
    assert found.mean_kappa == pytest.approx(np.mean(list(found.kappa.values())), abs=1e-12)
    assert found.category_alpha is None
    assert "category_alpha" not in found.to_json()


def test_agreement_on_one_label_of_several() -> None:
    annotations = annotate(1, exclusive=True)
    found = annotator_agreement(annotations, ["a", "b", "c"], exclusive=True)
    matrix = as_matrix(annotations, annotations.given.argmax(axis=1).astype(float))
    assert found.category_alpha == pytest.approx(
        krippendorff.alpha(matrix, None, None, "nominal"), abs=1e-9
    )
    assert found.category_kappa == pytest.approx(mean_kappa(matrix), abs=1e-9)
    # Of sets of one label, any two different ones are as far apart as any others: nominal alpha.
    assert found.sets == pytest.approx(found.category_alpha, abs=1e-9)


def test_many_pairs_are_counted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    annotations = annotate(0)
    at_once = annotator_agreement(annotations, ["a", "b", "c"]).kappa
    monkeypatch.setattr("transforms.evaluate.pairwise._CELLS", 8)  # two pairs of annotators
    assert annotator_agreement(annotations, ["a", "b", "c"]).kappa == pytest.approx(at_once)
    sets = set_alpha(annotations)
    monkeypatch.setattr("transforms.evaluate.alpha._SETS", 3)
    assert set_alpha(annotations) == pytest.approx(sets, abs=1e-12)


def test_labels_that_were_not_asked_do_not_disagree() -> None:
    whole = annotate(2)
    asked = np.random.default_rng(2).random(whole.given.shape) < 0.7
    found = annotator_agreement(
        LabelAnnotations(whole.unit, whole.annotator, whole.given, asked), ["a", "b", "c"]
    )
    for i, name in enumerate("abc"):
        values = np.where(asked[:, i], whole.given[:, i], np.nan)
        matrix = as_matrix(whole, values)
        expected = krippendorff.alpha(matrix, None, None, "nominal")
        assert found.alpha[name] == pytest.approx(expected, abs=1e-9)
        assert found.kappa[name] == pytest.approx(mean_kappa(matrix), abs=1e-9)


def test_agreement_on_levels_and_numbers() -> None:
    frame = annotate(3)
    values = np.random.default_rng(3).integers(0, 4, len(frame.unit)).astype(float)
    values[::9] = np.nan
    rated = {"joy": ValueAnnotations(frame.unit, frame.annotator, values)}
    matrix = as_matrix(frame, values)
    found = value_agreement(rated, range(4))
    expected = krippendorff.alpha(matrix, None, None, "ordinal")
    assert found.alpha["joy"] == found.mean_alpha == pytest.approx(expected, abs=1e-9)
    assert found.kappa["joy"] == pytest.approx(
        mean_kappa(matrix, weights="quadratic", labels=range(4)), abs=1e-9
    )
    found = value_agreement(rated)
    expected = krippendorff.alpha(matrix, None, None, "interval")
    assert found.alpha["joy"] == pytest.approx(expected, abs=1e-9)
    assert isinstance(found.mean_kappa, Undefined)


@pytest.mark.parametrize("exclusive", [False, True])
def test_agreement_without_overlap(exclusive: bool) -> None:
    alone = LabelAnnotations(np.arange(3), np.array([1, 1, 2]), np.eye(3, dtype=bool))
    nobody = LabelAnnotations(np.arange(0), np.arange(0), np.zeros((0, 3), bool))
    for annotations, units in ((alone, 3), (nobody, 0)):
        found = annotator_agreement(annotations, ["a", "b", "c"], exclusive=exclusive)
        assert (found.units, found.shared_units) == (units, 0)
        assert found.alpha["a"] == found.sets == Undefined("no unit has two annotators")
        assert found.kappa["a"] == Undefined("no two annotators share a unit")
        assert found.mean_alpha == found.mean_kappa == Undefined("no label has one")
    rated = {"joy": ValueAnnotations(np.arange(3), np.zeros(3, np.int64), np.full(3, np.nan))}
    assert value_agreement(rated, range(4)).shared_units == 0


def test_annotators_who_always_say_the_same() -> None:
    annotations = sets_of((1, 1, "a"), (1, 2, "a"), (2, 1, "a"), (2, 2, "a"))
    found = annotator_agreement(annotations, list("abcd"), exclusive=True)
    uniform = Undefined("all annotators gave the same everywhere")
    assert found.sets == found.category_alpha == found.alpha["b"] == uniform
    assert found.category_kappa == Undefined("no two annotators who share units ever varied")


def test_pairs() -> None:
    unit, annotator = np.array([5, 3, 5, 3, 5, 8]), np.array([2, 1, 0, 4, 1, 0])
    first, second = pairs(unit, annotator)
    assert {(int(a), int(b)) for a, b in zip(first, second, strict=True)} == {
        (1, 3), (2, 4), (2, 0), (4, 0),
    }  # fmt: skip


def test_the_same_annotator_twice() -> None:
    with pytest.raises(SourceError, match="1 annotations are by an annotator who has another"):
        sets_of((1, 1, "a"), (2, 1, "a"), (1, 1, "b"))
