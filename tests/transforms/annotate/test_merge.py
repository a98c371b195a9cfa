"""What holds when an annotator answers again; expected values by a loop over dictionaries."""

import datetime as dt

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.datasets import ANNOTATIONS
from transforms.annotate.merge import merge
from transforms.arrow import polars_schema

SCHEMA = polars_schema(ANNOTATIONS.schema)
START = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)


def row(record="r", annotator="a", labels=("joy",), day=None, partition="p", **more):
    base = {
        "record_id": record, "sample_key": 1, "corpus": "c", "domain": "social", "partition": partition,
        "conversation_id": None, "turn": None, "speaker": None, "role": None, "created_at": None,
        "task": "emotion", "taxonomy": "ekman", "label_set": None, "annotator": annotator,
        "labels": None if labels is None else list(labels), "value": None, "weight": None,
        "annotated_at": None if day is None else START + dt.timedelta(days=day), "file": "f",
    }  # fmt: skip
    return base | more


def frame(*rows):
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def test_newer_replaces_older_stays_out_and_the_same_changes_nothing():
    old = frame(row("new", day=1), row("same", day=1), row("old", day=2))
    new = frame(
        row("new", day=2, labels=["fear"], file="g"),
        row("same", day=1, file="g"),
        row("old", day=1, labels=["fear"], file="g"),
        row("added", file="g"),
    )
    merged = merge(old, new)
    assert merged.counts == {"added": 1, "replaced": 1, "unchanged": 1, "older": 1}
    told = {each["record_id"]: (each["labels"], each["file"]) for each in merged.rows.to_dicts()}
    assert told == {
        "new": (["fear"], "g"), "same": (["joy"], "f"), "old": (["joy"], "f"), "added": (["joy"], "g"),
    }  # fmt: skip
    again = merge(merged.rows, new)
    assert again.counts == {"added": 0, "replaced": 0, "unchanged": 3, "older": 1}
    assert again.rows.sort("record_id").equals(merged.rows.sort("record_id"), null_equal=True)


def test_none_and_nothing_of_labels_differ_and_each_dimension_has_its_row():
    number = {"labels": None, "task": "vad", "taxonomy": "vad"}
    old = frame(row(), row(**number, label_set="valence", value=2.0))
    new = frame(
        row(labels=[]),
        row(**number, label_set="valence", value=3.0),
        row(**number, label_set="arousal", value=1.0),
    )
    merged = merge(old, new)
    assert merged.counts == {"added": 1, "replaced": 2, "unchanged": 0, "older": 0}
    assert merged.rows.height == 3


def test_a_record_that_moved_takes_its_earlier_answers_along():
    merged = merge(frame(row(partition="p")), frame(row(annotator="b", partition="q")))
    assert merged.rows["partition"].to_list() == ["q", "q"]


ROWS = st.lists(
    st.builds(
        row, st.sampled_from("rs"), st.sampled_from(["a", "b", None]),
        st.sampled_from([(), ("joy",), ("anger", "joy")]), st.sampled_from([None, 1, 2]),
    ),
    max_size=8,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(ROWS, ROWS)
def test_against_a_loop(first, second):
    held = {}
    for each in [*sorted(first, key=_day), *sorted(second, key=_day)]:
        key = (each["record_id"], each["annotator"])
        if key not in held or _day(each) >= _day(held[key]):
            held[key] = each
    before = merge(frame(), frame(*first)).rows
    merged = merge(before, frame(*second))
    told = {
        (each["record_id"], each["annotator"]): each["labels"] for each in merged.rows.to_dicts()
    }
    assert told == {key: each["labels"] for key, each in held.items()}
    assert len(told) == merged.rows.height == before.height + merged.counts["added"]
    answered = {(each["record_id"], each["annotator"]) for each in second}
    assert sum(merged.counts.values()) == len(answered)


def _day(each):
    return each["annotated_at"] or dt.datetime.min.replace(tzinfo=dt.UTC)
