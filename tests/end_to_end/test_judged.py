"""What judges decide: turns that are reviewed before a talk goes on, and answers that must beat worse ones.

A scripted server plays all roles. What it writes ends in the levels that it will give it as a judge: `f4n2` is 4 for
the first criterion and 2 for the second.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.lake.lake import open_lake
from pipelines.lake.mart_files import queryable_files
from pipelines.lake.snapshots import published
from pipelines.query.catalog import open_catalog
from tests.end_to_end.corpus import command
from tests.end_to_end.scripted_server import Answer, Body, ScriptedServer

pytestmark = pytest.mark.slow

JOY = "I am so happy and delighted about the {thing}"
THINGS = [
    "harbor at dawn with all its boats", "letter from an old school friend", "garden behind the yellow house",
    "train that came early for once", "old piano in the school hall", "first snow on our street this year",
]  # fmt: skip
RUBRIC = """name: two
version: 1
judged: a text
turns: 16
criteria:
  - {name: fit, definition: how well it fits}
  - {name: naturalness, definition: how natural it is}
"""
HEAD = """name: mine
version: 1
title: Ours
description: Ours.
source: ours
task: emotion
taxonomy: ekman
"""
TALK = """axes: [{name: mood, table: moods.csv}]
steps:
  - kind: converse
    id: talk
    turns: 4
    target: mood.word
    targeted: [one]
    voices:
      - {role: one, model: writer, system: "You are one.", prompt: "<history>{history}</history> one, turn {turn}"}
      - {role: two, model: writer, system: "You are two.", prompt: "<history>{history}</history> two, turn {turn}"}
    review:
      roles: [two]
      model: judge
      rubric: ./two.yaml
      least: {fit: 3.0}
      rounds: 2
      prompt: "<history>{history}</history> <draft>{draft}</draft> {scores} again, turn {turn}"
  - {kind: judge, id: judge, model: judge, rubric: dialogue, parts: [turn], least: {coherence: 1.0}}
  - {kind: check, id: check}
"""
PAIRS = """axes: [{name: emotion, labels: true, without: [anger, disgust, fear, sadness, surprise, neutral]}]
steps:
  - {kind: write, id: ask, model: writer, system: "Ask.", prompt: "ask {emotion}", fields: [{name: text, kind: text}]}
  - {kind: write, id: fits, model: writer, system: "Fit.", prompt: "fits {emotion}", fields: [{name: text, kind: text}]}
  - {kind: write, id: misses, model: writer, system: "Miss.", prompt: "misses", fields: [{name: text, kind: text}]}
  - kind: judge
    id: judge
    model: judge
    rubric: ./two.yaml
    parts: [prompt, chosen]
    least: {fit: 3.0, naturalness: 3.0}
    against: {parts: [prompt, rejected], margin: {fit: 1.0}}
  - {kind: check, id: check}
emit:
  - {part: prompt, text: "{ask.text}", target: emotion, role: user}
  - {part: chosen, text: "{fits.text}", role: assistant}
  - {part: rejected, text: "{misses.text}", role: assistant}
"""


def levels(body: Body, asked: str) -> Answer:
    """The judge's answer: what the last text that it sees says."""
    names = body["response_format"]["json_schema"]["schema"]["required"]
    told = re.findall(r"f(\d)n(\d)", asked)[-1] if names == ["fit", "naturalness"] else "444"
    return dict(zip(names, map(int, told), strict=False))


def write_made(folder: Path, recipe: str, server: ScriptedServer, items: int) -> None:
    (folder / "two.yaml").write_text(RUBRIC)
    (folder / "recipe.yaml").write_text(HEAD + recipe)
    (folder / "model.yaml").write_text(
        f"name: scripted\nmodel: scripted\nrevision: r1\nurls: ['{server.url}']\ntemperature: 1.0\n"
        "price: {per_million_completion_tokens: 500000}\n"
    )
    (folder / "moods.csv").write_text("word\njoy\n")
    (folder / "made.yaml").write_text(
        f"name: made\nrecipe: ./recipe.yaml\nitems: {items}\nchecker: student\n"
        "models: {writer: model.yaml, judge: model.yaml}\ndiversity: {max_opening_repetition: null,\n"
        "  max_self_similarity: null, min_distinct_2: null, least_rows: 1000}\n"
    )


