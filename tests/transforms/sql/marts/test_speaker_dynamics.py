"""How the affect of a speaker moves, against figures by hand and NumPy's."""

import math
from typing import Any

import numpy as np
import pytest

from tests.transforms.sql.marts.base import run_mart
from tests.transforms.sql.marts.sequences import conversation, picked


def _valences(
    *values: float | None, speaker: str | None = "a", **more: Any
) -> list[dict[str, Any]]:
    return [{"speaker": speaker, "valence": value, "state": "joy", **more} for value in values]


def _one(turns: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = run_mart("speaker_dynamics", {"turns": turns})
    return row


def test_valence_by_hand() -> None:
    # 0 0 0 1 1 1: pairs (0,0) (0,0) (0,1) (1,1) (1,1); means .4 and .6.
    # Sxy = 2 - 5*.4*.6 = .8; Sxx = 2 - 5*.16 = 1.2; Syy = 3 - 5*.36 = 1.2; r = .8 / 1.2.
    # One step of 1 in five: mssd = .2. Deviations .5, six of them: sd = sqrt(6 * .25 / 5).
    row = _one(conversation(_valences(0, 0, 0, 1, 1, 1, role="guest")))
    assert picked(row, "conversation_id", "speaker", "role", "turns", "pairs") == (
        "c",
        "a",
        "guest",
        6,
        5,
    )
    assert row["inertia"] == pytest.approx(2 / 3)
    assert row["mssd"] == pytest.approx(0.2)
    assert row["mean_valence"] == pytest.approx(0.5)
    assert row["sd_valence"] == pytest.approx(math.sqrt(0.3))


def test_shifts_by_hand() -> None:
    # a: joy joy none none fear: shifts joy>none and none>fear, of 4 pairs; b between them: joy fear fear fear.
    a, b = ["joy", "joy", None, None, "fear"], ["joy", "fear", "fear", "fear"]
    turns = [{"speaker": "ab"[i % 2], "state": (b if i % 2 else a)[i // 2]} for i in range(9)]
    rows = run_mart("speaker_dynamics", {"turns": conversation(turns)})
    found = {row["speaker"]: picked(row, "turns", "pairs", "shifts", "shift_rate") for row in rows}
    assert found == {"a": (5, 4, 2, 0.5), "b": (4, 3, 1, pytest.approx(1 / 3))}
    assert {picked(row, "mean_valence", "sd_valence", "inertia", "mssd") for row in rows} == {
        (None,) * 4
    }


def test_against_numpy() -> None:
    values = np.random.default_rng(7).uniform(-1, 1, 40)
    row = _one(conversation(_valences(*values.tolist())))
    assert row["inertia"] == pytest.approx(np.corrcoef(values[1:], values[:-1])[0, 1])
    assert row["mssd"] == pytest.approx(np.mean(np.diff(values) ** 2))
    assert row["sd_valence"] == pytest.approx(np.std(values, ddof=1))


@pytest.mark.parametrize(
    ("values", "inertia"),
    [
        ((0, 1, 0, 1), None),
        ((0, 1, 0, 1, 0), -1.0),
        ((0.3,) * 9, None),
        ((0.1, 0.1, 0.1, 0.1, 0.7), None),
    ],
)
def test_inertia_needs_four_pairs_that_vary(
    values: tuple[float, ...], inertia: float | None
) -> None:
    # The last: the later turns vary, the earlier ones (all .1) do not.
    found = _one(conversation(_valences(*values)))["inertia"]
    assert found is None if inertia is None else found == pytest.approx(inertia)


def test_a_turn_without_valence_makes_no_step() -> None:
    # 0 1 ? 0 1: steps only 0>1 twice; pairs of labels are four.
    row = _one(conversation(_valences(0, 1, None, 0, 1)))
    assert picked(row, "pairs", "mssd", "inertia") == (4, 1.0, None)


def test_one_turn() -> None:
    row = _one(conversation(_valences(0.25)))
    assert picked(row, "turns", "pairs", "shifts", "shift_rate", "mean_valence") == (
        1,
        0,
        0,
        None,
        0.25,
    )
    assert picked(row, "sd_valence", "inertia", "mssd") == (None, None, None)


def test_numbers_alone_have_no_shifts() -> None:
    turns = conversation([{"speaker": "a", "valence": v} for v in (0, 1, 0)], task="vad")
    assert picked(_one(turns), "pairs", "shifts", "shift_rate", "mssd") == (2, None, None, 1.0)


def test_a_speaker_who_never_has_a_label_never_shifts() -> None:
    turns = [{"speaker": "ab"[i % 2], "state": "insult" if i == 1 else None} for i in range(4)]
    rows = run_mart("speaker_dynamics", {"turns": conversation(turns, task="toxicity")})
    assert {row["speaker"]: (row["shifts"], row["shift_rate"]) for row in rows} == {
        "a": (0, 0.0),
        "b": (1, 1.0),
    }


def test_unknown_speakers_are_left_out() -> None:
    assert (
        run_mart("speaker_dynamics", {"turns": conversation(_valences(0, 1, speaker=None))}) == []
    )


def test_a_speaker_of_two_roles_has_one_row() -> None:
    row = _one(conversation(_valences(0, role="host") + _valences(1, role="guest")))
    assert picked(row, "role", "turns") == (None, 2)


@pytest.mark.parametrize("key", ["corpus", "task", "taxonomy", "labeler"])
def test_questions_are_kept_apart(key: str) -> None:
    turns = conversation(_valences(0, 1)) + conversation(_valences(1, 1, 1), **{key: "other"})
    rows = run_mart("speaker_dynamics", {"turns": turns})
    assert {row[key] == "other": picked(row, "turns", "mssd") for row in rows} == {
        False: (2, 1.0),
        True: (3, 0.0),
    }


def test_conversations_are_kept_apart() -> None:
    turns = conversation(_valences(0, 1), "c") + conversation(_valences(1, 1), "d")
    rows = run_mart("speaker_dynamics", {"turns": turns})
    assert {row["conversation_id"]: row["mssd"] for row in rows} == {"c": 1.0, "d": 0.0}


def test_empty() -> None:
    assert run_mart("speaker_dynamics", {}) == []
