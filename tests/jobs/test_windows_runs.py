"""Contexts over runs: what is published counts, and only what sees a change is made again."""

from pathlib import Path

import polars as pl
import pytest

from pipelines.lake.compact import compact_lake
from schemas.config.windows import WindowsConfig
from tests.jobs.dedup_runs import CORPUS
from tests.jobs.window_runs import DAYS, WindowRuns, names, said


@pytest.fixture
def runs(tmp_path: Path) -> WindowRuns:
    return WindowRuns(tmp_path)


def test_shards_and_days_make_no_difference(runs: WindowRuns) -> None:
    turns = [
        said("a", turn=0),
        said("b", turn=1),
        said("c", turn=2, day=DAYS[1]),
        said("d", turn=3),
    ]
    cut = [
        runs.clean("one", [turns[1]]),
        runs.clean("two", turns[2:3]),
        runs.clean("three", [turns[3], turns[0]]),
    ]
    assert runs.contexts(runs.make(cut)) == {
        "a": [],
        "b": ["a"],
        "c": ["a", "b"],
        "d": ["a", "b", "c"],
    }


def test_a_rerun_does_nothing(runs: WindowRuns) -> None:
    cleaned = [runs.clean("one", [said("a", turn=0)]), runs.clean("two", [said("b", turn=1)])]
    made = runs.make(cleaned)
    assert [each.attempt for each in runs.make(cleaned)] == [each.attempt for each in made]
    # Wider windows in which nothing more is found are no change.
    runs.windows = WindowsConfig(turns=20, chars=9000)
    assert names(runs.make(cleaned)) == names(made)


def test_earlier_runs_are_earlier_turns(runs: WindowRuns) -> None:
    monday = [runs.clean("monday", [said("a", turn=0)]), runs.clean("noon", [said("b", turn=1)])]
    runs.publish(monday, runs.make(monday))
    tuesday = [
        runs.clean(
            "tuesday", [said("c", turn=2, day=DAYS[1]), said("r", reply_to="b", day=DAYS[1])]
        )
    ]
    made = runs.make(tuesday)
    found = runs.contexts(made)
    assert found["r"] == ["b"]  # b itself is no reply: its chain ends
    assert found["c"] == ["a", "b"]
    runs.publish(tuesday, made)
    assert (
        compact_lake(runs.lake, run_id="compact", small_rows=1000) == 2
    )  # clean and contexts of Monday
    again = runs.make(tuesday)
    assert [manifest.name for manifest in again] == [manifest.name for manifest in made]


def test_only_what_sees_a_change_is_made_again(runs: WindowRuns) -> None:
    def shards(text: str) -> list:
        first = said("a", turn=0)
        first["text_clean"], first["n_chars"] = text, len(text)
        return [
            runs.clean("one", [first]),
            runs.clean("two", [said("b", turn=1)]),
            runs.clean("three", [said("x", turn=0, conversation_id="else")]),
        ]

    before = runs.make(shards("text of a"))
    after = runs.make(shards("text OF a"))
    names = [{manifest.source_file: manifest.name for manifest in made} for made in (before, after)]
    assert {source for source in names[0] if names[0][source] != names[1][source]} == {"one", "two"}


def test_a_turn_that_no_longer_fits_counts_as_a_change(runs: WindowRuns) -> None:
    """It is no part of the context, but lets those before it go: all its traces are in other shards."""
    runs.windows = WindowsConfig(chars=20)
    long = said("m", turn=1)
    long["text_clean"], long["n_chars"] = "long" * 20, 80
    own = [said("a", turn=0), said("b", turn=2)]
    without = runs.make(
        [runs.clean("own", own), runs.clean("far", [said("x", turn=1, conversation_id="e")])]
    )
    assert runs.contexts(without)["b"] == ["a"]
    having = runs.make([runs.clean("own", own), runs.clean("far", [long])])
    assert pl.concat(
        [
            pl.read_parquet(runs.lake.path(m.outputs[0].path))
            for m in having
            if m.source_file == "own"
        ]
    )["context"].list.len().to_list() == [0, 0]


