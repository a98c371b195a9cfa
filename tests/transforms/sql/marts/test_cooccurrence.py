"""cooccurrence: by hand."""

from math import log
from typing import Any

import pytest

from tests.transforms.sql.marts.base import run_mart

QUESTION = {"corpus": "c", "task": "emotion", "taxonomy": "ekman", "labeler": "m"}


def answers(*sets: list[str] | None, **more: Any) -> dict[str, list[dict[str, Any]]]:
    return {"answers": [QUESTION | {"labels": labels} | more for labels in sets]}


def test_pairs_by_hand() -> None:
    rows = run_mart(
        "cooccurrence",
        answers(
            ["joy", "love"], ["love", "joy"], ["joy"], ["love"], ["love"],
            ["fear", "joy", "sadness"], [], ["fear"], None,
        ),
    )  # fmt: skip
    pairs = {(row["label_a"], row["label_b"]): row for row in rows}
    assert set(pairs) == {
        ("joy", "love"), ("fear", "joy"), ("joy", "sadness"), ("fear", "sadness")
    }  # fmt: skip
    assert all(row["rows"] == 8 for row in rows)  # all but the one without labels to give

    # joy: records 1, 2, 3, 6 (4); love: 1, 2, 4, 5 (4); both: 1, 2 (2) of 8. Union 6.
    both = pairs["joy", "love"]
    assert (both["n_a"], both["n_b"], both["n_both"]) == (4, 4, 2)
    assert both["jaccard"] == pytest.approx(2 / 6)
    # p_ab = 1/4, p_a p_b = 1/4: independent.
    assert both["npmi"] == pytest.approx(0)

    # fear: 6 and 8 (2); sadness: 6 (1); both: 1. p_ab = 1/8, p_a p_b = 1/4 * 1/8.
    both = pairs["fear", "sadness"]
    assert (both["n_a"], both["n_b"], both["n_both"]) == (2, 1, 1)
    assert both["jaccard"] == pytest.approx(1 / 2)
    assert both["npmi"] == pytest.approx(log(4) / log(8))  # = 2/3


def test_labels_that_come_only_together_have_npmi_one() -> None:
    (row,) = run_mart("cooccurrence", answers(["a", "b"], ["b", "a"], ["c"]))
    assert row["npmi"] == pytest.approx(1)
    assert row["jaccard"] == 1


def test_where_all_records_have_both_npmi_is_unknown() -> None:
    (row,) = run_mart("cooccurrence", answers(["a", "b"], ["a", "b"]))
    assert row["npmi"] is None
    assert (row["n_both"], row["rows"], row["jaccard"]) == (2, 2, 1)


def test_labelers_are_kept_apart() -> None:
    tables = answers(["a", "b"], ["a"])
    tables["answers"] += answers(["b"], ["c", "b"], labeler="other")["answers"]
    tables["answers"] += answers(["a", "b"], corpus="d")["answers"]
    rows = run_mart("cooccurrence", tables)
    assert {
        (
            row["corpus"],
            row["labeler"],
            row["label_a"],
            row["label_b"],
            row["n_a"],
            row["n_b"],
            row["rows"],
        )
        for row in rows
    } == {
        ("c", "m", "a", "b", 2, 1, 2),
        ("c", "other", "b", "c", 2, 1, 2),
        ("d", "m", "a", "b", 1, 1, 1),
    }


def test_one_label_each_makes_no_pair() -> None:
    assert run_mart("cooccurrence", answers(["a"], ["b"], [])) == []
    assert run_mart("cooccurrence", {}) == []
