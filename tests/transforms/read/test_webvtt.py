"""WebVTT: turns worked by hand, and the four real Metamuse files."""

import re
from collections import Counter
from itertools import groupby

import pytest

from tests.transforms.read.documents import (
    check_ends,
    document,
    forced,
    outcome,
    parsed,
    quickly,
    rows,
    voices,
)
from transforms.read.source import expand, open_stream
from transforms.read.webvtt import WebVtt

READER = WebVtt()
VOICES = """WEBVTT - a title
Kind: captions

STYLE
::cue(.a) { color: red }

NOTE not said
by anybody

REGION
id:left

intro
00:00:01.000 --> 00:00:02.500 align:start position:10%
<v.loud Ann Lee>Hello <i>and</i> wel&shy;come, <00:00:02.000>Q&amp;A</v>

00:03.000 --> 00:04.000
to <c.red>the</c> show &lt;laugh&gt;

00:00:05.000 --> 00:00:06.000
[music]

00:00:06.000 --> 00:00:07.000
still me.

00:00:07.000 --> 00:00:09.000
<v Bo>Hi.</v>
<v Ann Lee>Hi, Bo!

01:00:00.000 --> 01:00:01.000

01:00:01.000 --> 01:00:02.000
<v Bo>Bye.
"""


def test_turns_by_hand(tmp_path):
    batch = document(tmp_path, "a.vtt", VOICES, READER)
    assert rows(batch, "_position", "speaker", "start_ms", "end_ms", "text") == [
        (3, "Ann Lee", 1_000, 7_000, "Hello and wel\xadcome, Q&A to the show still me."),
        (7, "Bo", 7_000, 9_000, "Hi."),
        (7, "Ann Lee", 7_000, 9_000, "Hi, Bo!"),
        (9, "Bo", 3_601_000, 3_602_000, "Bye."),
    ]
    reasons = {"note": 1, "style": 1, "region": 1, "nonspeech": 1, "empty": 1}
    assert outcome(batch) == (10, reasons, Counter())
    assert rows(batch, "cues")[0] == [
        {"channel": "nonspeech", "value": "laughter", "start_ms": 3_000, "end_ms": 4_000}
    ]
    assert set(map(tuple, rows(batch, "pii_hints"))) == {("Ann Lee", "Bo")}
    ids = rows(batch, "id")
    assert len(set(ids)) == 4
    assert None not in ids


def test_names_with_a_colon(tmp_path):
    cues = ["Ann Lee: One,", "two.", "Bo: Note: three.", "Bo: Four.", "Ann Lee: Five."]
    text = "WEBVTT\n\n" + "".join(
        f"{number}\n00:00:0{number}.000 --> 00:00:0{number}.900\n{cue}\n\n"
        for number, cue in enumerate(cues)
    )
    batch = document(tmp_path, "a.vtt", "\ufeff" + text.replace("\n", "\r\n"), READER)
    assert rows(batch, "speaker", "start_ms", "end_ms", "text") == [
        ("Ann Lee", 0, 1_900, "One, two."), ("Bo", 2_000, 3_900, "Note: three. Four."),
        ("Ann Lee", 4_000, 4_900, "Five."),
    ]  # fmt: skip
    assert rows(batch, "id") == [None] * 3


def test_rolling_captions(tmp_path):
    """As YouTube writes them: each line is shown once more above the next one."""
    text = """WEBVTT
Kind: captions
Language: en

00:00:00.000 --> 00:00:02.000 align:start position:0%
 
so<00:00:00.500><c> this</c><00:00:01.000><c> is</c>

00:00:02.000 --> 00:00:02.010 align:start position:0%
so this is
 

00:00:02.010 --> 00:00:04.000 align:start position:0%
so this is
rolling<00:00:03.000><c> on</c>

00:00:04.000 --> 00:00:04.010 align:start position:0%
rolling on
 
"""  # noqa: W293
    batch = document(tmp_path, "a.vtt", text, READER)
    assert rows(batch, "speaker", "start_ms", "end_ms", "text") == [
        (None, 0, 4_000, "so this is rolling on")
    ]
    assert outcome(batch)[:2] == (4, {"repeated": 2})


