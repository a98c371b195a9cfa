import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import zstandard

from schemas.config.corpus import Values
from schemas.errors import SourceError
from tests.transforms.read.reading import Whole, read, source_of
from transforms.read.chunk import Limits
from transforms.read.gold_cells import GOLD, OWN_GOLD
from transforms.read.mapping import map_columns
from transforms.read.premo import Premo

READER = Premo()
URL = "https://github.com/o/r/pull/7#issuecomment-1"


def answer(polarity: str, emotions: list[str], plus: float, minus: float) -> dict[str, Any]:
    return {
        "polarity": polarity,
        "emotions": emotions,
        "positive_intensity": plus,
        "negative_itensity": minus,
        "confidence": 4,
        "comments": "a rater's own words",
    }


def message(**changes: Any) -> dict[str, Any]:
    return {
        "project": "r",
        "raw_message": "Nice!\nBut *slow*.",
        "message_url": URL,
        "part1_aggregate": {"polarity": "undefined"},
        "part2_aggregate": {"polarity": "positive"},
        "individual_answers": [
            {
                "part1": answer("negative", ["anger"], 0, 3),
                "part2": answer("positive", ["joy", "love"], 2, 1),
                "user_type": "neuro",
            },
            {"part2": answer("neutral", [], 0, 0), "user_type": "comp"},
        ],
        **changes,
    }


def records(whole: Whole) -> list[dict[str, Any]]:
    columns = READER.columns([])
    assert columns is not None
    mapped = map_columns(whole.frame, columns, Values(), READER.gold())
    assert mapped.bad == []
    return mapped.frame.to_dicts()


def array(path: Path, *messages: Any, **limits: int) -> Whole:
    path.write_text(json.dumps(messages))
    return read(path, READER, limits=Limits(**limits))


