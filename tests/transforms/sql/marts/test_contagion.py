"""Does a label pass to another speaker, against a table of counts by hand and a count in plain Python."""

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from tests.transforms.sql.marts.base import run_mart
from tests.transforms.sql.marts.sequences import QUESTION, conversation, picked

_COUNTS = ("pairs", "exposed", "exposed_with", "unexposed", "unexposed_with")
_ONSET = ("onset_exposed", "onset_exposed_with", "onset_unexposed", "onset_unexposed_with")


def _pair(before: str | None, own: str | None, now: str | None, **more: Any) -> dict[str, Any]:
    """A turn of b after one of a."""
    return QUESTION | {
        "record_id": "r", "previous_record": "q", "speaker": "b", "previous_speaker": "a", "role": "guest",
        "previous_role": "host", "previous_state": before, "own_state": own, "own_place": 1, "state": now,
    } | more  # fmt: skip


def _pairs(**counts: int) -> list[dict[str, Any]]:
    """So many pairs of each kind, told by three signs: before, own, now; j joy, s sadness, o no label."""
    states = {"j": "joy", "s": "sadness", "o": None}
    return [_pair(*(states[sign] for sign in kind)) for kind, n in counts.items() for _ in range(n)]


_TWENTY = _pairs(jjj=3, jsj=2, joo=2, jss=1, sjj=2, soj=1, sss=5, oos=3, ojo=1)


def _of(rows: list[dict[str, Any]], label: str) -> dict[str, Any]:
    (row,) = [row for row in rows if row["label"] == label]
    return row


def test_joy_by_hand() -> None:
    # Of 20 pairs 8 are exposed (jjj jsj joo jss), 5 of them go on with joy (jjj jsj); of the 12 others 3 (sjj soj).
    # Rates 5/8, 3/12; difference 3/8; risk 2.5. p = 8/20; z = .375 / sqrt(.4 * .6 * (1/8 + 1/12)) = .375 / sqrt(.05).
    row = _of(run_mart("contagion", {"turns": _TWENTY}), "joy")
    assert picked(row, "from_role", "to_role", *_COUNTS) == ("host", "guest", 20, 8, 5, 12, 3)
    assert picked(
        row, "rate_exposed", "rate_unexposed", "difference", "relative_risk"
    ) == pytest.approx((5 / 8, 1 / 4, 3 / 8, 2.5))
    assert row["z"] == pytest.approx(0.375 / math.sqrt(0.05))


def test_onset_of_joy_by_hand() -> None:
    # Own turn before not joy. Exposed: jsj 2, joo 2, jss 1 = 5, with joy 2. Unexposed: soj 1, sss 5, oos 3 = 9,
    # with joy 1. 2/5 - 1/9 = 13/45.
    row = _of(run_mart("contagion", {"turns": _TWENTY}), "joy")
    assert picked(row, *_ONSET) == (5, 2, 9, 1)
    assert row["onset_difference"] == pytest.approx(13 / 45)


def test_sadness_by_hand() -> None:
    # Exposed: sjj 2, soj 1, sss 5 = 8, with sadness 5. Others: 12, with sadness jss 1 + oos 3 = 4.
    # Onset: exposed sjj 2 + soj 1 = 3, none with; others without jsj 2 and jss 1: 9, with oos 3.
    row = _of(run_mart("contagion", {"turns": _TWENTY}), "sadness")
    assert picked(row, *_COUNTS, *_ONSET) == (20, 8, 5, 12, 4, 3, 0, 9, 3)
    assert row["onset_difference"] == pytest.approx(-1 / 3)


def test_z_is_the_root_of_chi_square() -> None:
    # For the table [[5, 3], [3, 9]]: chi^2 = n (ad - bc)^2 / (product of the margins).
    row = _of(run_mart("contagion", {"turns": _TWENTY}), "joy")
    assert row["z"] ** 2 == pytest.approx(20 * (5 * 9 - 3 * 3) ** 2 / (8 * 12 * 8 * 12))


