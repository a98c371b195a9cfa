import json
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.config.corpus import Values
from schemas.errors import SourceError
from tests.transforms.read.reading import source_of
from transforms.read.chunk import POSITION, BadUnit, Limits
from transforms.read.mapping import map_columns
from transforms.read.registry import READERS
from transforms.read.topical_chat import TopicalChat

READER = TopicalChat()
DIALOGUE = {
    "article_url": "https://example.org/a",
    "config": "B",
    "content": [
        {
            "message": "Are you a fan?",
            "agent": "agent_1",
            "sentiment": "Curious to dive deeper",
            "knowledge_source": ["AS1", "FS1"],
            "turn_rating": "Good",
        },
        {
            "message": " I am not. ",
            "agent": "agent_2",
            "sentiment": "",
            "knowledge_source": [],
            "turn_rating": "",
        },
    ],
    "conversation_rating": {"agent_1": "Excellent", "agent_2": ""},
}


def read(path: Path, **limits: int) -> tuple[pl.DataFrame, list[BadUnit], dict[str, int], int]:
    """(mapped rows, bad units, skipped, units); each unit has exactly one outcome."""
    bounds, frames, bad, skipped, units = Limits(**limits), [], [], {}, 0
    columns = READER.columns([])
    assert columns is not None
    source = source_of(path)
    for chunk in READER.cut(source, bounds, {}):
        for batch in READER.parse(source, chunk, bounds, {}):
            outcomes = [*set(batch.frame[POSITION].to_list()), *(u.position for u in batch.bad)]
            assert len(set(outcomes)) == len(outcomes)
            assert batch.units == len(outcomes) + sum(batch.skipped.values())
            assert all(units <= position < units + batch.units for position in outcomes)
            mapped = map_columns(batch.frame, columns, Values(), READER.gold())
            assert mapped.bad == []
            frames.append(mapped.frame)
            bad += batch.bad
            for reason, count in batch.skipped.items():
                skipped[reason] = skipped.get(reason, 0) + count
            units += batch.units
    return (pl.concat(frames) if frames else pl.DataFrame()), bad, skipped, units


def of(tmp_path: Path, document: Any, **limits: int) -> Any:
    path = tmp_path / "valid.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document, indent=2))
    return read(path, **limits)


def test_a_dialogue_is_turns_of_two_agents(tmp_path: Path) -> None:
    document = {"t_1": DIALOGUE, "t_2": DIALOGUE}
    assert READER.matches("x.json", json.dumps(document).encode())
    rows, bad, skipped, units = of(tmp_path, document)
    assert (bad, skipped, units) == ([], {}, 2)
    assert READER.found(source_of(tmp_path / "valid.json"), {})[:2] == ["id", "text"]
    names = ("id", "conversation_id", "turn", "speaker", "text", "lang", "reply_to", "pii_hints")
    assert rows.select(names).rows() == [
        ("t_1#0", "t_1", 0, "t_1/agent_1", "Are you a fan?", "en", None, None),
        ("t_1#1", "t_1", 1, "t_1/agent_2", " I am not. ", "en", None, None),
        ("t_2#0", "t_2", 0, "t_2/agent_1", "Are you a fan?", "en", None, None),
        ("t_2#1", "t_2", 1, "t_2/agent_2", " I am not. ", "en", None, None),
    ]
    assert rows[POSITION].to_list() == [0, 0, 1, 1]
    gold = {
        "task": "emotion",
        "taxonomy": "topical_chat",
        "label_set": None,
        "split": None,
        "annotator": "agent_1",
        "labels": ["Curious to dive deeper"],
        "value": None,
    }
    assert rows["gold"].to_list() == [[gold], None] * 2
    meta = [{each["key"]: each["value"] for each in row} for row in rows["meta"][:2]]
    always = {"article_url": "https://example.org/a", "config": "B"}
    assert meta == [
        {
            **always,
            "conversation_rating": "Excellent",
            "turn_rating": "Good",
            "knowledge_source": '["AS1","FS1"]',
        },
        {**always, "knowledge_source": "[]"},
    ]


def changed(number: int, **values: Any) -> dict[str, Any]:
    said = [dict(each) for each in DIALOGUE["content"]]
    said[number].update(values)
    return {**DIALOGUE, "content": said}


