"""Speaker-and-time text: each style by hand, and all real Metamuse transcripts."""

import re
from collections import Counter

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
from transforms.read.transcript_times import TranscriptTimes

READER = TranscriptTimes()
DASHED = """A show, episode 7

Ann Lee (00:00:00) - We waited for
almost a year. See you at noon
(12:30) - or later.

Bo Müller-Kim (00:00:32) -

Bo Müller-Kim (00:01:05) - [laughs] Hm
hm.

Ann Lee (01:00:05) - [inaudible 00:41:46]

Break (01:00:10) -

Dr. Cy (01:01:00) - Bye.

A last paragraph.
"""


def test_turns_by_hand(tmp_path):
    batch = document(tmp_path, "a.txt", DASHED, READER)
    assert rows(batch, "_position", "speaker", "start_ms", "text") == [
        (1, "Ann Lee", 0, "We waited for almost a year. See you at noon (12:30) - or later."),
        (3, "Bo Müller-Kim", 65_000, "Hm hm."),
        (6, "Dr. Cy", 3_660_000, "Bye.\n\nA last paragraph."),
    ]
    reasons = {"preamble": 1, "empty": 1, "nonspeech": 1, "break": 1}
    assert outcome(batch) == (7, reasons, Counter())
    assert set(map(tuple, rows(batch, "pii_hints"))) == {("Ann Lee", "Bo Müller-Kim", "Dr. Cy")}
    assert [cue["value"] for cue in rows(batch, "cues")[1]] == ["laughter"]
    assert rows(batch, "end_ms", "role") == [(None, None)] * 3


@pytest.mark.parametrize(
    "text",
    [
        "Ann (00:05):\nHello.\n\nBo (01:07):\nHi\nthere.\n\nAnn (10:00):\nBye.\n",
        "Ann (00:05):\r\n\r\nHello.\r\n\r\nBo (01:07):\r\nHi there.\r\n\r\nAnn (10:00):\r\nBye.\r\n",
        "Ann: (00:05)\nHello.\n\nBo: (01:07)\nHi there.\n\nAnn: (10:00)\nBye.\n",
        "Ann: [00:05] Hello.\n\nBo: [01:07] Hi there.\n\nAnn: [10:00] Bye.\n",
        "Ann (0:05) - Hello.\n\nBo (1:07) - Hi there.\n\nAnn (10:00) - Bye.",
        "Ann  0:05  \nHello.\n\nBo  1:07  \nHi there.\n\nAnn  10:00  \nBye.\n",
        "Ann  0:05\nHello.\nBo  1:07\nHi there.\nAnn  10:00\nBye.\n",
        "[00:00:05] Ann: Hello.\n[00:01:07] Bo: Hi there.\n[00:10:00] Ann: Bye.\n",
        "00:00:05 Ann: Hello.\n00:01:07 Bo: Hi\nthere.\n00:10:00 Ann: Bye.\n",
        "(0:05) Ann: Hello.\n\n(1:07) Bo: Hi there.\n\n(10:00) Ann: Bye.\n",
    ],
)
def test_styles(tmp_path, text):
    batch = document(tmp_path, "a.txt", text, READER)
    assert rows(batch, "speaker", "start_ms", "text") == [
        ("Ann", 5_000, "Hello."), ("Bo", 67_000, "Hi there."), ("Ann", 600_000, "Bye.")
    ]  # fmt: skip
    assert outcome(batch) == (3, {}, Counter())


def test_names_without_times(tmp_path):
    text = "Ann Lee:\nHello.\n\nBo:\nHi. See:\n\nthis\n\nAnn Lee:\nHm.\n\nBo:\nYes.\n\nAnn Lee:\nBye.\n"
    batch = document(tmp_path, "a.txt", text, READER)
    assert rows(batch, "speaker", "start_ms", "text") == [
        ("Ann Lee", None, "Hello."), ("Bo", None, "Hi. See:\n\nthis"), ("Ann Lee", None, "Hm."),
        ("Bo", None, "Yes."), ("Ann Lee", None, "Bye."),
    ]  # fmt: skip


