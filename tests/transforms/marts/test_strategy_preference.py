"""Preferences of strategies: by hand, and by the conditions of the maximum."""

from math import sqrt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from transforms.marts.strategy_preference import (
    STRATEGY_PREFERENCE,
    preferences,
    strategy_preference,
)

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("corpus", "task", "taxonomy", "labeler", "role")),
        ("phase", pa.int32()),
        ("part", pa.string()),
        ("strategy", pa.string()),
        ("said", pa.string()),
        ("n", pa.int64()),
    ]
)


def counts(
    *cells: tuple[str, str, str | None, int], phase: int = 0, role: str | None = "s"
) -> pa.Table:
    question = {"corpus": "c", "task": "support_strategy", "taxonomy": "t", "labeler": "m"}
    rows = [
        question
        | {"role": role, "phase": phase, "part": part, "strategy": strategy, "said": said, "n": n}
        for part, strategy, said, n in cells
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def rows(table: pa.Table) -> dict[str, dict[str, Any]]:
    return {row["strategy"]: row for row in strategy_preference(table).to_pylist()}


def test_two_strategies() -> None:
    # p_1 / p_2 = w_12 / w_21 = 3, and they sum to 2.
    found = preferences(np.array([[9.0, 3.0], [1.0, 9.0]]))
    assert found == pytest.approx([1.5, 0.5])


def test_three_strategies_that_fit_the_model() -> None:
    # Strengths 3 : 2 : 1 and 60 games of each pair: 36 to 24, 45 to 15, 40 to 20. Scaled to sum to 3: 1.5, 1, 0.5.
    found = preferences(np.array([[0.0, 36, 45], [24, 0, 40], [15, 20, 0]]))
    assert found == pytest.approx([1.5, 1.0, 0.5])


@pytest.mark.parametrize("seed", range(5))
def test_at_the_maximum_games_won_are_those_expected(seed: int) -> None:
    # The likelihood's derivative is 0: sum_j w_ij = sum_j (w_ij + w_ji) p_i / (p_i + p_j).
    wins = np.random.default_rng(seed).poisson(8, (8, 8)).astype(float)
    np.fill_diagonal(wins, 0)
    found = preferences(wins)
    assert found is not None
    expected = ((wins + wins.T) * found[:, None] / (found[:, None] + found[None, :])).sum(1)
    assert expected == pytest.approx(wins.sum(1))
    assert found.sum() == pytest.approx(8)


def test_a_strategy_that_is_never_given_wrongly_has_none() -> None:
    # The third is missed 5 times and never given wrongly; the others stand 3 : 1 and share the sum of 3.
    found = preferences(np.array([[0.0, 3, 4], [1, 0, 1], [0, 0, 0]]))
    assert found == pytest.approx([2.25, 0.75, 0])


def test_a_strategy_that_was_never_confused_is_not_compared() -> None:
    found = preferences(np.array([[0.0, 3, 0], [1, 0, 0], [0, 0, 0]]))
    assert found is not None
    assert found[:2] == pytest.approx([1.5, 0.5])
    assert np.isnan(found[2])


@pytest.mark.parametrize(
    "wins",
    [
        np.zeros((3, 3)),
        np.zeros((0, 0)),
        np.array([[0.0, 3], [0, 0]]),  # the first is never missed: infinitely strong
        np.array([[0.0, 3, 1], [0, 0, 2], [0, 1, 0]]),  # the same among three
        np.kron(np.eye(2), np.array([[0.0, 1], [1, 0]])),  # two pairs that never met
    ],
)
def test_without_a_maximum_there_are_no_preferences(wins: np.ndarray[Any, Any]) -> None:
    assert preferences(wins) is None


def test_rows_by_hand() -> None:
    table = counts(
        ("given", "question", None, 6), ("given", "advice", None, 2),
        ("people", "advice", None, 1), ("people", "question", None, 2), ("people", "reflection", None, 1),
        ("confused", "question", "advice", 3), ("confused", "advice", "question", 1),
    )  # fmt: skip
    assert strategy_preference(table).schema.equals(STRATEGY_PREFERENCE)
    found = rows(table)
    assert {row["total"] for row in found.values()} == {8}
    assert [row["bias"] for row in found.values()] == pytest.approx([0.5] * 3)  # of 1.5 and 0.5
    row = found["question"]
    assert (row["n"], row["share"], row["reference_share"]) == (6, 0.75, 0.5)
    assert row["preference"] == pytest.approx(1.5)
    row = found["reflection"]  # people say it, the labeler never does; never confused
    assert (row["n"], row["share"], row["reference_share"], row["preference"]) == (0, 0, 0.25, None)


def test_bias_is_the_standard_deviation() -> None:
    wins = {
        ("a", "b"): 36,
        ("a", "c"): 45,
        ("b", "a"): 24,
        ("b", "c"): 40,
        ("c", "a"): 15,
        ("c", "b"): 20,
    }
    found = rows(
        counts(
            *(("given", name, None, 100) for name in "abc"),
            *(("confused", strategy, said, n) for (strategy, said), n in wins.items()),
        )
    )
    # 1.5, 1, 0.5: mean 1, variance (0.25 + 0 + 0.25) / 3.
    assert found["a"]["bias"] == pytest.approx(sqrt(1 / 6))


def test_without_ratings_there_are_shares_alone() -> None:
    found = rows(counts(("given", "a", None, 1), ("given", "b", None, 3)))
    assert found["b"]["share"] == 0.75
    for row in found.values():
        assert (row["reference_share"], row["preference"], row["bias"]) == (None, None, None)


def test_roles_and_phases_are_kept_apart_and_order_does_not_matter() -> None:
    table = pa.concat_tables(
        [
            counts(("given", "a", None, 1), ("given", "b", None, 1)),
            counts(("given", "a", None, 2), phase=3),
            counts(("given", "a", None, 4), role=None),
        ]
    )
    found = strategy_preference(table)
    assert {
        (row["role"], row["phase"], row["strategy"], row["n"], row["total"])
        for row in found.to_pylist()
    } == {("s", 0, "a", 1, 2), ("s", 0, "b", 1, 2), ("s", 3, "a", 2, 2), (None, 0, "a", 4, 4)}
    assert strategy_preference(table.take([3, 1, 2, 0])).equals(found)


def test_nothing_in_nothing_out() -> None:
    found = strategy_preference(counts())
    assert found.num_rows == 0
    assert found.schema.equals(STRATEGY_PREFERENCE)
    # People said something, the labeler nothing: there is no share of nothing.
    assert strategy_preference(counts(("people", "a", None, 1))).num_rows == 0