@pytest.mark.parametrize(
    ("dialogue", "error_class"),
    [
        (changed(1, sentiment="Secretive"), "bad_label"),
        (changed(0, message=None), "wrong_type"),
        (changed(0, message=["Secretive"]), "wrong_type"),
        (changed(1, agent=""), "wrong_type"),
        (changed(1, knowledge_source="Secretive"), "wrong_type"),
        ({**DIALOGUE, "content": ["Secretive"]}, "wrong_type"),
        ({**DIALOGUE, "conversation_rating": "Secretive"}, "wrong_type"),
        ({**DIALOGUE, "conversation_rating": {"agent_1": 3}}, "wrong_type"),
        ({**DIALOGUE, "config": 5}, "wrong_type"),
        ("Secretive", "wrong_type"),
    ],
)
def test_a_dialogue_with_a_wrong_turn_is_quarantined_whole(tmp_path, dialogue, error_class) -> None:
    rows, bad, _, units = of(tmp_path, {"a": DIALOGUE, "b": dialogue, "c": DIALOGUE})
    assert rows["conversation_id"].to_list() == ["a", "a", "c", "c"]
    assert [(unit.position, unit.error_class) for unit in bad] == [(1, error_class)]
    assert (units, "Secretive" in bad[0].message) == (3, False)


def test_dialogues_without_a_turn_and_too_long(tmp_path: Path) -> None:
    long = changed(0, message="word " * 1000)
    document = {"a": {**DIALOGUE, "content": []}, "b": long, "c": DIALOGUE}
    rows, bad, skipped, units = of(tmp_path, document, record_bytes=2000, bytes=2000)
    assert rows["conversation_id"].to_list() == ["c", "c"]
    assert [(unit.position, unit.error_class) for unit in bad] == [(1, "unit_too_long")]
    assert (skipped, units) == ({"empty": 1}, 3)


def test_damaged_files(tmp_path: Path) -> None:
    whole = json.dumps({"a": DIALOGUE, "b": DIALOGUE})
    path = tmp_path / "valid.json"
    for text, said in ((whole[:-50], "cut short"), (whole + "{}", "ends before"), ("x", "start")):
        path.write_text(text)
        chunks = []
        with pytest.raises(SourceError, match=said):
            chunks += READER.cut(source_of(path), Limits(), {})
        assert sum(chunk.units for chunk in chunks) == {"cut short": 1, "start": 0}.get(said, 2)
    path.write_bytes(whole.replace("fan", "f\u00e4n").encode("latin-1"))
    rows, bad, _, units = read(path)
    assert (rows.height, [unit.error_class for unit in bad], units) == (0, ["invalid_utf8"] * 2, 2)
    path.write_bytes(whole.encode("utf-16"))
    assert read(path)[0].height == 4
    assert of(tmp_path, "")[1:] == ([], {}, 0)
    assert of(tmp_path, "{}")[1:] == ([], {"no_element": 1}, 1)


def test_other_formats_are_left_alone(shared_data: Path) -> None:
    others = [
        b"",
        b"[]",
        b"{}",
        json.dumps([DIALOGUE]).encode(),
        b'{"content": [{"message": "m", "agent": "a", "sentiment": "s"}]}',
        (json.dumps({"t": DIALOGUE}) + "\n" + json.dumps({"u": DIALOGUE}) + "\n").encode(),
        b'{"segments": [{"text": "hi", "start": 0}]}',
        b"message,agent,sentiment\na,b,c\n",
    ]
    assert not any(READER.matches("valid.json", data) for data in others)
    for path in sorted(shared_data.rglob("*.zst")):
        if "topical_chat" not in str(path) and ".tar" not in path.name:
            head = subprocess.run(
                f"zstd -dc '{path}' | head -c 1048576", shell=True, capture_output=True
            ).stdout
            assert not READER.matches(path.name, head), path


@pytest.mark.parametrize("name", ["valid_freq", "valid_rare"])
def test_the_release(shared_data: Path, name: str) -> None:
    path = shared_data / "conversation" / "topical_chat" / f"{name}.json.zst"
    data = subprocess.run(["zstd", "-dc", path], capture_output=True, check=True).stdout
    theirs = json.loads(data)
    said = [(key, *turn.values()) for key, each in theirs.items() for turn in each["content"]]
    assert READER.matches(f"{name}.json", data[: 1 << 20])
    assert not any(
        reader.matches(f"{name}.json", data[: 1 << 20])
        for other, reader in READERS.items()
        if other not in ("topical_chat", "jsonl")
    )
    rows, bad, skipped, units = read(path, records=100)
    assert (bad, skipped, units) == ([], {}, len(theirs))
    assert units == 539  # 1,078 of both files: SOURCES.md
    assert rows.height == len(said) == {"valid_freq": 11_681, "valid_rare": 11_692}[name]
    ours = rows.select("conversation_id", "text", "speaker").rows()
    assert ours == [(key, text, f"{key}/{agent}") for key, text, agent, *_ in said]
    labels = [None if row is None else row[0]["labels"] for row in rows["gold"].to_list()]
    assert labels == [[each[3]] if each[3] else None for each in said]
    assert rows["id"].is_unique().all()
    assert rows["speaker"].n_unique() == 2 * units
