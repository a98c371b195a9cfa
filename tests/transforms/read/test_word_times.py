"""JSON of transcription services, worked by hand after their documentation; and Metamuse's."""

import json
import re
from collections import Counter

import pytest

from tests.transforms.read.documents import (
    check_ends,
    document,
    forced,
    outcome,
    parsed,
    rows,
    voices,
)
from transforms.read.source import expand, open_stream
from transforms.read.whisper import Whisper
from transforms.read.word_times import WordTimes

READER = WordTimes()


def words(*triples: tuple, word="word", start="start", end="end") -> list[dict]:
    return [{word: text, start: one, end: two} for text, one, two in triples]


REDUCT = {"segments": [
    {"speaker_id": "s1", "speaker_name": "Ann Lee", "start": 0.0, "end": 9.0,
     "wdlist": words(("Hello ", 0.5, 1.0), ("there. ", 1.004, 1.25))},
    {"speaker_id": "s2", "start": 2.0, "end": 3.0, "wdlist": words(("Hi,", None, None), ("you.", 2.5, 2.75))},
    {"speaker_id": "s2", "start": 3.0, "end": 4.0, "wdlist": words(("<laugh> ", 3, 3.5))},
    {"speaker_id": "s2", "wdlist": []},
]}  # fmt: skip


def test_reduct(tmp_path):
    batch = document(tmp_path, "a.json", json.dumps(REDUCT), READER)
    assert rows(batch, "_position", "start_ms", "end_ms", "text") == [
        (0, 500, 1_250, "Hello there."),
        (1, 2_500, 2_750, "Hi, you."),
    ]
    assert voices(batch) == ["Ann Lee", "#0"]
    assert outcome(batch) == (4, {"nonspeech": 1, "empty": 1}, Counter())
    assert rows(batch, "pii_hints") == [["Ann Lee"]] * 2


@pytest.mark.parametrize(
    "shape",
    [
        {"id": "x", "text": "…", "language_code": "en_us", "utterances": [
            {"confidence": 0.9, "speaker": "A", "text": "Hello there.", "start": 500, "end": 1250, "words": []},
            {"confidence": 0.9, "speaker": "B", "text": "Hi.", "start": 2500, "end": 2750, "words": []}]},
        {"metadata": {}, "results": {"channels": [], "utterances": [
            {"start": 0.5, "end": 1.25, "channel": 0, "transcript": "Hello there.", "speaker": 0, "words": []},
            {"start": 2.5, "end": 2.75, "channel": 0, "transcript": "Hi.", "speaker": 1, "words": []}]}},
        {"monologues": [
            {"speaker": 0, "elements": [
                {"type": "text", "value": "Hello", "ts": 0.5, "end_ts": 0.8, "confidence": 1.0},
                {"type": "punct", "value": " "},
                {"type": "text", "value": "there", "ts": 0.9, "end_ts": 1.25, "confidence": 1.0},
                {"type": "punct", "value": "."}]},
            {"speaker": 1, "elements": [{"type": "text", "value": "Hi", "ts": 2.5, "end_ts": 2.75},
                                        {"type": "punct", "value": "."}]}]},
        {"id": "x", "words": [
            {"text": "Hello", "start": 500, "end": 800, "confidence": 0.9, "speaker": "A"},
            {"text": "there.", "start": 900, "end": 1250, "confidence": 0.9, "speaker": "A"},
            {"text": "Hi.", "start": 2500, "end": 2750, "confidence": 0.9, "speaker": "B"}],
         "utterances": None},
        {"metadata": {}, "results": {"channels": [{"alternatives": [{"transcript": "…", "words": [
            {"word": "hello", "punctuated_word": "Hello", "start": 0.5, "end": 0.8, "speaker": 0},
            {"word": "there", "punctuated_word": "there.", "start": 0.9, "end": 1.25, "speaker": 0},
            {"word": "hi", "punctuated_word": "Hi.", "start": 2.5, "end": 2.75, "speaker": 1}]}]}]}},
        {"metadata": {}, "results": {"channels": [
            {"alternatives": [{"transcript": "…", "words": [
                {"word": "Hello", "start": 0.5, "end": 0.8}, {"word": "there.", "start": 0.9, "end": 1.25}]}]},
            {"alternatives": [{"transcript": "…", "words": [{"word": "Hi.", "start": 2.5, "end": 2.75}]}]}]}},
    ],
)  # fmt: skip
def test_services(tmp_path, shape):
    batch = document(tmp_path, "a.json", json.dumps(shape, indent=1), READER)
    assert rows(batch, "start_ms", "end_ms", "text", "pii_hints") == [
        (500, 1_250, "Hello there.", None), (2_500, 2_750, "Hi.", None)
    ]  # fmt: skip
    assert voices(batch) == ["#0", "#1"]
    assert set(rows(batch, "lang")) <= {"en-us", None}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '{"segments": [{"start": 1, "end": 2, "text": "x"}]}'),
        ("a.json", '{"utterances": [{"text": "x", "intent": "y"}]}'),
        ("a.json", '{"words": [{"text": "x", "count": 3}]}'),
        ("a.json", '{"results": {"channels": [{"name": "x"}]}}'),
        ("a.json", '{"a": {"monologues": [{"elements": []}]}}'),
        ("a.jsonl", '{"segments": [{"wdlist": []}]}'),
        ("a.json", '{"segments": [{"wdlist": []}]}\n{"segments": []}\n'),
        ("a.json", "[" * 100_000), ("a.json", '{"words": [' * 50_000), ("a.json", ""),
    ],
)  # fmt: skip
def test_other_files_are_left_alone(name, text):
    assert not READER.matches(name, text.encode())


