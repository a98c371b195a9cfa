"""Gold from what annotators said: worked examples by hand."""

import numpy as np
import polars as pl
import pytest

from schemas.errors import SourceError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.evaluate.annotation_matrix import (
    by_people,
    gold_entries,
    label_entries,
    label_majority,
    value_entries,
    value_mean,
    values_by_people,
)  # fmt: skip
from transforms.read.gold_cells import GOLD

EMOTION, EKMAN = load_task("emotion"), load_taxonomy("ekman")
VAD, OF_VAD = load_task("vad"), load_taxonomy("vad")
INTENSITY, LEVELS = load_task("emotion_intensity"), load_taxonomy("ekman_intensity")


def entry(labels=None, who=None, label_set=None, value=None, task="emotion", taxonomy="ekman"):
    return {
        "task": task, "taxonomy": taxonomy, "label_set": label_set, "split": None,
        "annotator": who, "labels": labels, "value": value,
    }  # fmt: skip


def majority(*rows):
    column = pl.Series(rows, dtype=GOLD)
    matrix = label_entries(gold_entries(column, EMOTION, EKMAN), EKMAN)
    holds, asked = label_majority(matrix, len(rows))
    names = np.array(EKMAN.names)
    return [set(names[h]) for h in holds & asked], [set(names[a]) for a in asked]


def test_more_than_half_of_the_annotators():
    held, _ = majority(
        [entry(["joy"], "a"), entry(["joy", "fear"], "b"), entry(["fear"], "c")],
        [entry(["joy"], "a"), entry(["fear"], "b")],  # half is not more than half
        [entry(["joy"], "a")],
        None,
    )
    assert held == [{"joy", "fear"}, set(), {"joy"}, set()]


def test_an_aggregate_decides_alone():
    held, _ = majority([entry(["anger"]), entry(["joy"], "a"), entry(["joy"], "b")])
    assert held == [{"anger"}]


def test_none_applies_is_neutral_where_neutral_could_be_given():
    five = "anger fear joy sadness surprise"
    held, asked = majority(
        [entry([])], [entry([], label_set=five)], [entry(["joy"], label_set=five)]
    )
    assert held == [{"neutral"}, set(), {"joy"}]
    assert asked == [set(EKMAN.names), set(five.split()), set(five.split())]


def test_each_label_has_the_majority_of_those_who_were_asked_for_it():
    held, asked = majority(
        [
            entry(["joy"], "a", label_set="joy anger"),
            entry(["fear"], "b", label_set="fear joy"),
            entry(["fear"], "c", label_set="fear"),
        ]
    )
    assert held == [{"fear"}]  # joy: one of two
    assert asked == [{"anger", "joy", "fear"}]


def test_strange_labels_are_an_error():
    with pytest.raises(SourceError, match="joyous"):
        majority([entry(["joyous"])])


def test_a_word_of_their_own_is_a_vote_for_something_else():
    """Neither an error nor neutral, where that is asked for: one of two is no majority, one of one is no neutral."""
    rows = [
        [entry(["glum"], "a"), entry(["joy"], "b")],
        [entry(["glum"], "a")],
        [entry(["glum", "joy"], "a")],
        [entry(["glum"], "a"), entry([], "b"), entry([], "c")],
    ]
    entries = gold_entries(pl.Series(rows, dtype=GOLD), EMOTION, EKMAN)
    held, asked = label_majority(label_entries(entries, EKMAN, others=True), len(rows))
    names = [[name for name, holds in zip(EKMAN.names, row, strict=True) if holds] for row in held]
    assert names == [[], [], ["joy"], ["neutral"]]
    assert asked.all()


def numbers(task, taxonomy, *rows):
    column = pl.Series(rows, dtype=GOLD)
    return value_entries(gold_entries(column, task, taxonomy), task, taxonomy)


def test_values_are_the_mean_on_the_scale_of_answers():
    def rated(value, who=None, of="valence"):
        return entry(value=value, who=who, label_set=of, task="vad", taxonomy="any")

    found = numbers(
        VAD, OF_VAD,
        [rated(1, "a"), rated(4, "b")], [rated(5), rated(1, "a")], [rated(3, of="arousal")],
    )  # fmt: skip
    gold = value_mean(found, 3, levels=False)
    # 1 to 5 becomes 0 to 1: (0 + .75) / 2; the aggregate alone; not rated.
    assert gold[:, 0].tolist()[:2] == [0.375, 1.0]
    assert np.isnan(gold[2, 0])
    assert gold[2, 1] == 0.5
    assert np.isnan(gold[:, 2]).all()
    people = values_by_people(found)
    assert people["valence"].unit.tolist() == [0, 0, 1]
    assert people["valence"].value.tolist() == [0.0, 0.75, 0.0]


def test_levels_are_rounded_half_up():
    def rated(value, who=None):
        return entry(value=value, who=who, label_set="anger", task="emotion_intensity")

    found = numbers(
        INTENSITY, LEVELS,
        [rated(1, "a"), rated(2, "b")], [rated(0, "a"), rated(0, "b"), rated(1, "c")], [rated(2.5)],
    )  # fmt: skip
    assert value_mean(found, 3, levels=True)[:, 0].tolist() == [2, 0, 3]


def test_people_without_aggregates():
    column = pl.Series([[entry(["joy"]), entry(["fear"], "a")], [entry(["joy"], "b")]], dtype=GOLD)
    people = by_people(label_entries(gold_entries(column, EMOTION, EKMAN), EKMAN))
    assert people.unit.tolist() == [0, 1]
    assert len(set(people.annotator.tolist())) == 2
    assert people.given.sum() == 2
