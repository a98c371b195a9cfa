"""Agreement of the people behind the gold sets, against a few lines of counting of our own."""

from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from benchmarks.human_agreement import (
    NO_ANNOTATORS,
    decided,
    human_agreement,
    label_annotations,
    value_annotations,
)
from tests.benchmarks.test_gold_sets import table


def answers(rows: list[list[tuple[str, list[str]]]]) -> pl.DataFrame:
    entry = pl.Struct({"annotator": pl.String, "labels": pl.List(pl.String)})
    lists = [[{"annotator": who, "labels": labels} for who, labels in row] for row in rows]
    return pl.DataFrame({"annotators": pl.Series(lists, dtype=pl.List(entry))})


def test_annotations_of_a_frame() -> None:
    found = label_annotations(
        answers([[("1", ["a"]), ("2", ["b", "x"])], [], [("2", [])]]), ("a", "b")
    )
    assert found.given.tolist() == [[True, False], [False, True], [False, False]]
    assert found.unit.tolist() == [1, 1, 2]
    assert found.annotator.tolist() == [1, 2, 2]


def test_values_of_one_question() -> None:
    frame = pl.DataFrame(
        {
            "annotators": [
                [{"annotator": "reader-1", "v": 0.5}, {"annotator": "writer-1", "v": 0.25}],
                [{"annotator": "reader-1", "v": None}],
            ]
        }
    )
    found = value_annotations(frame, ("v",), "reader")["v"]
    assert found.unit.tolist() == [1, 2]
    assert found.known().value.tolist() == [0.5]


def test_a_ceiling_only_where_the_others_decide() -> None:
    """a a b: only for b do the others agree, and b is wrong. a a a: all three are right."""
    rows = [
        [(str(n), [label]) for n, label in enumerate(labels)] for labels in ("aab", "aaa", "abc")
    ]
    found = decided(label_annotations(answers(rows), ("a", "b", "c")), ["a", "b", "c"], 20)
    assert (found["annotations"], found["units"], found["accuracy"]) == (4, 2, 0.75)


@pytest.mark.slow
def test_edos_against_the_table(shared_data: Path) -> None:
    rows = table(shared_data / "conversation/edos_mturk_groundtruth.csv.zst")
    right = among = 0
    for row in rows:
        given = [row[f"Worker {n} answer"].strip() for n in (1, 2, 3)]
        for n in range(3):
            one, other = given[:n] + given[n + 1 :]
            if one == other and "(Other)" not in one:
                among, right = among + 1, right + (given[n] == one)
    found = human_agreement("edos", shared_data, 10)["edos"]["ceiling"]
    assert found["annotations"] == among
    assert found["accuracy"] == pytest.approx(right / among, abs=1e-9)


@pytest.mark.slow
def test_annomi_against_fleiss_kappa(shared_data: Path) -> None:
    """Fleiss' kappa by hand: alpha differs from it by a term in one over the number of ratings."""
    given: dict[tuple[str, str], list[str]] = {}
    for row in table(shared_data / "clinical/annomi_full.csv.zst"):
        if row["main_therapist_behaviour"] not in ("", "n/a"):
            place = (row["transcript_id"], row["utterance_id"])
            given.setdefault(place, []).append(row["main_therapist_behaviour"])
    ten = [Counter(labels) for labels in given.values() if len(labels) == 10]
    observed = sum(sum(n * (n - 1) for n in each.values()) / 90 for each in ten) / len(ten)
    total = sum(ten, Counter[str]())
    chance = sum((n / total.total()) ** 2 for n in total.values())
    fleiss = (observed - chance) / (1 - chance)
    ratings = total.total()  # alpha's chance is drawn without putting back
    alpha = 1 - (1 - observed) / ((1 - chance) * ratings / (ratings - 1))
    found = human_agreement("annomi_therapist", shared_data, 10)["annomi_therapist"]["agreement"]
    assert found["category_alpha"] == pytest.approx(alpha, abs=1e-9)
    assert found["category_alpha"] == pytest.approx(fleiss, abs=1e-3)
    assert found["shared_units"] == len(ten)


def test_a_set_without_annotators_says_why(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="no rater column"):
        human_agreement("goemotions", tmp_path)
    assert all(NO_ANNOTATORS.values())
