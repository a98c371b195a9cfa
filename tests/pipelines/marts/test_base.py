"""The base tables of a lake: places in conversations, what a turn follows, ratings of people."""

from pathlib import Path

import pytest

from pipelines.engines.duck_database import open_duck_database
from pipelines.lake.snapshots import published_files, state
from pipelines.marts.base import make_base
from pipelines.marts.needs import need
from pipelines.stages.database import bytes_of
from schemas.config.marts import MartsConfig
from tests.jobs.made_lake import keyed, made_lake

# A thread of posts, by time: b and c answer a, d answers b, e answers somebody who is not here, f nobody.
THREAD = [
    {"id": "a", "speaker": "ann", "labels": ["joy"]},
    {"id": "b", "speaker": "bob", "reply_to": "a", "labels": ["anger"]},
    {"id": "c", "speaker": "cem", "reply_to": "a", "labels": ["sadness"]},
    {"id": "d", "speaker": "ann", "reply_to": "b", "labels": ["fear"]},
    {"id": "e", "speaker": "bob", "reply_to": "gone", "labels": ["neutral"]},
    {"id": "f", "speaker": None, "labels": []},
]


def base_rows(folder: Path, rows: list[dict], sql: str, **more: str) -> list[tuple]:
    lake = made_lake(folder / "lake", rows)
    scratch = folder / "scratch"
    scratch.mkdir()
    files = published_files(lake, state(lake)[1])
    memory_limit = more.get("memory_limit", "400MB")
    with open_duck_database(memory_limit, 2, "Testing") as database:
        base = make_base(files, database, scratch, memory=bytes_of(memory_limit), threads=2)
        need(base, ["turns"], MartsConfig())
        return base.tables.database.rows(sql)


def names(found: list[tuple], known: str) -> list[tuple]:
    short = {keyed(each): each for each in [*known, "ann", "bob", "cem", "gone"]}
    return [
        tuple(
            short.get(str(cell).replace("-", ""), cell) if cell is not None else None
            for cell in row
        )
        for row in found
    ]


def test_a_reply_follows_what_it_answers(tmp_path):
    rows = [{**each, "talk": "t"} for each in THREAD]
    found = base_rows(
        tmp_path,
        rows,
        "SELECT record_id, place, previous_record, previous_speaker, previous_state, own_place, own_state "
        "FROM turns ORDER BY place",
    )
    assert names(found, "abcdef") == [
        ("a", 1, None, None, None, None, None),
        ("b", 2, "a", "ann", "joy", None, None),
        ("c", 3, "a", "ann", "joy", None, None),
        ("d", 4, "b", "bob", "anger", 1, "joy"),
        ("e", 5, None, None, None, 2, "anger"),  # answers a post that is not here: follows nothing
        ("f", 6, "e", "bob", "neutral", None, None),  # answers nobody: follows the post before
    ]


def test_turns_go_by_number_then_by_time(tmp_path):
    rows = [
        {"id": "a", "talk": "t", "turn": 3, "labels": ["joy"]},
        {"id": "b", "talk": "t", "turn": 1, "labels": ["joy"]},
        {"id": "c", "talk": "t", "labels": ["joy"]},  # no number, a time: after the numbered ones
        {"id": "d", "talk": "t", "day": None, "labels": ["joy"]},  # neither: no place
        {"id": "e", "labels": ["joy"]},  # no conversation
        {"id": "f", "talk": "t", "turn": 2, "labels": None, "status": "failed"},  # not labeled
    ]
    found = base_rows(tmp_path, rows, "SELECT record_id, place FROM turns ORDER BY place")
    assert names(found, "abcdef") == [("b", 1), ("a", 2), ("c", 3)]


@pytest.mark.parametrize("memory_limit", [pytest.param("100MB", marks=pytest.mark.slow), "1GB"])
def test_conversations_are_whole_however_they_are_cut(tmp_path, monkeypatch, memory_limit):
    """300 talks of 4 turns; with a byte budget of nothing they are sorted in 256 pieces."""
    monkeypatch.setattr(
        "pipelines.marts.pieces._SORTED_BYTES", 10**9 if memory_limit == "100MB" else 600
    )
    rows = [
        {"talk": f"talk{n // 4}", "turn": n % 4, "speaker": f"s{n % 2}", "labels": ["joy"]}
        for n in range(1200)
    ]
    found = base_rows(
        tmp_path,
        rows,
        "SELECT count(*), count(DISTINCT conversation_id), max(place), count(previous_record), count(own_place) "
        "FROM turns",
        memory_limit=memory_limit,
    )
    assert found == [(1200, 300, 4, 900, 600)]


def test_ratings_are_gold_and_annotations(tmp_path):
    gold = [
        {"task": "emotion", "taxonomy": "ekman", "annotator": "x", "labels": ["joy"]},
        {"task": "emotion", "taxonomy": "ekman", "annotator": "y", "labels": ["fear"]},
    ]
    found = base_rows(
        tmp_path,
        [{"id": "a", "gold": gold, "labels": ["joy"]}, {"id": "b", "labels": ["joy"]}],
        "SELECT record_id, annotator, labels FROM ratings ORDER BY annotator",
    )
    assert names(found, "ab") == [("a", "x", ["joy"]), ("a", "y", ["fear"])]
