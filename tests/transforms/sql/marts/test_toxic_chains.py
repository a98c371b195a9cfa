"""Runs of hostile turns, against runs found by eye."""

from typing import Any

import pytest

from tests.transforms.sql.marts.base import run_mart
from tests.transforms.sql.marts.sequences import conversation, picked

_HOSTILE = {"x": True, ".": False, "?": None}


def _turns(pattern: str) -> list[dict[str, Any]]:
    """One turn for each sign, by a and b in turn, who are host and guest."""
    return [
        {
            "speaker": "ab"[i % 2],
            "role": ["host", "guest"][i % 2],
            "hostile": _HOSTILE[sign],
            "confidence": 0.5 + (i + 1) / 100,
        }
        for i, sign in enumerate(pattern)
    ]


def _spans(pattern: str) -> list[tuple[int, int]]:
    rows = run_mart("toxic_chains", {"turns": conversation(_turns(pattern))})
    return sorted((row["start_place"], row["end_place"]) for row in rows)


@pytest.mark.parametrize(
    ("pattern", "spans"),
    [
        ("..xx.x.xxx..", [(3, 4), (8, 10)]),
        ("xx..xx", [(1, 2), (5, 6)]),  # at both ends
        ("x.x.x", []),
        ("xx?xx", [(1, 2), (4, 5)]),  # cannot be told: the run ends
        ("x?x", []),
        ("xxxxxxxx", [(1, 8)]),
        ("........", []),
        ("x", []),
    ],
)
def test_runs(pattern: str, spans: list[tuple[int, int]]) -> None:
    assert _spans(pattern) == spans


def test_what_is_told_of_a_run() -> None:
    # Places 4, 5, 6: started by b, the guest; confidences .54 .55 .56.
    (row,) = run_mart("toxic_chains", {"turns": conversation(_turns("...xxx."))})
    assert picked(row, "start_record", "turns", "speakers", "started_by_role") == (
        "c4",
        3,
        2,
        "guest",
    )
    assert row["mean_confidence"] == pytest.approx(0.55)


def test_a_gap_in_the_places_ends_a_run() -> None:
    turns = [{"speaker": "a", "hostile": True, "place": place} for place in (1, 2, 4, 5, 6, 9)]
    rows = run_mart("toxic_chains", {"turns": conversation(turns)})
    assert sorted(picked(row, "start_place", "end_place", "speakers") for row in rows) == [
        (1, 2, 1),
        (4, 6, 1),
    ]


def test_runs_do_not_go_on_in_another_conversation() -> None:
    turns = conversation([{"hostile": True, "place": 1}], "c") + conversation(
        [{"hostile": True, "place": 2}], "d"
    )
    assert run_mart("toxic_chains", {"turns": turns}) == []


def test_what_is_unknown_is_null() -> None:
    turns = conversation([{"hostile": True}, {"hostile": True, "role": "guest"}])
    (row,) = run_mart("toxic_chains", {"turns": turns})
    assert picked(row, "speakers", "mean_confidence", "started_by_role") == (None, None, None)


@pytest.mark.parametrize("key", ["corpus", "task", "taxonomy", "labeler"])
def test_questions_are_kept_apart(key: str) -> None:
    turns = conversation(_turns(".xx.")) + conversation(_turns("x..xxx"), **{key: "other"})
    rows = run_mart("toxic_chains", {"turns": turns})
    assert {row[key] == "other": picked(row, "start_place", "end_place") for row in rows} == {
        False: (2, 3),
        True: (4, 6),
    }


def test_empty() -> None:
    assert run_mart("toxic_chains", {}) == []
