"""Contexts worked by hand: turn lists, reply trees, bounds."""

from pathlib import Path

import pytest

from schemas.config.windows import WindowsConfig
from tests.jobs.window_runs import WindowRuns, said


@pytest.fixture
def runs(tmp_path: Path) -> WindowRuns:
    return WindowRuns(tmp_path)


def test_a_list_of_turns(runs: WindowRuns) -> None:
    rows = [
        said("d", turn=3), said("a", turn=0), said("c", turn=2), said("b", turn=1),
        said("other", turn=1, conversation_id="elsewhere"), said("alone", conversation_id=None),
        said("late"),  # no turn: after those that have one, by its date
    ]  # fmt: skip
    runs.windows = WindowsConfig(turns=2)
    found = runs.contexts(runs.make([runs.clean("s", rows)]))
    assert found == {
        "a": [], "b": ["a"], "c": ["a", "b"], "d": ["b", "c"], "other": [], "alone": [],
        "late": ["c", "d"],
    }  # fmt: skip


def test_ties_go_by_time_then_date_then_id(runs: WindowRuns) -> None:
    rows = [
        said("z", turn=1, start_ms=5), said("y", turn=1, start_ms=9), said("x", turn=1, minute=1),
        said("w", turn=1, minute=0), said("v", turn=1, minute=0),
        said("nowhere", created_at=None),
    ]  # fmt: skip
    found = runs.contexts(runs.make([runs.clean("s", rows)]))
    assert found["x"] == ["z", "y", "v", "w"]
    assert found["nowhere"] == []  # it has no place in the conversation


def test_what_was_dropped_is_no_context(runs: WindowRuns) -> None:
    rows = [
        said("a", turn=0),
        said("b", turn=1, outcome="dropped", reason="boilerplate"),
        said("c", turn=2),
    ]
    made = runs.make([runs.clean("s", rows)])
    assert runs.contexts(made) == {"a": [], "c": ["a"]}
    assert made[0].counts == {"in": 2, "with_context": 1, "without_context": 1}


def test_the_bound_in_characters_leaves_out_whole_turns(runs: WindowRuns) -> None:
    rows = [said("a", turn=0), said("bb", turn=1), said("ccc", turn=2), said("d", turn=3)]
    # "text of ccc" has 11 characters, "text of bb" 10, "text of a" 9.
    for chars, expected in [(10, []), (11, ["ccc"]), (21, ["bb", "ccc"]), (30, ["a", "bb", "ccc"])]:
        runs.windows = WindowsConfig(chars=chars)
        assert runs.contexts(runs.make([runs.clean("s", rows)]))["d"] == expected


def test_a_reply_tree(runs: WindowRuns) -> None:
    rows = [
        said("q", minute=-1), said("a1", reply_to="q"), said("a2", reply_to="q"), said("c", reply_to="a1"),
        said("gone", reply_to="c", outcome="dropped", reason="boilerplate"),
        said("e", reply_to="gone"), said("f", reply_to="e"), said("orphan", reply_to="not here"),
    ]  # fmt: skip
    runs.windows = WindowsConfig(turns=3)
    found = runs.contexts(runs.make([runs.clean("s", rows)]))
    assert found == {
        "q": [], "a1": ["q"], "a2": ["q"], "c": ["q", "a1"], "e": ["q", "a1", "c"],
        "f": ["a1", "c", "e"], "orphan": [],
    }  # fmt: skip


def test_a_chain_that_bites_its_tail_ends(runs: WindowRuns) -> None:
    rows = [
        said("a", reply_to="b"),
        said("b", reply_to="c"),
        said("c", reply_to="b"),
        said("s", reply_to="s"),
    ]
    found = runs.contexts(runs.make([runs.clean("s", rows)]))
    assert found == {"a": ["c", "b"], "b": ["c"], "c": ["b"], "s": []}


def test_of_doubles_the_one_that_stayed_is_the_parent(runs: WindowRuns) -> None:
    old = said("q", reply_to="p", outcome="dropped", reason="duplicate_id")
    rows = [said("p", minute=-1), old, said("q", reply_to="p"), said("a", reply_to="q")]
    assert runs.contexts(runs.make([runs.clean("s", rows)]))["a"] == ["p", "q"]


def test_a_post_does_not_see_its_own_replies(runs: WindowRuns) -> None:
    """All on one day, with no time: nothing but the tree tells what came first."""
    rows = [said("z"), said("a", reply_to="z"), said("b", reply_to="a")]
    found = runs.contexts(runs.make([runs.clean("s", rows)]))
    assert found == {"z": [], "a": ["z"], "b": ["z", "a"]}