def test_against_a_count_in_python() -> None:
    random = np.random.default_rng(3)
    names = ["joy", "fear", "anger", None]
    kinds = [tuple(names[i] for i in random.integers(0, 4, 3)) for _ in range(300)]
    rows = run_mart("contagion", {"turns": [_pair(*kind) for kind in kinds]})
    assert {row["label"] for row in rows} == {"joy", "fear", "anger"}
    for row in rows:
        for prefix, held in (
            ("", kinds),
            ("onset_", [kind for kind in kinds if kind[1] != row["label"]]),
        ):
            found = Counter(
                (before == row["label"], now == row["label"]) for before, _, now in held
            )
            exposed, other = ((found[there, True], found[there, False]) for there in (True, False))
            names_of = [f"{prefix}{name}" for name in _COUNTS[1:]]
            assert picked(row, *names_of) == (sum(exposed), exposed[0], sum(other), other[0])


def test_only_turns_of_two_known_speakers_are_pairs() -> None:
    same = _pair("joy", None, "joy", speaker="a")
    unknown = [
        _pair("joy", None, "joy", speaker=None),
        _pair("joy", None, "joy", previous_speaker=None),
    ]
    assert run_mart("contagion", {"turns": [same, *unknown]}) == []


def test_of_a_conversation() -> None:
    # a joy, b joy, b fear, a fear: pairs a>b (joy, joy) and b>a (fear, fear); b's second turn follows b.
    said = [("a", "joy"), ("b", "joy"), ("b", "fear"), ("a", "fear")]
    turns = conversation([{"speaker": s, "state": state, "role": f"role_{s}"} for s, state in said])
    rows = run_mart("contagion", {"turns": turns})
    found = {picked(row, "from_role", "to_role", "label"): picked(row, *_COUNTS) for row in rows}
    assert found == {
        ("role_a", "role_b", "joy"): (1, 1, 1, 0, 0),
        ("role_b", "role_a", "fear"): (1, 1, 1, 0, 0),
    }


def test_one_label_everywhere_cannot_be_compared() -> None:
    (row,) = run_mart("contagion", {"turns": _pairs(jjj=4)})
    assert picked(row, *_COUNTS, "rate_exposed") == (4, 4, 4, 0, 0, 1.0)
    undefined = ("rate_unexposed", "difference", "relative_risk", "z", "onset_difference")
    assert picked(row, *undefined) == (None,) * 5


def test_no_risk_over_zero() -> None:
    # joy only where exposed: the unexposed rate is 0. Its difference and z are there.
    row = _of(run_mart("contagion", {"turns": _pairs(joj=2, sos=2)}), "joy")
    assert picked(row, "difference", "relative_risk") == (1.0, None)
    assert row["z"] == pytest.approx(2.0)  # 1 / sqrt(.25 * (1/2 + 1/2))


def test_a_label_that_only_the_own_turn_had_has_no_row() -> None:
    assert {row["label"] for row in run_mart("contagion", {"turns": _pairs(jsj=2)})} == {"joy"}


def test_unknown_roles_are_a_group() -> None:
    turns = [_pair("joy", None, "joy", role=None, previous_role=None)] * 2 + _pairs(joj=1)
    rows = run_mart("contagion", {"turns": turns})
    assert {picked(row, "from_role", "to_role", "pairs") for row in rows} == {
        (None, None, 2),
        ("host", "guest", 1),
    }


@pytest.mark.parametrize("key", ["corpus", "task", "taxonomy", "labeler"])
def test_questions_are_kept_apart(key: str) -> None:
    turns = _TWENTY + [turn | {key: "other"} for turn in _pairs(jjj=1, joo=2)]
    rows = [row for row in run_mart("contagion", {"turns": turns}) if row["label"] == "joy"]
    assert {row[key] == "other": picked(row, *_COUNTS) for row in rows} == {
        False: (20, 8, 5, 12, 3),
        True: (3, 3, 1, 0, 0),
    }


@pytest.mark.parametrize("turns", [[], _pairs(ooo=3)], ids=["empty", "no labels"])
def test_nothing(turns: list[dict[str, Any]]) -> None:
    assert run_mart("contagion", {"turns": turns}) == []
