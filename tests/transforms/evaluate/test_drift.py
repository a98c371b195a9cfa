"""Drift figures against hand-worked values, published examples and scipy."""

import numpy as np
import pytest

from transforms.evaluate.drift import (
    compare,
    difference_interval,
    jensen_shannon,
    score_interval,
    stability_index,
)

ONE_EACH = np.eye(3, dtype=bool)  # single-label answers over three labels


def array(*values):
    return np.array(values, dtype=np.float64)


def test_jensen_shannon_by_hand():
    # Equal: 0. Disjoint: 1 bit. (1, 0) against (1/2, 1/2): middle (3/4, 1/4), so
    # 1/2 log2(4/3) + 1/2 (1/2 log2(2/3) + 1/2 log2 2) = 0.311278...
    assert jensen_shannon(array(3, 5), array(6, 10)) == pytest.approx(0, abs=1e-12)
    assert jensen_shannon(array(1, 0), array(0, 7)) == pytest.approx(1)
    by_hand = 0.5 * np.log2(4 / 3) + 0.5 * (0.5 * np.log2(2 / 3) + 0.5)
    assert jensen_shannon(array(1, 0), array(1, 1)) == pytest.approx(by_hand, abs=1e-12)


def test_jensen_shannon_is_the_square_of_scipys_distance():
    distance = pytest.importorskip("scipy.spatial.distance").jensenshannon
    rng = np.random.default_rng(1)
    before, now = rng.integers(0, 50, (20, 9)) + 0.0, rng.integers(0, 50, (20, 9)) + 0.0
    expected = [distance(p, q, base=2) ** 2 for p, q in zip(before, now, strict=True)]
    np.testing.assert_allclose(jensen_shannon(before, now), expected, rtol=0, atol=1e-12)


def test_stability_index_by_hand():
    # Shares (.1, .9) and (.3, .7) after the half counts are added:
    # (.3 - .1) ln 3 + (.7 - .9) ln(7/9).
    expected = 0.2 * np.log(3) - 0.2 * np.log(7 / 9)
    assert stability_index(array(9.5, 89.5), array(29.5, 69.5)) == pytest.approx(expected)
    assert stability_index(array(0, 10), array(10, 0)) == pytest.approx(
        2 * (10 / 11) * np.log(21)  # shares .5/11 and 10.5/11
    )


@pytest.mark.parametrize(
    ("count_1", "rows_1", "count_2", "rows_2", "low", "high"),
    [  # Newcombe 1998, table II, method 10
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0),
    ],
)
def test_interval_of_a_difference_as_published(count_1, rows_1, count_2, rows_2, low, high):
    found = difference_interval(count_1, rows_1, count_2, rows_2)
    assert found == pytest.approx((low, high), abs=5.1e-5)


def test_score_interval_is_scipys():
    stats = pytest.importorskip("scipy.stats")
    for count, rows in ((0, 5), (1, 1000), (37, 90), (90, 90)):
        expected = stats.binomtest(count, rows).proportion_ci(0.99, method="wilson")
        assert score_interval(count, rows, level=0.99) == pytest.approx(tuple(expected), abs=1e-9)


def test_chance_of_single_labels_follows_chi_squared():
    chi2 = pytest.importorskip("scipy.stats").chi2
    rng = np.random.default_rng(3)
    rows_before, rows_now, labels = 40_000, 10_000, 6
    share = rng.dirichlet(np.full(labels, 5.0))
    before, now = (np.round(share * n).astype(np.int64) for n in (rows_before, rows_now))
    found = compare(
        [f"l{n}" for n in range(labels)], np.eye(labels, dtype=bool), before, now, resamples=20_000
    )
    bound = chi2.ppf(0.99, labels - 1) * (1 / rows_before + 1 / rows_now)
    assert found.distances["psi"].chance == pytest.approx(bound, rel=0.03)
    # The divergence in nats is an eighth of it, to first order.
    in_bits = bound / 8 / np.log(2)
    assert found.distances["jensen_shannon"].chance == pytest.approx(in_bits, rel=0.03)
    assert not any(distance.beyond_chance for distance in found.distances.values())


def test_chance_is_exceeded_as_often_as_the_level_says():
    rng = np.random.default_rng(4)
    kinds = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], dtype=bool)
    exceeded = {"jensen_shannon": 0, "psi": 0, "share_change": 0}
    for _ in range(300):
        before = rng.multinomial(500, [0.3, 0.3, 0.1, 0.3])
        now = rng.multinomial(200, [0.3, 0.3, 0.1, 0.3])
        found = compare(["a", "b"], kinds, before, now, level=0.9, resamples=200)
        for name, distance in found.distances.items():
            exceeded[name] += distance.beyond_chance
    # Binomial(300, .1): mean 30, standard deviation 5.2; four of them, and the noise of 200 draws.
    assert all(8 <= times <= 55 for times in exceeded.values()), exceeded


def test_shares_are_of_rows_and_mentions_of_labels():
    kinds = np.array([[1, 0], [1, 1], [0, 0]], dtype=bool)
    before, now = np.array([50, 30, 20]), np.array([10, 80, 10])
    found = compare(["joy", "fear"], kinds, before, now)
    shares = {change.label: (change.before, change.now) for change in found.changes}
    assert shares == {"fear": (0.3, 0.8), "joy": (0.8, 0.9)}
    assert [change.label for change in found.changes] == ["fear", "joy"]  # most changed first
    assert found.distances["share_change"].value == pytest.approx(0.5)
    # Mentions: joy 80, fear 30, none 20 before; joy 90, fear 80, none 10 now.
    expected = jensen_shannon(array(80, 30, 20), array(90, 80, 10))
    assert found.distances["jensen_shannon"].value == pytest.approx(float(expected))
    assert found.changes[0].low > 0.3


def test_few_rows_prove_nothing():
    found = compare(["a", "b", "c"], ONE_EACH, np.array([4, 3, 3]), np.array([2, 3, 1]))
    assert found.distances["share_change"].value == pytest.approx(0.2)
    assert not found.distances["share_change"].beyond_chance


def test_labels_that_never_come_and_no_labels_at_all():
    kinds = np.array([[0, 0]], dtype=bool)
    found = compare(["a", "b"], kinds, np.array([9]), np.array([5]))
    assert {name: each.value for name, each in found.distances.items()} == dict.fromkeys(
        ("jensen_shannon", "psi", "share_change"), 0.0
    )
    with pytest.raises(ValueError, match="both sides"):
        compare(["a", "b"], kinds, np.array([9]), np.array([0]))