def given(entries: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    assert {(each["split"], *each.keys()) for each in entries} == {
        (None, "task", "taxonomy", "label_set", "split", "annotator", "labels", "value")
    }
    names = ("task", "taxonomy", "label_set", "annotator", "labels", "value")
    return [tuple(each[name] for name in names) for each in entries]


def test_all_that_was_rated(tmp_path: Path) -> None:
    path = tmp_path / "any.json"
    whole = array(path, message(), message(message_url=f"{URL}2", discussion_polarity="neutral"))
    assert READER.matches("any.json", path.read_bytes())
    assert (whole.units, whole.bad, whole.skipped) == (2, [], Counter())
    one, two = records(whole)
    assert (one["id"], one["text"]) == (URL, "Nice!\nBut *slow*.")
    assert one["conversation_id"] == two["conversation_id"] == "https://github.com/o/r/pull/7"
    assert (one["turn"], one["speaker"], one["role"], one["lang"]) == (None, None, None, None)
    assert one["meta"] == [{"key": "project", "value": "r"}]
    assert two["meta"][1] == {"key": "discussion_polarity", "value": "neutral"}
    assert given(one["gold"]) == [
        ("emotion", "premo", None, "1-neuro", ["joy", "love"], None),
        ("sentiment", "polarity", None, "1-neuro", ["positive"], None),
        ("emotion_intensity", "premo", "positive", "1-neuro", None, 2.0),
        ("emotion_intensity", "premo", "negative", "1-neuro", None, 1.0),
        ("emotion", "premo", None, "2-comp", [], None),
        ("sentiment", "polarity", None, "2-comp", ["neutral"], None),
        ("emotion_intensity", "premo", "positive", "2-comp", None, 0.0),
        ("emotion_intensity", "premo", "negative", "2-comp", None, 0.0),
        ("sentiment", "polarity", None, None, ["positive"], None),
        ("emotion_without_context", "premo", None, "1-neuro", ["anger"], None),
        ("sentiment_without_context", "polarity", None, "1-neuro", ["negative"], None),
        ("emotion_intensity_without_context", "premo", "positive", "1-neuro", None, 0.0),
        ("emotion_intensity_without_context", "premo", "negative", "1-neuro", None, 3.0),
    ]


def test_what_was_not_answered_is_no_zero(tmp_path: Path) -> None:
    rater = {"part2": {"polarity": None, "emotions": None, "positive_intensity": 1}}
    given_by = message(individual_answers=[rater], part1_aggregate=None, part2_aggregate=None)
    bare = message(individual_answers=[], part1_aggregate=None, part2_aggregate=None)
    one, two = records(array(tmp_path / "a.json", given_by, bare))
    assert given(one["gold"]) == [("emotion_intensity", "premo", "positive", "1", None, 1.0)]
    assert two["gold"] is None


def rated(**changes: Any) -> dict[str, Any]:
    return message(
        individual_answers=[{"part2": answer("neutral", [], 0, 0) | changes, "user_type": "comp"}]
    )


def test_messages_that_are_not_as_released(tmp_path: Path) -> None:
    wrong = [
        (7, "wrong_type"),
        (message(raw_message=None), "wrong_type"),
        (message(message_url=""), "wrong_type"),
        (message(project=["r"]), "wrong_type"),
        (message(individual_answers="none"), "wrong_type"),
        (message(individual_answers=[{"part2": "yes"}]), "wrong_type"),
        (rated(emotions=["hope"]), "bad_label"),
        (rated(emotions="joy"), "bad_label"),
        (rated(polarity="mixed"), "bad_label"),
        (message(part2_aggregate={"polarity": "mixed"}), "bad_label"),
        (rated(positive_intensity="2"), "bad_number"),
        (rated(positive_intensity=True), "bad_number"),
        (rated(negative_itensity=5), "bad_number"),
        (rated(negative_itensity=-1), "bad_number"),
    ]
    for records_a_chunk in (1, 100):
        whole = array(
            tmp_path / "a.json", *(each for each, _ in wrong), message(), records=records_a_chunk
        )
        assert whole.classes == [(place, kind) for place, (_, kind) in enumerate(wrong)]
        assert [row["id"] for row in records(whole)] == [URL]
    assert not any("Nice" in unit.message or "hope" in unit.message for unit in whole.bad)


def test_broken_bytes(tmp_path: Path) -> None:
    one, path = json.dumps(message()).encode(), tmp_path / "a.json"
    no_json = one.replace(b'"raw_message":', b'"raw_message"')
    path.write_bytes(b"[" + b",".join([one.replace(b"Nice", b"\xff"), no_json, one]) + b"]")
    whole = read(path, READER)
    assert whole.classes == [(0, "invalid_utf8"), (1, "invalid_json")]
    assert [row["id"] for row in records(whole)] == [URL]
    path.write_text(json.dumps([message()]), encoding="utf-16")
    assert [row["id"] for row in records(read(path, READER))] == [URL]


@pytest.mark.parametrize("data", ["", "[]", " [ ] \n"])
def test_arrays_without_messages(tmp_path: Path, data: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(data)
    whole = read(path, READER)
    assert (whole.frame.height, whole.bad, whole.units) == (0, [], 1 if data else 0)
    assert whole.skipped == ({"no_element": 1} if data else {})


def test_a_message_too_long_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    limits = {"record_bytes": 4000, "bytes": 8000}
    whole = array(path, message(raw_message="y" * 9000), message(), **limits)
    assert whole.classes == [(0, "unit_too_long")]
    assert [row["id"] for row in records(whole)] == [URL]
    source, bounds = source_of(path), Limits(**limits)
    for chunk in READER.cut(source, bounds, {}):
        for batch in READER.parse(source, chunk, bounds, {}):
            assert batch.frame.schema[OWN_GOLD] == GOLD


def test_other_documents_are_not_claimed() -> None:
    for data in (
        b"",
        b"[]",
        b'[{"raw_message": "a", "message_url": "b"}]',
        b'{"raw_message": "a", "message_url": "b", "individual_answers": []}',
        b'{"m": {"raw_message": "a", "message_url": "b", "individual_answers": []}}',
        b"id,text\n1,a\n",
        b"WEBVTT\n\n00:01.000 --> 00:02.000\nhi\n",
    ):
        assert not READER.matches("a.json", data), data


def test_a_document_that_is_cut_off_is_told(tmp_path: Path) -> None:
    data = json.dumps([message(message_url=f"{URL}{number}") for number in range(3000)]).encode()
    (tmp_path / "a.json").write_bytes(data[:-700])
    (tmp_path / "b.json.zst").write_bytes(zstandard.compress(data)[:-500])
    for name in ("a.json", "b.json.zst"):
        chunks = []
        with pytest.raises(SourceError, match=name.replace(".", r"\.")):
            chunks += READER.cut(source_of(tmp_path / name), Limits(records=100), {})
        assert sum(chunk.units for chunk in chunks) > 1000


@pytest.mark.parametrize("size", [97, 125_000])
def test_the_release(shared_data: Path, size: int) -> None:
    path = shared_data / "social/premo_github_pr.json.zst"
    with path.open("rb") as packed:
        data = zstandard.ZstdDecompressor().stream_reader(packed).read()
    assert READER.matches("premo_github_pr.json", data[: 1 << 20])
    theirs = json.loads(data)
    whole = read(path, READER, limits=Limits(records=size))
    rows = records(whole)
    assert (whole.units, whole.bad, whole.skipped) == (1_235, [], Counter())  # SOURCES.md
    assert [(row["id"], row["text"]) for row in rows] == [
        (each["message_url"], each["raw_message"]) for each in theirs
    ]
    ours = Counter(told for row in rows for told in given_flat(row["gold"]))
    assert ours == independent(theirs)
    raters = [{e["annotator"] for e in row["gold"]} - {None} for row in rows]
    assert {len(each) for each in raters} == {3}  # SOURCES.md: x 3 raters


def given_flat(gold: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """(task, annotator, label or dimension, value) of all that was said."""
    return [
        (each["task"], each["annotator"], label, each["value"])
        for each in gold
        for label in (each["labels"] if each["labels"] is not None else [each["label_set"]])
    ]


def independent(messages: list[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    """The same, counted in the release itself."""
    found: Counter[tuple[Any, ...]] = Counter()
    for part, end in (("part1", "_without_context"), ("part2", "")):
        for each in messages:
            if each[f"{part}_aggregate"]["polarity"] != "undefined":
                found[f"sentiment{end}", None, each[f"{part}_aggregate"]["polarity"], None] += 1
            for number, rater in enumerate(each["individual_answers"], 1):
                who, said = f"{number}-{rater['user_type']}", rater[part]
                found.update((f"emotion{end}", who, label, None) for label in said["emotions"])
                found[f"sentiment{end}", who, said["polarity"], None] += 1
                for name, key in (
                    ("positive", "positive_intensity"),
                    ("negative", "negative_itensity"),
                ):
                    found[f"emotion_intensity{end}", who, name, float(said[key])] += 1
    return found
