"""Where a conversation turns, against figures by hand, and the constant of the test against its series."""

import math
from typing import Any

import numpy as np
import pytest

from schemas.mart import load_mart
from tests.transforms.sql.marts.base import run_mart
from tests.transforms.sql.marts.sequences import conversation, picked

_NAME = "conversation_change_points"


def _turns(*values: float | None) -> list[dict[str, Any]]:
    return [{"valence": value} for value in values]


def _one(turns: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = run_mart(_NAME, {"turns": turns})
    return row


def test_one_step_by_hand() -> None:
    # 4 times 1, 6 times -1: mean -.2, sd = sqrt(1 - .04). |S_4| = 4 * 1.2 = 4.8, over sqrt(.96 * 10).
    row = _one(conversation(_turns(*[1] * 4, *[-1] * 6)))
    assert picked(row, "conversation_id", "turns", "place", "significant") == ("c", 10, 5, True)
    assert picked(row, "valence_before", "valence_after", "change") == pytest.approx((1, -1, -2))
    assert row["statistic"] == pytest.approx(4.8 / math.sqrt(9.6))


def test_of_equal_deviations_the_earliest_counts() -> None:
    # 1 -1 1 -1 ...: mean 0, sd 1; |S| is 1 after each odd turn. After the first: 9 turns of sum -1.
    row = _one(conversation(_turns(*[1, -1] * 5)))
    assert picked(row, "place", "significant") == (2, False)
    assert picked(row, "valence_before", "valence_after", "statistic") == pytest.approx(
        (1, -1 / 9, 1 / math.sqrt(10))
    )


def test_equal_but_for_rounding_is_equal() -> None:
    # .1 and .3 in turn: every |S| after an odd turn is .1 but for the last bit.
    row = _one(conversation(_turns(*[0.1, 0.3] * 50)))
    assert row["place"] == 2


def test_against_numpy() -> None:
    random = np.random.default_rng(2)
    for name in range(20):
        values = random.uniform(-1, 1, int(random.integers(10, 60)))
        sums = np.abs(np.cumsum(values - values.mean()))[:-1]
        k = int(np.argmax(sums)) + 1
        row = _one(conversation(_turns(*values.tolist()), str(name)))
        assert row["place"] == k + 1
        assert row["statistic"] == pytest.approx(
            sums[k - 1] / (values.std() * math.sqrt(len(values)))
        )
        assert row["valence_before"] == pytest.approx(values[:k].mean())
        assert row["valence_after"] == pytest.approx(values[k:].mean())
        assert row["change"] == pytest.approx(values[k:].mean() - values[:k].mean())
        assert row["significant"] == (row["statistic"] > 1.358)


def test_turns_without_valence_do_not_count() -> None:
    # The change is after the fifth valence; the next turn that has one is the ninth of twelve.
    row = _one(conversation(_turns(*[1] * 5, None, None, None, *[-1] * 5, None)))
    assert picked(row, "turns", "place", "valence_before", "valence_after") == (10, 9, 1.0, -1.0)


@pytest.mark.parametrize(("n", "rows"), [(9, 0), (10, 1)])
def test_a_conversation_has_ten_turns_with_a_valence(n: int, rows: int) -> None:
    turns = conversation(_turns(*[None] * 5, *[0.1 * i for i in range(n)]))
    assert len(run_mart(_NAME, {"turns": turns})) == rows


@pytest.mark.parametrize("value", [0.0, 0.3, -1.0])
def test_a_valence_that_never_changes(value: float) -> None:
    row = _one(conversation(_turns(*[value] * 12)))
    assert row["turns"] == 12
    told = ("place", "valence_before", "valence_after", "change", "statistic", "significant")
    assert picked(row, *told) == (None,) * 6


def test_the_constant_is_the_five_percent_point_of_kolmogorov() -> None:
    # P(sup |bridge| > x) = 2 sum (-1)^(k-1) exp(-2 k^2 x^2)
    x = load_mart(_NAME).parameters["critical"]
    tail = 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * x * x) for k in range(1, 50))
    assert tail == pytest.approx(0.05, abs=1e-4)


def test_chance_is_rarely_significant() -> None:
    # 200 conversations of 100 turns without any change: about 5 % at most (the test finds rather too little).
    random = np.random.default_rng(4)
    turns = [
        turn
        for name in range(200)
        for turn in conversation(_turns(*random.normal(0, 0.3, 100).tolist()), str(name))
    ]
    columns = ("corpus", "task", "taxonomy", "labeler", "conversation_id", "place", "valence")
    setup = (
        "INSERT INTO turns ("
        + ", ".join(columns)
        + ") VALUES "
        + ", ".join(
            "(" + ", ".join(repr(turn[column]) for column in columns) + ")" for turn in turns
        )
    )
    found = [row["significant"] for row in run_mart(_NAME, {}, setup)]
    assert len(found) == 200
    assert 0 < sum(found) < 20


@pytest.mark.parametrize("key", ["corpus", "task", "taxonomy", "labeler"])
def test_questions_are_kept_apart(key: str) -> None:
    turns = conversation(_turns(*[1] * 4, *[-1] * 6))
    turns += conversation(_turns(*[-1] * 7, *[1] * 5), **{key: "other"})
    rows = run_mart(_NAME, {"turns": turns})
    assert {row[key] == "other": picked(row, "turns", "place", "change") for row in rows} == {
        False: (10, 5, -2.0),
        True: (12, 8, 2.0),
    }


def test_conversations_are_kept_apart() -> None:
    turns = conversation(_turns(*[1] * 4, *[-1] * 6), "c") + conversation(_turns(*[0] * 9, 1), "d")
    rows = run_mart(_NAME, {"turns": turns})
    assert {row["conversation_id"]: row["place"] for row in rows} == {"c": 5, "d": 10}


def test_empty() -> None:
    assert run_mart(_NAME, {}) == []
