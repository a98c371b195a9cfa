"""annotator_disagreement: by hand, and against the library krippendorff."""

from typing import Any

import numpy as np
import pytest

from tests.transforms.sql.marts.base import run_mart

GROUP = {"corpus": "c", "task": "emotion", "taxonomy": "ekman", "label_set": None}


def ratings(table: dict[str, dict[str, list[str] | None]], **more: Any) -> list[dict[str, Any]]:
    """Rows of what each person (inner keys) said of each record (outer keys)."""
    return [
        GROUP | {"record_id": record, "annotator": person, "labels": labels} | more
        for record, said in table.items()
        for person, labels in said.items()
    ]


def by_label(rows: list[dict[str, Any]]) -> dict[str | None, dict[str, Any]]:
    return {row["label"]: row for row in run_mart("annotator_disagreement", {"ratings": rows})}


TABLE: dict[str, dict[str, list[str] | None]] = {
    "1": {"a": ["joy"], "b": ["joy"], "c": ["joy", "love"]},
    "2": {"a": ["joy"], "b": ["fear"]},
    "3": {"a": [], "b": [], "c": ["love"]},
    "4": {"a": ["love", "joy"], "b": ["joy", "love"]},
    "5": {"a": ["fear"]},
}


def test_by_hand() -> None:
    found = by_label(ratings(TABLE))
    assert set(found) == {"joy", "love", "fear", None}
    # Records 1 to 4 (record 5 has one person): 3 + 2 + 3 + 2 = 10 ratings, 3 + 1 + 3 + 1 = 8 pairs.
    assert {(row["records"], row["ratings"]) for row in found.values()} == {(4, 10)}
    # joy: 3 of 3, 1 of 2, 0 of 3, 2 of 2. One unlike pair; N1 = 6; alpha = 1 - 9 * (1 * 1 / 1) / (6 * 4).
    joy = found["joy"]
    assert joy["agreement"] == pytest.approx(7 / 8)
    assert joy["alpha"] == pytest.approx(1 - 9 / 24)
    assert joy["positive_share"] == pytest.approx(0.6)
    # love: 1 of 3, 0 of 2, 1 of 3, 2 of 2. 2 + 2 unlike pairs; N1 = 4; alpha = 1 - 9 * (2/2 + 2/2) / (4 * 6).
    assert found["love"]["agreement"] == pytest.approx(4 / 8)
    assert found["love"]["alpha"] == pytest.approx(1 - 18 / 24)
    # fear: record 5 does not count, so 1 of 2 in record 2 alone. N1 = 1; alpha = 1 - 9 * 1 / (1 * 9).
    assert found["fear"]["alpha"] == pytest.approx(0)
    # Sets. Record 1: ab 1, ac 1/2, bc 1/2; record 2: 0; record 3: ab 1 (both empty), ac 0, bc 0; record 4: 1.
    assert found[None]["agreement"] == pytest.approx((1 + 1 / 2 + 1 / 2 + 0 + 1 + 0 + 0 + 1) / 8)
    # Each set as a value: joy 3, joy+love 3 (in any order), none 2, fear 1, love 1: 100 - 24 unlike pairs of all;
    # within records (9 - 5) / 2 + (4 - 2) / 1 + (9 - 5) / 2 + 0 = 6.
    assert found[None]["alpha"] == pytest.approx(1 - 9 * 6 / 76)
    assert found[None]["positive_share"] is None


def test_alpha_is_that_of_the_library() -> None:
    krippendorff = pytest.importorskip("krippendorff")
    random = np.random.default_rng(5)
    names = ["fear", "joy", "love"]
    table: dict[str, dict[str, list[str] | None]] = {
        str(record): {
            str(person): [name for name in names if random.random() < 0.2 + 0.6 * (record % 2)]
            for person in range(5)
            if random.random() < 0.6
        }
        for record in range(40)
    }
    found = by_label(ratings(table))
    for name in names:
        reliability = [
            [
                float(name in (table[str(record)][person] or []))
                if person in table[str(record)]
                else np.nan
                for record in range(40)
            ]
            for person in "01234"
        ]
        assert found[name]["alpha"] == pytest.approx(
            krippendorff.alpha(reliability_data=reliability, level_of_measurement="nominal")
        )
    sets = sorted({tuple(sorted(said or [])) for each in table.values() for said in each.values()})
    reliability = [
        [
            float(sets.index(tuple(sorted(table[str(record)][person] or []))))
            if person in table[str(record)]
            else np.nan
            for record in range(40)
        ]
        for person in "01234"
    ]
    assert found[None]["alpha"] == pytest.approx(
        krippendorff.alpha(reliability_data=reliability, level_of_measurement="nominal")
    )


def test_who_is_no_person_and_numbers_are_left_out() -> None:
    rows = ratings({"1": {"a": ["joy"], "b": ["joy"]}, "2": {"a": ["fear"], "b": ["joy"]}})
    extra = [
        GROUP | {"record_id": "1", "annotator": None, "labels": ["fear"]},
        GROUP | {"record_id": "3", "annotator": None, "labels": ["fear"]},
        GROUP | {"record_id": "3", "annotator": "a", "labels": ["fear"]},
        GROUP | {"record_id": "1", "annotator": "c", "value": 0.5},
    ]
    assert by_label(rows + extra) == by_label(rows)
    assert by_label(rows)[None]["records"] == 2


def test_nobody_agrees_with_themselves() -> None:
    twice = ratings({"1": {"a": ["joy"]}}) + ratings({"1": {"a": ["joy"]}})
    assert by_label(twice) == {}


def test_where_all_say_the_same_alpha_is_unknown() -> None:
    found = by_label(
        ratings({"1": {"a": ["joy"], "b": ["joy"]}, "2": {"a": ["joy"], "b": ["joy"]}})
    )
    assert found["joy"]["alpha"] is None
    assert found[None]["alpha"] is None
    assert (found["joy"]["agreement"], found[None]["agreement"]) == (1, 1)


def test_label_sets_and_corpora_are_kept_apart() -> None:
    rows = ratings({"1": {"a": ["joy"]}}) + ratings({"1": {"b": ["joy"]}}, label_set="second")
    rows += ratings({"1": {"c": ["joy"]}}, corpus="d")
    assert by_label(rows) == {}
    rows = ratings(TABLE) + ratings(TABLE, label_set="second")
    found = run_mart("annotator_disagreement", {"ratings": rows})
    assert len(found) == 8
    for label in ("joy", None):
        one, other = (row for row in found if row["label"] == label)
        assert {one["label_set"], other["label_set"]} == {None, "second"}
        assert {k: v for k, v in one.items() if k != "label_set"} == {
            k: v for k, v in other.items() if k != "label_set"
        }


def test_nothing_in_nothing_out() -> None:
    assert by_label([]) == {}