def test_numbers_are_no_names(tmp_path):
    text = (
        "Speaker 1  0:00\na\n\nSpeaker 2  0:03\nb\n\nSpeaker 1  0:04\nc\n\nInterviewer  0:09\nd\n"
    )
    batch = document(tmp_path, "a.txt", text, READER)
    assert voices(batch) == ["#0", "#1", "#0", "#2"]
    assert rows(batch, "role", "pii_hints") == [*[(None, None)] * 3, ("interviewer", None)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "Just a text.\n\nWith paragraphs, at noon (12:30) - or so.\n" * 9),
        ("a.log", "[00:00:05] Ann: Hello.\n[00:01:07] Ann: Hi.\n"),
        ("a.txt", "[12:01:05] Ann: Hello.\n[12:03:07] Ann: Hi.\n"),
        ("a.txt", "00:00:05 INFO: started\n00:00:07 INFO: stopped\n00:00:07 ERROR: why\n"),
        ("a.txt", "Ann (09:10) - a\n\nAnn (05:05) - b\n\nAnn (03:05) - c\n\nAnn (01:05) - d\n"),
        ("a.csv", "Ann (00:05) - a\n\nAnn (00:06) - b\n"),
        ("a.txt", "Usage:\n  run it\n\nOptions:\n  -h\n\nSee also:\n  nothing\n"),
        ("a.md", "# Tool\n\nInstall:\n\nUse:\n\nInstall:\n\nUse:\n\nUse:\n"),
        ("a.txt", ""),
    ],
)
def test_other_files_are_left_alone(name, text):
    assert not READER.matches(name, text.encode())


def test_damaged_files(tmp_path):
    check_ends(tmp_path, "a.txt", DASHED.encode(), READER)
    data = DASHED.replace("Dr. Cy (01:01:00) - Bye.", "Dr. Cy (01:01:00) - caf\xe9.").encode()
    bad = forced(tmp_path, "b.txt", data.replace("\xe9".encode(), b"\xe9"), READER)
    assert rows(bad, "speaker") == ["Ann Lee", "Bo Müller-Kim"]
    at = data.index(b"Dr. Cy")
    assert [(each.position, each.offset, each.error_class) for each in bad.bad] == [
        (6, at, "bad_encoding")
    ]
    other = forced(tmp_path, "c.txt", b"Nobody is\nnamed here.\n", READER)
    assert outcome(other) == (1, {}, Counter(no_speakers=1))
    wide = document(tmp_path, "d.txt", DASHED.encode("utf-16"), READER)
    assert wide.frame.height == 3


@pytest.mark.parametrize("unit", [" ", "A ", "A(", "(0", "00:00:00 ", "A (00:01) ", "\n", "é"])
def test_time_is_linear(tmp_path, unit):
    text = "Ann (00:01) - a\n\nAnn (00:02) - b\n\nAnn (00:03) - c\n\n" + unit * 200_000 + " d"
    quickly(tmp_path, "a.txt", text, READER)


def test_all_of_metamuse(shared_data):
    """19 text files; of two completed ones the times were taken out by hand."""
    sources = expand([str(shared_data / "podcast/metamuse.tar.zst")], shared_data)
    texts = [source for source in sources if source.name.endswith(".txt")]
    marked = r"(?m)^\S.*? \((?:\d\d:)?\d\d:\d\d\)(?::| -)"
    units, labels, empty = 0, Counter(), 0
    for source in texts:
        with open_stream(source) as stream:
            data = b"".join(iter(lambda stream=stream: stream.read(1 << 20), b""))
        assert READER.matches(source.name, data)
        text = data.decode().replace("\r\n", "\n")
        lines = re.findall(marked, text) or re.findall(r"(?m)^(?:[A-Z]\w+ ){1,2}?[A-Z]\w+:$", text)
        batch = parsed(source, READER)
        assert (batch.units, batch.bad) == (len(lines), []), source.member
        assert batch.frame.height == batch.units - sum(batch.skipped.values())
        words = "".join(
            re.findall(r"\w", re.sub(r"\[[a-z]+ [\d:]+\]|<\w+>|\[inaudible\]", "", text))
        )
        names = "".join(re.findall(r"\w", "".join(lines)))
        kept = sum(len(re.findall(r"\w", each)) for each in rows(batch, "text"))
        assert abs(len(words) - len(names) - kept) < 40, source.member
        units += batch.units
        empty += batch.skipped.get("empty", 0)
        labels.update(rows(batch, "speaker"))
    assert len(texts) == 19
    assert empty == 4
    assert units == 2672
    assert labels["Adam Wiggins"] > 500
