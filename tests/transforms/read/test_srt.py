"""SubRip: sentences and turns worked by hand. (There is no real SRT file in the data.)"""

from collections import Counter

import pytest

from tests.transforms.read.documents import check_ends, document, forced, outcome, quickly, rows
from transforms.read.srt import SubRip

READER = SubRip()
FILM = r"""1
00:00:01,000 --> 00:00:02,500
<i>I never thought</i>

2
00:00:02,600 --> 00:00:04,000
{\an8}I would <font color="#fff">say</font> this.

3
00:00:05,000 --> 00:00:06,000
- Really?
- Yes,

4
00:00:06,100 --> 00:00:07,000
really.

5
00:00:07,500 --> 00:00:08,000
(SIGHS)

6
00:00:09,000 --> 00:00:10,000  X1:100 X2:200
♪ La la ♪

7
00:00:20,000 --> 00:00:21,000
Time: 10:30.

still the same cue
"""


def srt(*texts: str) -> str:
    return "".join(
        f"{number}\n00:00:{number:02},000 --> 00:00:{number:02},900\n{text}\n\n"
        for number, text in enumerate(texts)
    )


def test_sentences_by_hand(tmp_path):
    batch = document(tmp_path, "a.srt", FILM, READER)
    assert rows(batch, "_position", "start_ms", "end_ms", "text") == [
        (0, 1_000, 4_000, "I never thought I would say this."),
        (2, 5_000, 6_000, "Really?"),
        (2, 5_000, 7_000, "Yes, really."),
        (5, 9_000, 10_000, "La la"),
        (6, 20_000, 21_000, "Time: 10:30. still the same cue"),
    ]
    assert outcome(batch) == (7, {"nonspeech": 1}, Counter())
    assert set(rows(batch, "speaker")) == {None}
    assert set(map(str, rows(batch, "pii_hints"))) == {"None"}
    assert [cue["value"] for cue in rows(batch, "cues")[3]] == ["music"]
    assert len(set(rows(batch, "id"))) == 5


def test_names_that_are_used_throughout(tmp_path):
    text = srt("ANN: Hello", "and welcome.", "BO: Hi.\nANN: How are you?", "Fine:", "BO: Good.")
    batch = document(tmp_path, "a.srt", text, READER)
    assert rows(batch, "_position", "speaker", "text") == [
        (0, "ANN", "Hello and welcome."), (2, "BO", "Hi."), (2, "ANN", "How are you? Fine:"),
        (4, "BO", "Good."),
    ]  # fmt: skip
    assert rows(batch, "pii_hints")[0] == ["ANN", "BO"]


def test_names_at_some_cues_only_are_text(tmp_path):
    """As in subtitles for the deaf: who is not in the picture is named, the others are not."""
    text = srt("Look at that.", "MAN: What?", *["There it goes."] * 8, "WOMAN: I see.")
    batch = document(tmp_path, "a.srt", text, READER)
    assert set(rows(batch, "speaker")) == {None}
    assert rows(batch, "text")[1] == "MAN: What?"


def test_a_long_text_without_full_stops_is_cut(tmp_path):
    batch = document(tmp_path, "a.srt", srt(*["ten chars " * 10] * 20), READER)
    assert [len(text) for text in rows(batch, "text")] == [6 * 99 + 5 + 100] * 2 + [
        5 * 99 + 4 + 100
    ]


def test_live_captions(tmp_path):
    batch = document(tmp_path, "a.srt", srt(">> GOOD EVENING,", "EVERYBODY", ">> HELLO"), READER)
    assert rows(batch, "text") == ["GOOD EVENING, EVERYBODY", "HELLO"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.srt", "no captions"), ("a.txt", "1\n2\n3\n"), ("a.csv", "1\n00:00:01,000\n"), ("a.txt", ""),
     ("a.vtt", "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\nHi\n")],
)  # fmt: skip
def test_other_files_are_left_alone(name, text):
    assert not READER.matches(name, text.encode())


def test_damaged_files(tmp_path):
    assert READER.matches("a.srt", b"")
    assert READER.matches("a.txt", FILM.replace("\n", "\r\n").encode("utf-8-sig"))
    check_ends(tmp_path, "a.srt", FILM.encode(), READER)
    data = srt("One.", "caf\xe9", "Three.").encode("latin-1").replace(b"02,000 -->", b"02,000 ->")
    bad = document(tmp_path, "b.srt", data, READER)
    assert [(each.position, each.offset, each.error_class) for each in bad.bad] == [
        (1, data.index(b"1\n00:00:01"), "bad_encoding"), (2, data.index(b"2\n00:00:02"), "bad_cue")
    ]  # fmt: skip
    assert rows(bad, "text") == ["One."]
    other = forced(tmp_path, "c.srt", b"Just\n\nwords.\n", READER)
    assert outcome(other) == (2, {}, Counter(bad_cue=2))
    wide = document(tmp_path, "d.srt", FILM.encode("utf-16"), READER)
    assert wide.frame.height == 5


@pytest.mark.parametrize("unit", ["<font ", "{\\", "- ", "A: ", "\n\n", "A b c ", ">>", "♪"])
def test_time_is_linear(tmp_path, unit):
    text = srt("One.") + "2\n00:01:00,000 --> 00:02:00,000\n" + unit * 200_000
    quickly(tmp_path, "a.srt", text, READER)