def test_where_an_earlier_turn_lies_is_no_change(runs: WindowRuns) -> None:
    own = runs.clean("own", [said("b", turn=1)])
    alone = runs.make([own, runs.clean("far", [said("a", turn=0)])])
    filler = [said(f"x{n}", conversation_id="else") for n in range(3)]
    among = runs.make([own, runs.clean("elsewhere", [*filler, said("a", turn=0)])])
    assert names(alone)["own"] == names(among)["own"]


def test_what_a_run_does_not_replace_counts(runs: WindowRuns) -> None:
    """A newer revision in another file made one shard of an old file again: the other shards of that file stay."""
    old = [
        runs.clean("old", [said("a", turn=0)]),
        runs.clean("old", [said("b", turn=1), said("c", turn=2)], chunk=1),
    ]
    runs.publish(old, runs.make(old))
    again = runs.clean(
        "old",
        [said("b", turn=1), said("c", turn=2, outcome="dropped", reason="duplicate_id")],
        chunk=1,
    )
    new = runs.clean("new", [said("c", turn=3, revision=1), said("d", turn=4)])
    sources = {CORPUS: {"new"}}
    found = runs.contexts(runs.make([again, new], sources=sources))
    assert found == {"b": ["a"], "c": ["a", "b"], "d": ["a", "b", "c"]}


def test_partitions_that_failed_stay_as_they_are_published(runs: WindowRuns) -> None:
    monday = runs.clean("s", [said("a", turn=0)])
    runs.publish([monday], runs.make([monday]))
    tuesday = runs.clean("s", [said("b", turn=1, day=DAYS[1])], chunk=1)
    failed = {(CORPUS, DAYS[0])}
    assert runs.contexts(runs.make([monday, tuesday], failed=failed)) == {"b": ["a"]}


def test_turns_are_found_in_compacted_files(runs: WindowRuns) -> None:
    monday = [
        runs.clean(f"m{n}", [said(f"x{n}", turn=9, conversation_id="e"), said(f"a{n}", turn=n)])
        for n in range(3)
    ]
    runs.publish(monday, runs.make(monday))
    compact_lake(runs.lake, run_id="compact", small_rows=1000)
    for file in [each.outputs[0] for each in monday]:
        runs.lake.path(file.path).unlink()  # as vacuum does
    tuesday = runs.clean("tuesday", [said("b", turn=3, day=DAYS[1])])
    assert runs.contexts(runs.make([tuesday])) == {"b": ["a0", "a1", "a2"]}


def test_a_turn_that_moves_to_another_conversation_is_a_change(runs: WindowRuns) -> None:
    """What the shard quotes stays the same: who quotes it does not. (Sample keys are lengths of names here.)"""
    own = runs.clean("own", [said("x", turn=1), said("yy", turn=1, conversation_id="else")])
    before = runs.make([own, runs.clean("far", [said("a", turn=0)])])
    after = runs.make([own, runs.clean("far", [said("a", turn=0, conversation_id="else")])])
    assert runs.contexts(before) == {"x": ["a"], "yy": [], "a": []}
    assert runs.contexts(after) == {"x": [], "yy": ["a"], "a": []}
    assert names(before)["own"] != names(after)["own"]


def test_what_a_file_no_longer_has_is_gone(runs: WindowRuns) -> None:
    before = [
        runs.clean("s", [said("a", turn=0)]),
        runs.clean("s", [said("b", turn=1, day=DAYS[1])], chunk=1),
    ]
    runs.publish(before, runs.make(before))
    after = runs.clean("s", [said("a", turn=0), said("c", turn=2)])
    assert runs.contexts(runs.make([after])) == {"a": [], "c": ["a"]}