def synthesized(folder: Path, recipe: str, server: ScriptedServer, items: int) -> pl.DataFrame:
    write_made(folder, recipe, server, items)
    ran = command("synthesize", "made.yaml", "--json", cwd=folder)
    assert ran.code == 0, (ran.out, ran.err)
    told = json.loads(ran.out)
    assert told["rows"] == told["control"]["kept"] + sum(told["control"]["reasons"].values())
    lake = open_lake((folder / "lake").absolute())
    with open_catalog(queryable_files(lake, published(lake)[1])) as catalog:
        return catalog.frame(
            "SELECT item, part, turn, role, outcome, reason, text_clean AS text, "
            "list_transform(judge_scores, lambda each: each.rubric || ' ' || each.score) AS scores "
            "FROM synthetic ORDER BY item, turn"
        )


def talker(good_after: list[int]) -> Callable[[Body], Answer]:
    """The turns of item n are good after so many tries more."""

    def script(body: Body) -> Answer:
        asked = body["messages"][-1]["content"]
        if "text" not in body["response_format"]["json_schema"]["schema"]["properties"]:
            return levels(body, asked)
        item = body["seed"]
        turn = re.findall(r"turn (\d)", asked)[-1]
        if "one," in asked:
            return {"text": f"{JOY.format(thing=THINGS[item])} {turn}, of {'abcd'[item]}"}
        tries = 1 + int(asked.rpartition("<draft>")[2].split()[1]) if "<draft>" in asked else 0
        fit = 4 if tries >= good_after[item] else 2
        return {"text": f"try {tries} of {'abcd'[item]} in turn {turn}: f{fit}n3"}

    return script


def test_a_turn_is_mended_before_the_talk_goes_on(tmp_path: Path) -> None:
    """Item 0 is good at once, item 1 after one more try, item 2 after two, item 3 never."""
    with ScriptedServer(talker([0, 1, 2, 9])) as server:
        rows = synthesized(tmp_path, TALK, server, 4)
    talks = {
        found[0]: talk
        for talk in rows.partition_by("item", maintain_order=True)
        if (found := re.findall(r", of (\w)", talk["text"][0]))
    }
    assert sorted(talks) == list("abcd")
    for letter, tries in (("a", 0), ("b", 1), ("c", 2)):
        talk = talks[letter]
        assert set(talk["outcome"]) == {"kept"}, talk
        assert talk.filter(role="two")["text"].to_list() == [
            f"try {tries} of {letter} in turn {turn}: f4n3" for turn in (2, 4)
        ]
        of_talk = ["coherence 4.0", "naturalness 4.0", "progress 4.0"]
        assert talk["scores"].to_list() == [of_talk, [*of_talk, "fit 4.0", "naturalness 3.0"]] * 2
    # What stays below ends the talk there: nobody is asked for turns 3 and 4.
    lost = talks["d"]
    assert lost.select("turn", "outcome", "reason").rows() == [
        (0, "dropped", "judge"), (1, "dropped", "judge"),
    ]  # fmt: skip
    asked = [body["messages"][-1]["content"] for body in server.bodies]
    assert not any("try 2 of d" in each and "turn 3" in each for each in asked)
    # The voice sees its draft and the levels; the turns after, and their judge, only what was mended.
    (again,) = [each for each in asked if "<draft>try 0 of b in turn 2" in each]
    assert "fit 2.0, naturalness 3.0" in again
    third = [each for each in asked if "one, turn 3" in each and ", of b" in each]
    assert len(third) == 1
    assert "try 1 of b in turn 2" in third[0]
    assert "try 0 of b" not in third[0]
    assert (
        sum("try 0 of b in turn 2" in each for each in asked) == 2
    )  # its review, and the second try


CASES = [
    ("f4n4", "f2n4", None),
    ("f4n3", "f3n3", None),  # just so much better, and just good enough
    ("f4n4", "f4n4", "judge"),  # no better
    ("f3n4", "f4n4", "judge"),  # worse
    ("f4n4", "f2n2", "judge"),  # told apart by being gibberish
    ("f2n4", "f1n4", "judge"),  # better, but not good
]


def test_what_is_chosen_must_beat_what_is_rejected(tmp_path: Path) -> None:
    """Each item is a case: the levels of its two answers, and why it is dropped."""

    def script(body: Body) -> Answer:
        asked = body["messages"][-1]["content"]
        if "text" not in body["response_format"]["json_schema"]["schema"]["properties"]:
            return levels(body, asked)
        item = body["seed"]
        chosen, rejected, _ = CASES[item]
        said = {
            "ask": JOY.format(thing=THINGS[item]),
            "fits": f"How lovely, the {THINGS[item]}: {chosen}",
            "misses": f"I am sorry for the {THINGS[item]}: {rejected}",
        }
        return {"text": said[asked.split()[0]]}

    with ScriptedServer(script) as server:
        rows = synthesized(tmp_path, PAIRS, server, len(CASES))
    for item, (chosen, rejected, reason) in enumerate(CASES):
        (asked,) = rows.filter(text=JOY.format(thing=THINGS[item]))["item"]
        found = rows.filter(item=asked)
        assert found["part"].to_list() == ["prompt", "chosen", "rejected"]
        assert set(found["reason"]) == {reason}, CASES[item]
        better, worse = ([f"fit {of[1]}.0", f"naturalness {of[3]}.0"] for of in (chosen, rejected))
        assert found["scores"].to_list() == [better, better, worse]