def test_sentences_where_nobody_is_named(tmp_path):
    text = """WEBVTT

00:01.000 --> 00:02.000
I think

00:02.000 --> 00:03.000
so. Do you?

00:03.000 --> 00:04.000
And then

00:07.000 --> 00:08.000
he went.
"""
    batch = document(tmp_path, "a.vtt", text, READER)
    assert rows(batch, "start_ms", "end_ms", "text") == [
        (1_000, 3_000, "I think so. Do you?"), (3_000, 4_000, "And then"), (7_000, 8_000, "he went.")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.vtt", "no captions"), ("a.txt", "WEBVTTX\n\n"), ("a.txt", ""), ("a.md", "# WEBVTT\n"),
     ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nHi\n")],
)  # fmt: skip
def test_other_files_are_left_alone(name, text):
    assert not READER.matches(name, text.encode())


def test_damaged_files(tmp_path):
    assert READER.matches("a.vtt", b"")
    check_ends(tmp_path, "a.vtt", VOICES.encode(), READER)
    data = (
        b"WEBVTT\n\n00:01.000 --> 00:02.000\ncaf\xe9\n\n00:03.000 --> 00:02.000\nback\n\nlost words\n\n"
        b"00:04.000 --> 00:99.000\nlate\n\nx --> y\nno times\n\n00:05.000 --> 00:06.000\nGood.\n2\n"
        b"00:06.000 --> 00:07.000\nNo blank line."
    )
    bad = document(tmp_path, "b.vtt", data, READER)
    assert [(each.position, each.offset, each.error_class) for each in bad.bad] == [
        (0, 8, "bad_encoding"), (1, data.index(b"00:03"), "bad_time"),
        (2, data.index(b"lost"), "bad_cue"), (3, data.index(b"00:04"), "bad_time"),
        (4, data.index(b"x --"), "bad_time"),
    ]  # fmt: skip
    assert rows(bad, "_position", "text") == [(5, "Good."), (6, "No blank line.")]
    cut = document(tmp_path, "c.vtt", VOICES[:260], READER)
    assert rows(cut, "speaker") == ["Ann Lee"]
    other = forced(tmp_path, "d.vtt", b"Just\n\nwords.\n", READER)
    assert outcome(other) == (2, {}, Counter(bad_cue=2))
    wide = document(tmp_path, "e.vtt", VOICES.encode("utf-16"), READER)
    assert wide.frame.height == 4


@pytest.mark.parametrize(
    "unit", ["<v ", "<c.", "<b ", "&", "&#", " ", "-->", "00:01.000 --> ", "\n"]
)
def test_time_is_linear(tmp_path, unit):
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n" + unit * 200_000
    quickly(tmp_path, "a.vtt", text, READER)


def test_all_of_metamuse(shared_data):
    sources = expand([str(shared_data / "podcast/metamuse.tar.zst")], shared_data)
    captions = [source for source in sources if source.name.endswith(".vtt")]
    counts = []
    for source in captions:
        with open_stream(source) as stream:
            data = b"".join(iter(lambda stream=stream: stream.read(1 << 20), b""))
        assert READER.matches(source.name, data)
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
        marked = [voice for voice, _ in groupby(re.findall(r"<v (\d+)>", text))]
        batch = parsed(source, READER)
        assert outcome(batch) == (text.count(" --> "), {}, Counter())
        order = list(dict.fromkeys(marked))
        assert voices(batch) == [f"#{order.index(voice)}" for voice in marked]
        words = re.sub(r"(?m)^\d+$|^.* --> .*$|<.*?>", " ", text.removeprefix("WEBVTT"))
        said = " ".join(rows(batch, "text"))
        assert said.split() == words.replace("&amp;", "&").split()
        counts.append((batch.units, batch.frame.height))
    assert counts == [(781, 47), (1257, 84), (1107, 78), (958, 69)]
