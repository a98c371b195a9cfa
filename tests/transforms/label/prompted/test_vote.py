"""Votes worked out by hand, and orders that spread a preference for a place."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.label_task import LabelTask, load_task
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.label.labeler import ANSWER_SCHEMA
from transforms.label.prompted.vote import average, orders, vote

TASK = load_task("emotion")
MOODS = Taxonomy.model_validate(
    {"name": "moods", "version": "1", "labels": [{"name": n} for n in ("glad", "sad", "flat")]}
)
ONE = MOODS.model_copy(update={"exclusive": True})
Row = tuple[list[str] | None, list[float] | None] | str


def frame(*rows: Row, **answer: Any) -> pl.DataFrame:
    """Rows of labels and probabilities; a string is the reason of a failed row (rejected, with a colon)."""
    found = []
    for row in rows:
        if isinstance(row, str):
            found.append(("rejected" if ":" in row else "failed", None, None, row))
            continue
        labels, p = row
        scores = None
        if p is not None:
            scores = [{"label": n, "probability": v} for n, v in zip(MOODS.names, p, strict=False)]
        found.append(("labeled", labels, scores, None))
    made = pl.DataFrame(found, schema=ANSWER_SCHEMA, orient="row")
    return made.with_columns(pl.Series(name, of) for name, of in answer.items())


def scores_of(found: pl.DataFrame, row: int) -> list[float]:
    return [each["probability"] for each in found["scores"][row].to_list()]


def test_probabilities_are_averaged() -> None:
    a = frame((["glad"], [0.9, 0.2, 0.1]), (["sad"], [0.4, 0.6, 0.0]))
    b = frame((["glad", "sad"], [0.7, 0.6, 0.1]), ([], [0.3, 0.2, 0.1]))
    found = vote([a, b], TASK, MOODS)
    assert dict(ANSWER_SCHEMA).items() <= dict(found.schema).items()
    assert found["labels"].to_list() == [["glad"], []]
    assert scores_of(found, 0) == pytest.approx([0.8, 0.4, 0.1])
    assert scores_of(found, 1) == pytest.approx([0.35, 0.4, 0.05])
    assert found["agreement"].to_list() == [0.5, 0.5]


def test_thresholds_are_averaged_too() -> None:
    a = frame((["sad"], [0.1, 0.2, 0.1]))
    b = frame((["sad"], [0.1, 0.4, 0.1]))
    found = vote([a, b], TASK, MOODS, [{"sad": 0.15}, {"sad": 0.41}])
    assert found["labels"].to_list() == [["sad"]]  # .3 reaches .28
    assert found["agreement"].to_list() == [1.0]


def test_majority_where_one_gives_no_scores() -> None:
    a = frame((["glad"], None), (["glad", "flat"], None))
    b = frame((["glad"], [0.6, 0.1, 0.1]), (["flat"], [0.1, 0.1, 0.9]))
    c = frame((["sad"], [0.0, 0.9, 0.0]), (["sad"], [0.0, 0.9, 0.2]))
    found = vote([a, b, c], TASK, MOODS)
    assert found["labels"].to_list() == [["glad"], ["flat"]]
    assert scores_of(found, 1) == pytest.approx([1 / 3, 1 / 3, 2 / 3])
    assert found["agreement"].to_list() == pytest.approx([2 / 3, 1 / 3])


def test_no_label_with_a_majority() -> None:
    # All give something, each something else: the one that comes closest, not nothing.
    each = [frame(([name], None)) for name in MOODS.names]
    assert vote(each, TASK, MOODS)["labels"].to_list() == [["glad"]]
    # Two of three say: nothing.
    nothing = frame(([], None))
    assert vote([nothing, nothing, each[0]], TASK, MOODS)["labels"].to_list() == [[]]
    # Means below the thresholds, though most gave the label.
    low = [frame((["sad"], [0.1, 0.45, 0.2])) for _ in range(2)]
    assert vote(low, TASK, MOODS)["labels"].to_list() == [["sad"]]


def test_one_of_several() -> None:
    a, b, c = frame((["glad"], None)), frame((["sad"], None)), frame((["sad"], [0.1, 0.8, 0.1]))
    assert vote([a, b, c], TASK, ONE)["labels"].to_list() == [["sad"]]
    # A tie of votes: the one with the greater mean of known probabilities, else the first.
    assert vote([a, c], TASK, ONE)["labels"].to_list() == [["sad"]]
    assert vote([a, b], TASK, ONE)["labels"].to_list() == [["glad"]]


def test_who_failed_does_not_vote() -> None:
    a = frame("cut_off", "cut_off", "language:de", "cut_off")
    b = frame((["sad"], [0.1, 0.9, 0.1]), "unavailable", "language:de", "language:de")
    found = vote([a, b], TASK, MOODS)
    assert found["status"].to_list() == ["labeled", "failed", "rejected", "failed"]
    assert found["reason"].to_list() == [None, "cut_off", "language:de", "cut_off"]
    assert found["labels"].to_list() == [["sad"], None, None, None]
    assert found["scores"].is_null().to_list() == [False, True, True, True]
    assert found["agreement"].to_list() == [1.0, None, None, None]
    assert scores_of(found, 0) == pytest.approx([0.1, 0.9, 0.1])


def test_levels_are_rounded_half_up() -> None:
    task = load_task("emotion_intensity")
    levels = MOODS.model_copy(update={"range": (0.0, 3.0)})
    kind = pl.Struct(dict.fromkeys(levels.names, pl.Int8))

    def told(*of: tuple[int, int, int]) -> pl.Series:
        return pl.Series([dict(zip(levels.names, one, strict=True)) for one in of], dtype=kind)

    a = frame((["glad"], [1.0, 0.2, 0.0]), (["glad"], None), answer=told((1, 0, 3), (3, 3, 3)))
    b = frame((["glad"], [0.8, 0.4, 0.0]), "cut_off", answer=told((2, 0, 0), (0, 0, 0)))
    found = vote([a, b], task, levels)
    assert found["answer"].to_list() == [
        {"glad": 2, "sad": 0, "flat": 2},
        {"glad": 3, "sad": 3, "flat": 3},
    ]
    assert found.schema["answer"] == kind
    assert found["labels"].to_list() == [["glad", "flat"], ["glad", "sad", "flat"]]
    assert scores_of(found, 0) == pytest.approx([0.9, 0.3, 0.0])
    assert scores_of(found, 1) == pytest.approx([1, 1, 1])  # no scores: shares that are above none
    assert found["agreement"].to_list() == [0.0, 1.0]


def test_numbers_are_averaged() -> None:
    task, vad = load_task("vad"), load_taxonomy("vad")

    def told(v: float, spread: float | None) -> pl.Series:
        one: dict[str, Any] = dict.fromkeys(vad.names, v)
        return pl.Series([one | {"spread": dict.fromkeys(vad.names, spread)}])

    a, b = (frame(([], None), answer=told(v, s)) for v, s in ((0.2, 0.1), (0.6, 0.3)))
    found = vote([a, b], task, vad)
    answer = found["answer"][0]
    assert answer["valence"] == pytest.approx(0.4)
    assert answer["spread"]["valence"] == pytest.approx(0.2)
    assert found["scores"].to_list() == [None]
    assert found["agreement"].to_list() == [None]
    c, d = (frame(([], None), answer=told(v, None).cast(told(0.0, 0.1).dtype)) for v in (0.2, 0.6))
    between = vote([c, d], task, vad)["answer"][0]["spread"]["valence"]
    assert between == pytest.approx(np.std([0.2, 0.6], ddof=1))
    none = vote([frame("cut_off", answer=told(0.2, 0.1))], task, vad)
    assert none["answer"].to_list() == [None]


def test_words_and_fields() -> None:
    task = LabelTask.model_validate(
        {"name": "w", "version": "1", "description": "d", "taxonomy": "ekman", "answer": "words",
         "multi_label": True}
    )  # fmt: skip
    reasons = [pl.Series([{"why": f"reason {n}"}]) for n in range(3)]
    each = (["calm", "odd"], ["calm", "eerie"], ["calm"])
    found = vote(
        [frame((words, None), answer=why) for words, why in zip(each, reasons, strict=True)],
        task, MOODS,
    )  # fmt: skip
    assert found["labels"].to_list() == [["calm"]]
    assert found["scores"][0].to_list() == [{"label": "calm", "probability": 1.0}]
    assert found["answer"].to_list() == [{"why": "reason 2"}]  # of the member that said just this
    assert found["agreement"].to_list() == pytest.approx([1 / 3])


def test_members_of_different_length() -> None:
    with pytest.raises(ValueError, match="same rows"):
        vote([frame("a"), frame("a", "b")], TASK, MOODS)
    with pytest.raises(ValueError, match="members"):
        vote([], TASK, MOODS)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 40), st.integers(1, 16), st.integers(0, 50))
def test_orders_differ_and_are_the_same_again(labels: int, shuffles: int, seed: int) -> None:
    found = orders(labels, shuffles, seed)
    assert found == orders(labels, shuffles, seed)
    assert found[0] == tuple(range(labels))
    assert all(sorted(order) == list(range(labels)) for order in found)
    assert len(set(found)) == len(found) == min(shuffles, {1: 1, 2: 2, 3: 6}.get(labels, 99))


def test_a_preference_for_a_place_is_averaged_away() -> None:
    true = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])
    bias = np.array([0.3, 0.0, -0.1])  # for the first place, against the last
    asked = orders(3, 6, seed=1)
    given = [true[:, list(order)] + bias for order in asked]
    # All six orders: each label stands in each place twice, so that what remains is the mean bias.
    assert average(given, asked) == pytest.approx(true + bias.mean())
