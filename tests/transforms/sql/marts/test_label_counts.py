"""label_counts: by hand."""

from datetime import date
from typing import Any

import pytest

from tests.transforms.sql.marts.base import run_mart

QUESTION = {"corpus": "c", "task": "emotion", "taxonomy": "ekman", "labeler": "m"}
MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)


def answer(labels: list[str] | None, **more: Any) -> dict[str, Any]:
    return QUESTION | {"domain": "social", "day": MONDAY, "role": "host", "labels": labels} | more


def found(rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    return {
        (row["day"], row["role"], row["label"]): (row["n"], row["rows"], row["share"])
        for row in rows
    }


def test_counts_and_shares_by_day_and_role() -> None:
    rows = run_mart(
        "label_counts",
        {
            "answers": [
                answer(["joy"]),
                answer(["joy", "surprise"]),
                answer(["surprise", "joy"]),  # the same set in another order
                answer([]),
                answer(["anger"], role="guest"),
                answer(["joy"], day=TUESDAY),
                answer(["fear"], day=None, role=None),
                answer(None),  # answered by numbers: left out of rows, too
            ]
        },
    )
    # Monday, host: 4 rows; joy in 3, surprise in 2, one without any label.
    assert found(rows) == {
        (MONDAY, "host", "joy"): (3, 4, 0.75),
        (MONDAY, "host", "surprise"): (2, 4, 0.5),
        (MONDAY, "host", None): (1, 4, 0.25),
        (MONDAY, "guest", "anger"): (1, 1, 1.0),
        (TUESDAY, "host", "joy"): (1, 1, 1.0),
        (None, None, "fear"): (1, 1, 1.0),
    }
    assert {row["domain"] for row in rows} == {"social"}


def test_mean_probability_is_over_all_answers_with_probabilities() -> None:
    sums = [
        QUESTION | {"day": MONDAY, "role": "host", "label": "joy", "n": 4, "probability": 1.8},
        QUESTION | {"day": MONDAY, "role": "host", "label": "fear", "n": 4, "probability": 0.2},
        QUESTION | {"day": None, "role": None, "label": "joy", "n": 2, "probability": 0.5},
        QUESTION | {"day": TUESDAY, "role": "host", "label": "joy", "n": 0, "probability": 0.0},
    ]
    rows = run_mart(
        "label_counts",
        {
            "answers": [
                answer(["joy"]),
                answer([]),
                answer(["joy"], day=None, role=None),
                answer(["joy"], day=TUESDAY),
            ],
            "score_sums": sums,
        },
    )
    told = {(row["day"], row["label"]): row["mean_probability"] for row in rows}
    assert told[MONDAY, "joy"] == pytest.approx(1.8 / 4)
    assert told[None, "joy"] == pytest.approx(0.5 / 2)
    assert told[MONDAY, None] is None  # "no label" has no probability
    assert told[TUESDAY, "joy"] is None  # nothing was scored: unknown, not zero
    assert (MONDAY, "fear") not in told  # scored, but given to no record


def test_labelers_and_corpora_are_kept_apart() -> None:
    rows = run_mart(
        "label_counts",
        {
            "answers": [
                answer(["joy"]),
                answer(["fear"], labeler="other"),
                answer(["fear"], corpus="d"),
            ]
        },
    )
    assert {(row["corpus"], row["labeler"], row["label"], row["rows"]) for row in rows} == {
        ("c", "m", "joy", 1),
        ("c", "other", "fear", 1),
        ("d", "m", "fear", 1),
    }


def test_nothing_in_nothing_out() -> None:
    assert run_mart("label_counts", {}) == []
