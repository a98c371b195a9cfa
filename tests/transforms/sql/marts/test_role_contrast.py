"""role_contrast: by hand."""

from math import log, sqrt
from typing import Any

import pytest

from tests.transforms.sql.marts.base import run_mart

QUESTION = {"corpus": "c", "task": "emotion", "taxonomy": "ekman", "labeler": "m"}


def answers(
    role: str | None, labels: list[str] | None, n: int, **more: Any
) -> list[dict[str, Any]]:
    return [QUESTION | {"role": role, "labels": labels} | more for _ in range(n)]


def test_participant_against_interviewer() -> None:
    tables = {
        "answers": [
            *answers("participant", ["sadness"], 6),
            *answers("participant", ["joy"], 3),
            *answers("participant", ["joy", "sadness"], 1),
            *answers("interviewer", ["joy"], 4),
            *answers("interviewer", [], 4),
            *answers(None, ["sadness"], 5),
            *answers("participant", None, 5),
        ]
    }
    rows = {(row["role"], row["label"]): row for row in run_mart("role_contrast", tables)}
    assert set(rows) == {
        (role, label)
        for role in ("participant", "interviewer")
        for label in ("sadness", "joy", None)
    }
    # Sadness: 7 of 10 of the participant, 0 of 8 of the interviewer.
    row = rows["participant", "sadness"]
    assert (row["n"], row["rows"], row["other_n"], row["other_rows"]) == (7, 10, 0, 8)
    assert (row["share"], row["other_share"]) == (0.7, 0)
    odds = log(7.5 / 3.5) - log(0.5 / 8.5)
    assert row["log_odds"] == pytest.approx(odds)
    assert row["z"] == pytest.approx(odds / sqrt(1 / 7.5 + 1 / 3.5 + 1 / 0.5 + 1 / 8.5))
    # Of two roles, one is the mirror of the other.
    mirror = rows["interviewer", "sadness"]
    assert (mirror["n"], mirror["share"], mirror["log_odds"]) == (0, 0, pytest.approx(-odds))
    # No label: 4 of the interviewer's 8, 0 of the participant's 10.
    assert rows["interviewer", None]["log_odds"] == pytest.approx(log(4.5 / 4.5) - log(0.5 / 10.5))


def test_the_other_side_is_all_other_roles_together() -> None:
    tables = {
        "answers": [
            *answers("a", ["x"], 1),
            *answers("b", ["x"], 2),
            *answers("b", ["y"], 1),
            *answers("d", ["y"], 4),
        ]
    }
    rows = {(row["role"], row["label"]): row for row in run_mart("role_contrast", tables)}
    row = rows["a", "x"]
    assert (row["n"], row["rows"], row["other_n"], row["other_rows"]) == (1, 1, 2, 7)
    row = rows["d", "x"]
    assert (row["n"], row["rows"], row["other_n"], row["other_rows"]) == (0, 4, 3, 4)


def test_one_role_has_nothing_to_stand_against() -> None:
    one = answers("host", ["x"], 3) + answers(None, ["x"], 3)
    two = answers("host", ["x"], 1, labeler="z") + answers("guest", ["y"], 1, labeler="z")
    rows = run_mart("role_contrast", {"answers": one + two})
    assert {row["labeler"] for row in rows} == {"z"}
    assert len(rows) == 4  # 2 roles x 2 labels
    assert run_mart("role_contrast", {"answers": one}) == []


def test_roles_of_different_corpora_are_not_compared() -> None:
    tables = {"answers": answers("a", ["x"], 2) + answers("b", ["x"], 2, corpus="d")}
    assert run_mart("role_contrast", tables) == []


def test_nothing_in_nothing_out() -> None:
    assert run_mart("role_contrast", {}) == []
