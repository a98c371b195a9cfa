"""Which label follows which, against counts by hand."""

from typing import Any

import pytest

from tests.transforms.sql.marts.base import run_mart
from tests.transforms.sql.marts.sequences import conversation

_FIGURES = ("n", "from_n", "probability", "to_share", "lift")


def _said(*turns: tuple[str | None, str | None]) -> list[dict[str, Any]]:
    return [{"speaker": speaker, "state": state} for speaker, state in turns]


_SIX = _said(
    ("a", "joy"), ("b", "joy"), ("a", "sadness"), ("b", "joy"), ("a", None), ("b", "sadness")
)


def _found(rows: list[dict[str, Any]], scope: str) -> dict[tuple[Any, Any], list[float]]:
    return {
        (row["from_label"], row["to_label"]): [row[name] for name in _FIGURES]
        for row in rows
        if row["scope"] == scope
    }


def test_pairs_of_a_speaker() -> None:
    # a: joy>sadness, sadness>none; b: joy>joy, joy>sadness. 4 pairs, which go to sadness 2, joy 1, none 1;
    # 3 of them start from joy.
    found = _found(run_mart("transitions", {"turns": conversation(_SIX)}), "speaker")
    assert found == {
        ("joy", "sadness"): pytest.approx([2, 3, 2 / 3, 2 / 4, 4 / 3]),
        ("joy", "joy"): pytest.approx([1, 3, 1 / 3, 1 / 4, 4 / 3]),
        ("sadness", None): pytest.approx([1, 1, 1, 1 / 4, 4]),
    }


def test_pairs_of_an_answer() -> None:
    # joy>joy, joy>sadness, sadness>joy, joy>none, none>sadness. 5 pairs, to joy 2, sadness 2, none 1; from joy 3.
    found = _found(run_mart("transitions", {"turns": conversation(_SIX)}), "reply")
    assert found == {
        ("joy", "joy"): pytest.approx([1, 3, 1 / 3, 2 / 5, 5 / 6]),
        ("joy", "sadness"): pytest.approx([1, 3, 1 / 3, 2 / 5, 5 / 6]),
        ("joy", None): pytest.approx([1, 3, 1 / 3, 1 / 5, 5 / 3]),
        ("sadness", "joy"): pytest.approx([1, 1, 1, 2 / 5, 5 / 2]),
        (None, "sadness"): pytest.approx([1, 1, 1, 2 / 5, 5 / 2]),
    }


def test_shares_add_up() -> None:
    for scope in ("speaker", "reply"):
        found = _found(run_mart("transitions", {"turns": conversation(_SIX)}), scope)
        shares = {to: figures[3] for (_, to), figures in found.items()}
        assert sum(shares.values()) == pytest.approx(1)


def test_going_on_is_no_answer_to_oneself() -> None:
    rows = run_mart("transitions", {"turns": conversation(_said(("a", "joy"), ("a", "fear")))})
    assert [(row["scope"], row["from_label"], row["to_label"]) for row in rows] == [
        ("speaker", "joy", "fear")
    ]


def test_unknown_speakers_make_no_pairs() -> None:
    turns = conversation(
        _said(("a", "joy"), (None, "fear"), ("b", "joy"), (None, "fear"), (None, "joy"))
    )
    assert run_mart("transitions", {"turns": turns}) == []


def test_first_turns_make_no_pairs() -> None:
    turns = conversation(_said(("a", "joy")), "c") + conversation(_said(("a", "fear")), "d")
    assert run_mart("transitions", {"turns": turns}) == []


def test_one_label_has_a_lift_of_one() -> None:
    rows = run_mart(
        "transitions", {"turns": conversation(_said(*[("a", "joy"), ("b", "joy")] * 3))}
    )
    assert {row["scope"]: [row[name] for name in _FIGURES] for row in rows} == {
        "speaker": [4, 4, 1, 1, 1],
        "reply": [5, 5, 1, 1, 1],
    }


def test_a_question_without_labels_has_no_rows() -> None:
    # As task vad: numbers only. In toxicity "no label" is an answer, as long as some turn has one.
    numbers = conversation(_said(*[("a", None), ("b", None)] * 3), task="vad")
    toxic = conversation(_said(("a", None), ("b", None), ("a", "insult")), task="toxicity")
    rows = run_mart("transitions", {"turns": numbers + toxic})
    assert {
        (row["task"], row["scope"], row["from_label"], row["to_label"], row["n"]) for row in rows
    } == {
        ("toxicity", "speaker", None, "insult", 1),
        ("toxicity", "reply", None, None, 1),
        ("toxicity", "reply", None, "insult", 1),
    }


@pytest.mark.parametrize("key", ["corpus", "task", "taxonomy", "labeler"])
def test_questions_are_kept_apart(key: str) -> None:
    other = {key: "other"}
    turns = conversation(_SIX) + conversation(
        _said(("a", "joy"), ("b", "joy"), ("a", "joy")), **other
    )
    rows = run_mart("transitions", {"turns": turns})
    of_other = [row for row in rows if row[key] == "other"]
    assert {row["scope"]: row["n"] for row in of_other} == {"speaker": 1, "reply": 2}
    assert sum(row["n"] for row in rows if row[key] != "other") == 4 + 5


def test_empty() -> None:
    assert run_mart("transitions", {}) == []
