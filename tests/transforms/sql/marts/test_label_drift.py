"""label_drift: by hand, and against scipy's Jensen-Shannon distance."""

from math import log, log2
from typing import Any

import numpy as np
import pytest

from tests.transforms.sql.marts.base import run_mart

QUESTION = {"corpus": "c", "task": "emotion", "taxonomy": "ekman", "labeler": "m"}


def answers(partition: str, labels: list[str] | None, n: int, **more: Any) -> list[dict[str, Any]]:
    return [QUESTION | {"partition": partition, "labels": labels} | more for _ in range(n)]


def drift(rows: list[dict[str, Any]]) -> dict[tuple[str, str | None], dict[str, Any]]:
    return {
        (row["partition"], row["label"]): row for row in run_mart("label_drift", {"answers": rows})
    }


def test_two_days_by_hand() -> None:
    rows = drift(
        [
            *answers("2026-01-01", ["joy"], 3),
            *answers("2026-01-01", [], 1),
            *answers("2026-01-03", ["joy", "fear"], 1),
            *answers("2026-01-03", ["fear"], 1),
            *answers("2026-01-03", None, 9),
        ]
    )
    assert set(rows) == {("2026-01-03", "joy"), ("2026-01-03", "fear"), ("2026-01-03", None)}
    joy = rows["2026-01-03", "joy"]
    assert (joy["n"], joy["rows"], joy["share"]) == (1, 2, 0.5)
    assert (joy["baseline_share"], joy["difference"]) == (0.75, -0.25)
    fear, none = rows["2026-01-03", "fear"], rows["2026-01-03", None]
    assert (fear["n"], fear["share"], fear["baseline_share"]) == (2, 1, 0)
    assert (none["n"], none["share"], none["baseline_share"]) == (0, 0, 0.25)
    # Labels given (joy, fear, none): today 1, 2, 0 of 3; before 3, 0, 1 of 4.
    p, q = (1 / 3, 2 / 3, 0.0), (3 / 4, 0.0, 1 / 4)
    joy_middle = (1 / 3 + 3 / 4) / 2
    expected = (
        1 / 3 * log2(1 / 3 / joy_middle) + 2 / 3 * log2(2)  # fear: m = p / 2
        + 3 / 4 * log2(3 / 4 / joy_middle) + 1 / 4 * log2(2)
    ) / 2  # fmt: skip
    smooth = [((1.5 / 4.5), (3.5 / 5.5)), ((2.5 / 4.5), (0.5 / 5.5)), ((0.5 / 4.5), (1.5 / 5.5))]
    for row in rows.values():
        assert row["divergence"] == pytest.approx(expected)
        assert row["psi"] == pytest.approx(sum((a - b) * log(a / b) for a, b in smooth))
    distance = pytest.importorskip("scipy.spatial.distance")
    assert expected == pytest.approx(distance.jensenshannon(p, q, base=2) ** 2)


def test_the_baseline_is_the_seven_partitions_with_rows_before() -> None:
    # Days 1, 3, 5, … 19: the days between have no rows. Day 2k+1 has k+1 rows; only the first has "old".
    rows = answers("2026-01-01", ["old"], 1)
    for k in range(1, 10):
        rows += answers(f"2026-01-{2 * k + 1:02d}", ["x"], k) + answers(
            f"2026-01-{2 * k + 1:02d}", ["y"], 1
        )
    found = drift(rows)
    # The 8th partition (k = 7) still has the first in its baseline: 1 + (2 + … + 7) rows = 28; x: 1 + … + 6 = 21.
    assert found["2026-01-15", "old"]["baseline_share"] == pytest.approx(1 / 28)
    assert found["2026-01-15", "x"]["baseline_share"] == pytest.approx(21 / 28)
    # The 9th (k = 8) has not: rows of k = 1 to 7: 2 + … + 8 = 35; x: 1 + … + 7 = 28.
    assert ("2026-01-17", "old") not in found
    assert found["2026-01-17", "x"]["baseline_share"] == pytest.approx(28 / 35)
    assert found["2026-01-17", "y"]["baseline_share"] == pytest.approx(7 / 35)
    assert not any(partition == "2026-01-01" for partition, _ in found)
    assert len({partition for partition, _ in found}) == 9


def test_the_same_distribution_does_not_drift_and_another_drifts_wholly() -> None:
    same = drift(answers("1", ["a"], 3) + answers("2", ["a"], 5))
    assert (same["2", "a"]["divergence"], same["2", "a"]["psi"]) == (0, 0)
    other = drift(answers("1", ["a"], 3) + answers("2", ["b"], 5))
    assert other["2", "b"]["divergence"] == pytest.approx(1)
    assert np.isfinite(other["2", "b"]["psi"])


def test_labelers_and_corpora_are_kept_apart() -> None:
    rows = answers("1", ["a"], 1) + answers("2", ["a"], 1, labeler="z")
    rows += answers("2", ["a"], 1, corpus="d")
    assert drift(rows) == {}


def test_nothing_in_nothing_out() -> None:
    assert drift([]) == {}
