"""Whisper's JSON in its shapes, worked by hand after their documentation."""

import json
from collections import Counter

import pytest

from tests.transforms.read.documents import check_ends, document, forced, outcome, rows, voices
from transforms.read.whisper import Whisper

READER = Whisper()


def openai(*segments: dict, **more) -> str:
    return json.dumps(
        {"text": " I think so. …", "segments": list(segments), "language": "en", **more}
    )


def segment(start, end, text, **more) -> dict:
    measures = {"avg_logprob": -0.3, "no_speech_prob": 0.01, "tokens": [50364, 440]}
    return {"id": 0, "seek": 0, "start": start, "end": end, "text": text, **measures, **more}


FOUR = [segment(0.0, 2.5, " I think"), segment(2.5, 4.016, " so. Yes."), segment(4.1, 5, " [Music]"),
        segment(5, 6.5, " (sighs) Right,")]  # fmt: skip
SPOKEN = [
    segment(0.5, 1.25, " Hello", speaker="SPEAKER_00"), segment(1.3, 2, " there.", speaker="SPEAKER_00"),
    segment(2, 3, " Hi.", speaker="SPEAKER_01"), segment(3, 4, " Hm?"),
]  # fmt: skip


def test_sentences(tmp_path):
    batch = document(tmp_path, "a.json", openai(*FOUR), READER)
    assert rows(batch, "_position", "start_ms", "end_ms", "text", "speaker", "lang") == [
        (0, 0, 4_016, "I think so. Yes.", None, "en"), (3, 5_000, 6_500, "Right,", None, "en")
    ]  # fmt: skip
    assert outcome(batch) == (4, {"nonspeech": 1}, Counter())
    assert [cue["value"] for cue in rows(batch, "cues")[1]] == ["sigh"]


@pytest.mark.parametrize("indent", [None, 2])
def test_speakers_of_whisperx(tmp_path, indent):
    words = [{"word": "Hello", "start": 0.5, "end": 1.25, "score": 0.9, "speaker": "SPEAKER_00"}]
    text = json.dumps({"segments": SPOKEN, "word_segments": words, "language": "de"}, indent=indent)
    batch = document(tmp_path, "a.json", text, READER)
    assert rows(batch, "_position", "start_ms", "end_ms", "text", "pii_hints") == [
        (0, 500, 2_000, "Hello there.", None), (2, 2_000, 3_000, "Hi.", None),
        (3, 3_000, 4_000, "Hm?", None),
    ]  # fmt: skip
    assert voices(batch) == ["#0", "#1", None]
    assert rows(batch, "turn", "lang") == [(0, "de"), (1, "de"), (2, "de")]


@pytest.mark.parametrize(
    "shape",
    [
        {"systeminfo": "AVX", "result": {"language": "en"}, "transcription": [
            {"timestamps": {"from": "00:00:00,500", "to": "00:00:01,250"},
             "offsets": {"from": 500, "to": 1250}, "text": " Hello,"},
            {"offsets": {"from": 1300, "to": 2000}, "text": " you."}]},
        {"text": " Hello, you.", "chunks": [{"timestamp": [0.5, 1.25], "text": " Hello,"},
                                            {"timestamp": [1.3, 2.0], "text": " you."}]},
        [segment(0.5, 1.25, " Hello,"), segment(1.3, 2.0, " you.")],
        {"task": "transcribe", "language": "english", "duration": 2.0, "text": "Hello, you.",
         "segments": [segment(0.5, 1.25, " Hello,"), segment(1.3, 2.0, " you.")]},
    ],
)  # fmt: skip
def test_shapes(tmp_path, shape):
    batch = document(tmp_path, "a.json", json.dumps(shape), READER)
    assert rows(batch, "start_ms", "end_ms", "text") == [(500, 2_000, "Hello, you.")]
    assert batch.units == 2


def test_names(tmp_path):
    spoken = [segment(0, 1, "Hi.", speaker="Ann Lee"), segment(1, 2, "Ho.", speaker="Bo")]
    batch = document(tmp_path, "a.json", openai(*spoken), READER)
    assert rows(batch, "speaker") == ["Ann Lee", "Bo"]
    assert rows(batch, "pii_hints") == [["Ann Lee", "Bo"]] * 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '{"segments": [{"start": 1, "end": 2}]}'),
        ("a.json", '{"route": {"segments": [{"start": 1, "end": 2, "text": "x"}]}}'),
        ("a.json", '[{"start": 1, "end": 2, "text": "a span"}]'),
        ("a.json", '{"segments": [{"speaker_id": "s1", "wdlist": []}]}'),
        ("a.jsonl", '{"segments": [{"start": 1, "end": 2, "text": "x"}]}\n'),
        ("a.json", '{"segments": [{"start": 1, "text": "x"}]}\n{"segments": []}\n'),
        ("a.json", '{"text": "\\"segments\\": [{\\"start\\": 1, \\"text\\": \\"x\\"}]"}'),
        ("a.json", "{"), ("a.json", ""), ("a.json", "[" * 100_000), ("a.json", '{"a":' * 50_000),
        ("a.json", '{"segments": [' + '{"segments": [' * 50_000),
    ],
)  # fmt: skip
def test_other_files_are_left_alone(name, text):
    assert not READER.matches(name, text.encode())


def test_a_head_that_is_cut(tmp_path):
    long = openai(*[segment(at, at + 1, f" Sentence {at}.") for at in range(20_000)])
    assert READER.matches("a.json", long.encode()[: 1 << 20])
    batch = document(tmp_path, "a.json", long, READER)
    assert batch.frame.height == batch.units == 20_000


def test_damaged_files(tmp_path):
    check_ends(tmp_path, "a.json", openai(*FOUR).encode(), READER)
    wrong = [segment(0, 1, "One."), segment(1, 2, None), "no segment", segment("x", 3, "late"),
             segment(1e300, None, "late"), segment(True, None, "late"), segment(None, None, "Two.")]  # fmt: skip
    batch = document(tmp_path, "b.json", openai(*wrong), READER)
    assert [(each.position, each.error_class) for each in batch.bad] == [
        (1, "wrong_type"), (2, "wrong_type"), (3, "bad_time"), (4, "bad_time"), (5, "bad_time")
    ]  # fmt: skip
    assert rows(batch, "_position", "text", "start_ms") == [(0, "One.", 0), (6, "Two.", None)]
    text = openai(*FOUR)
    for data, error in [
        (text.encode()[:-40], "bad_json"),
        (text.replace("think", "th\xefnk").encode("latin-1"), "bad_encoding"),
        (b"[" * 200_000, "bad_json"),
        (b'{"other": 1}', "wrong_type"),
        (b"no json", "bad_json"),
        (text.replace("think", "\\ud800").encode(), "bad_json"),
    ]:
        found = forced(tmp_path, "c.json", data, READER)
        assert found.frame.height == 0
        assert outcome(found) == (1, {}, Counter({error: 1}))
    nan = document(tmp_path, "d.json", text.replace("-0.3", "NaN"), READER)
    assert nan.frame.height == 2
    wide = forced(tmp_path, "e.json", text.encode("utf-16"), READER)
    assert wide.frame.height == 2
