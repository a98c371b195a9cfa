"""The mean course of valence, worked by hand."""

from math import sqrt
from statistics import stdev

import pytest

from tests.transforms.sql.marts.base import run_mart

QUESTION = {"corpus": "c", "task": "emotion", "taxonomy": "ekman", "labeler": "student"}


def talk(name, valences, roles="ab", **question):
    """Turns in this order, by turns of these roles ('-': none)."""
    return [
        QUESTION
        | question
        | {
            "record_id": f"{name}{place}",
            "conversation_id": name,
            "place": place,
            "valence": valence,
            "role": None if roles[place % len(roles)] == "-" else roles[place % len(roles)],
        }
        for place, valence in enumerate(valences, 1)
    ]


def rows(*talks):
    turns = [turn for each in talks for turn in each]
    found = run_mart("mean_trajectories", {"turns": turns})
    return {(row["corpus"], row["labeler"], row["role"], row["bin"]): row for row in found}


def test_worked_by_hand():
    # x has 20 turns, two a bin: places 1 and 2 are bin 1. Place 1 is b's (1 % 2 = 1), place 2 a's.
    # Bin 1 of x: b .4, a .8, all (.4 + .8) / 2 = .6. y has 10 turns, one a bin: bin 1 is b's, .2.
    # All in bin 1: mean of .6 and .2 = .4; each conversation weighs the same, though x has two turns there.
    x = [0.4, 0.8] + [0.1] * 18
    y = [0.2] + [0.3] * 9
    found = rows(talk("x", x), talk("y", y))
    first = found["c", "student", "all", 1]
    assert (first["conversations"], first["turns"]) == (2, 3)
    assert first["valence"] == pytest.approx(0.4)
    half = 1.96 * stdev([0.6, 0.2]) / sqrt(2)
    assert (first["low"], first["high"]) == (pytest.approx(0.4 - half), pytest.approx(0.4 + half))
    b = found["c", "student", "b", 1]
    assert (b["conversations"], b["turns"]) == (2, 2)
    assert b["valence"] == pytest.approx((0.4 + 0.2) / 2)
    a = found["c", "student", "a", 1]
    assert (a["conversations"], a["turns"], a["valence"]) == (1, 1, pytest.approx(0.8))
    assert (a["low"], a["high"]) == (
        None,
        None,
    )  # of one conversation nothing is known about others
    # Bins 1 to 10; y's turns of even places are a's: bins 2, 4 … of both, and x's second turn of each bin.
    assert {key[3] for key in found} == set(range(1, 11))
    assert found["c", "student", "a", 2]["conversations"] == 2
    assert found["c", "student", "a", 3]["conversations"] == 1


def test_what_does_not_count():
    short = talk("s", [0.5] * 9)  # fewer than ten turns
    unknown = talk("u", [None] * 12)  # no valence
    assert rows(short, unknown) == {}
    # A turn without valence has its place all the same: bin 1 of ten turns is left out.
    found = rows(talk("x", [None] + [0.5] * 9, roles="-"))
    assert {(role, bin_) for _, _, role, bin_ in found} == {
        (role, bin_) for role in ("all", None) for bin_ in range(2, 11)
    }


def test_empty():
    assert rows() == {}


def test_questions_are_kept_apart():
    found = rows(
        talk("x", [0.5] * 10), talk("x", [-0.5] * 10, labeler="other"), talk("z", [0.1] * 10, corpus="d")
    )  # fmt: skip
    assert found["c", "student", "all", 5]["valence"] == pytest.approx(0.5)
    assert found["c", "other", "all", 5]["valence"] == pytest.approx(-0.5)
    assert found["d", "student", "all", 5]["valence"] == pytest.approx(0.1)