@pytest.mark.parametrize(("good_after", "which"), [([0, 0], "once"), ([2, 2], "most")])
def test_the_plan_says_what_is_asked(tmp_path: Path, good_after: list[int], which: str) -> None:
    def plan() -> dict[str, Any]:
        ran = command("synthesize", "made.yaml", "--plan", "--json", cwd=tmp_path)
        assert ran.code == 0, ran.err
        return json.loads(ran.out)

    with ScriptedServer(talker(good_after)) as server:
        write_made(tmp_path, TALK, server, 2)
        before = plan()
        assert not server.bodies
        assert not (tmp_path / "lake").exists()
        rows = synthesized(tmp_path, TALK, server, 2)
        assert set(rows["outcome"]) == {"kept"}
        after = plan()
        told = command("synthesize", "made.yaml", "--plan", cwd=tmp_path).out
    assert (before["items_to_do"], before["shards"], before["shards_done"]) == (2, 1, 0)
    asked = sum(each[which] for each in before["requests"].values())
    assert len(server.bodies) == asked
    assert (before["tokens_per_request"], before["price"]) == (None, None)
    # All is made: nothing is left to ask. A request took one token there and one back, and half a unit of price.
    assert (after["items_to_do"], after["shards_done"]) == (0, 1)
    assert (after["tokens_per_request"], after["price"]) == (2, {"once": 0, "most": 0})
    assert "0 of 2" in told
    # More items: those of the shard that is full stay, and what is new costs what was measured.
    (tmp_path / "made.yaml").write_text(
        (tmp_path / "made.yaml").read_text().replace("items: 2", "items: 6\nshard_items: 2")
    )
    more = plan()
    assert (more["items_to_do"], more["shards"], more["shards_done"]) == (4, 3, 1)
    assert more["price"][which] == pytest.approx(asked * 2 / 2)


def test_a_checker_that_votes_is_paid_and_cached_as_any_other(tmp_path: Path) -> None:
    def script(body: Body) -> Answer:
        asked = body["messages"][-1]["content"]
        fields = body["response_format"]["json_schema"]["schema"]["properties"]
        if "labels" in fields:  # the member of the ensemble
            return {"labels": ["joy"]}
        if "text" not in fields:
            return levels(body, asked)
        what = asked.split()[0]
        return {
            "text": f"{JOY.format(thing=THINGS[body['seed']])}, {what}: {'f2n4' if what == 'misses' else 'f4n4'}"
        }

    def made() -> dict[str, Any]:
        ran = command("synthesize", "made.yaml", "--json", cwd=tmp_path)
        assert ran.code == 0, ran.err
        return json.loads(ran.out)

    with ScriptedServer(script) as server:
        write_made(tmp_path, PAIRS, server, 2)
        config = (tmp_path / "made.yaml").read_text()
        model = (tmp_path / "model.yaml").read_text()
        (tmp_path / "other.yaml").write_text(
            model.replace("revision: r1", "revision: r2\nmode: generate")
        )
        both = "name: both\nmodel: both\nrevision: r1\nmembers: [{}, student]\n"
        (tmp_path / "both.yaml").write_text(both.format("other.yaml"))
        (tmp_path / "made.yaml").write_text(config.replace("student", "both.yaml"))
        plan = command("synthesize", "made.yaml", "--plan", "--json", cwd=tmp_path)
        planned = {role: each["once"] for role, each in json.loads(plan.out)["requests"].items()}
        assert planned == {"writer": 6, "judge": 4, "checker": 6}
        first = made()
        assert first["cost"]["requests"] == len(server.bodies) == 16
        # Another meaning of a copy makes the items anew, from answers that are there.
        (tmp_path / "made.yaml").write_text(
            config.replace("student", "both.yaml") + "copies: {words: 9}\n"
        )
        again = made()
        assert (again["cost"]["requests"], again["cost"]["from_cache"]) == (0, 16)
        assert len(server.bodies) == 16
        # A model that writes does not check itself, not as one of several either.
        (tmp_path / "both.yaml").write_text(both.format("model.yaml"))
        refused = command("synthesize", "made.yaml", cwd=tmp_path)
    assert refused.code == 2
    assert "it would agree with itself" in refused.err