def test_damaged_files(tmp_path):
    data = json.dumps(REDUCT).encode()
    check_ends(tmp_path, "a.json", data, READER)
    wrong = {"segments": [
        {"speaker_id": "s1", "wdlist": words(("One. ", 0, 1))}, {"speaker_id": "s1", "wdlist": "no list"},
        {"wdlist": [{"word": 5}]}, 7, {"wdlist": words(("late ", "x", 1))},
        {"speaker_id": ["s1"], "wdlist": words(("Two. ", 5, 6))},
    ]}  # fmt: skip
    batch = document(tmp_path, "b.json", json.dumps(wrong), READER)
    assert [(each.position, each.error_class) for each in batch.bad] == [
        (1, "wrong_type"), (2, "wrong_type"), (3, "wrong_type"), (4, "bad_time")
    ]  # fmt: skip
    assert rows(batch, "_position", "text") == [(0, "One."), (5, "Two.")]
    assert voices(batch) == ["#0", None]
    for bytes_, error in [
        (data[:-9], "bad_json"), (data.replace(b"Hello", b"H\xe9llo"), "bad_encoding"),
        (b'{"a": [1]}', "wrong_type"), (b"[]", "wrong_type"), (b"words", "bad_json"),
    ]:  # fmt: skip
        found = forced(tmp_path, "c.json", bytes_, READER)
        assert (outcome(found), found.frame.height) == ((1, {}, Counter({error: 1})), 0)


def test_all_of_metamuse(shared_data):
    """The audiotext files have the turns of the plain texts of the same episodes."""
    sources = expand([str(shared_data / "podcast/metamuse.tar.zst")], shared_data)
    counts = []
    for source in sources:
        if not source.name.endswith(".json"):
            continue
        with open_stream(source) as stream:
            data = b"".join(iter(lambda stream=stream: stream.read(1 << 20), b""))
        assert READER.matches(source.name, data)
        assert not Whisper().matches(source.name, data)
        segments = json.loads(data)["segments"]
        batch = parsed(source, READER)
        assert (batch.units, batch.bad) == (len(segments), [])
        texts = ["".join(word["word"] for word in each["wdlist"]) for each in segments]
        spoken = [text for text in texts if re.sub(r"<\w+>|\W", "", text)]
        assert batch.frame.height == len(spoken)
        first = segments[0]["wdlist"]
        assert rows(batch, "text")[0] == "".join(word["word"] for word in first).strip()
        assert rows(batch, "start_ms", "end_ms")[0] == (
            round(first[0]["start"] * 1000), round(first[-1]["end"] * 1000)
        )  # fmt: skip
        assert "Adam Wiggins" in rows(batch, "pii_hints")[0]
        counts.append((batch.units, batch.frame.height))
    assert counts == [(129, 129), (117, 115), (206, 206)]
