"""Valence along a conversation, against bins by hand."""

from typing import Any

import pytest

from tests.transforms.sql.marts.base import run_mart
from tests.transforms.sql.marts.sequences import conversation, picked


def _turns(*values: float | None) -> list[dict[str, Any]]:
    return [{"valence": value} for value in values]


def _bins(turns: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    rows = run_mart("trajectories", {"turns": turns})
    found = {row["bin"]: row for row in rows}
    assert len(found) == len(rows)
    return found


def test_twelve_turns_by_hand() -> None:
    # (place - 1) * 10 / 12 = 0 .83 | 1.67 | 2.5 | 3.33 | 4.17 | 5 5.83 | 6.67 | 7.5 | 8.33 | 9.17:
    # bins 1 and 6 have two turns (1 and 2, 7 and 8), the others one. Valences .01 to .12.
    found = _bins(conversation(_turns(*[place / 100 for place in range(1, 13)])))
    places = {
        1: [1, 2],
        2: [3],
        3: [4],
        4: [5],
        5: [6],
        6: [7, 8],
        7: [9],
        8: [10],
        9: [11],
        10: [12],
    }
    assert {n: row["turns"] for n, row in found.items()} == {
        n: len(held) for n, held in places.items()
    }
    for n, row in found.items():
        assert row["valence"] == pytest.approx(sum(places[n]) / len(places[n]) / 100)
        assert (row["bins"], row["arousal"]) == (10, None)
    # Over turns, not over bins: 1 2 3 in bins 1 and 2; 6 7 8 9 in bins 5 to 7; 11 12 in the last two.
    assert found[1]["smoothed"] == pytest.approx(6 / 3 / 100)
    assert found[6]["smoothed"] == pytest.approx(30 / 4 / 100)
    assert found[10]["smoothed"] == pytest.approx(23 / 2 / 100)


@pytest.mark.parametrize("size", [10, 11, 19, 20, 37, 100, 1001])
def test_every_turn_is_in_one_of_ten_bins(size: int) -> None:
    found = _bins(conversation(_turns(*[place / 2000 for place in range(size)])))
    assert sorted(found) == list(range(1, 11))
    assert sum(row["turns"] for row in found.values()) == size
    assert {row["turns"] for row in found.values()} <= {size // 10, -(-size // 10)}
    means = [found[n]["valence"] for n in range(1, 11)]
    assert means == sorted(means)


def test_unknown_valences_are_not_zero() -> None:
    # Twenty turns, two in a bin: bin 1 has .5 and ?, bin 2 none, bin 3 none, bin 4 .2 and .4.
    values = [0.5, None, None, None, None, None, 0.2, 0.4, *[1.0] * 12]
    found = _bins(conversation(_turns(*values)))
    assert picked(found[1], "turns", "valence", "smoothed") == (2, 0.5, 0.5)
    assert picked(found[2], "turns", "valence", "smoothed") == (2, None, 0.5)
    assert picked(found[3], "valence", "smoothed") == (None, pytest.approx(0.3))
    assert found[4]["smoothed"] == pytest.approx((0.2 + 0.4 + 1 + 1) / 4)


def test_nothing_known_nearby() -> None:
    found = _bins(conversation(_turns(0.5, *[None] * 9)))
    assert [found[n]["smoothed"] for n in (1, 2, 3)] == [0.5, 0.5, None]


def test_arousal() -> None:
    turns = [{"valence": 0.0, "arousal": 0.1 * (i % 2)} for i in range(20)]
    found = _bins(conversation(turns, task="vad"))
    assert [found[n]["arousal"] for n in (1, 10)] == pytest.approx([0.05, 0.05])


@pytest.mark.parametrize(("n", "bins"), [(9, 0), (10, 10)])
def test_a_conversation_has_ten_turns(n: int, bins: int) -> None:
    assert len(_bins(conversation(_turns(*[0.1] * n)))) == bins


def test_without_any_valence_there_is_no_course() -> None:
    assert _bins(conversation(_turns(*[None] * 12))) == {}


@pytest.mark.parametrize("key", ["corpus", "task", "taxonomy", "labeler", "conversation_id"])
def test_questions_and_conversations_are_kept_apart(key: str) -> None:
    turns = conversation(_turns(*[0.1] * 10))
    turns += [row | {key: "other"} for row in conversation(_turns(*[0.2] * 20))]
    rows = run_mart("trajectories", {"turns": turns})
    found = {(row[key] == "other", row["turns"], round(row["valence"], 9)) for row in rows}
    assert found == {(False, 1, 0.1), (True, 2, 0.2)}
    assert len(rows) == 20


def test_empty() -> None:
    assert run_mart("trajectories", {}) == []
