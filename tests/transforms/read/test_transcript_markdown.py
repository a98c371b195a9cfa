"""Markdown transcripts: turns worked by hand, and all 359 real episodes."""

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
from transforms.read.transcript_markdown import TranscriptMarkdown

READER = TranscriptMarkdown()
EPISODE = r"""# Episode 7

A show about things.

**Ann Lee:** \[00:31\] Welcome, *Bo*! See [our site](https://example.org). \[laughs\]

And a second paragraph \[04:08\] of hers.

**Bo B. Kim, PhD:** Thanks. \[unintelligible 00:05:01.15\] I mean `x[0]`.

**Break:** \[11:37\]

**Ann Lee:** \[laughs\]

**Bo B. Kim, PhD:**

\[01:02:03.15\] So. We are back.

**Jingle**: \[01:10:00\] to \[01:10:20\]

<!-- cut here -->

**Old Song:** \[01:11:00\]

Ann Lee: Bye \[sic\] now.

**Promo:** Buy the clapper!

**Ann Lee**: Bye. \[100:08\]
"""


def test_turns_by_hand(tmp_path):
    batch = document(tmp_path, "a.md", EPISODE, READER)
    assert rows(batch, "_position", "speaker", "start_ms", "text") == [
        (1, "Ann Lee", 31_000, ("Welcome, *Bo*! See [our site](https://example.org).\n\n"
         "And a second paragraph of hers.")),
        (2, "Bo B. Kim, PhD", None, "Thanks. I mean `x[0]`."),
        (5, "Bo B. Kim, PhD", 3_723_500, "So. We are back."),
        (8, "Ann Lee", None, r"Bye \[sic\] now."),
        (10, "Ann Lee", None, "Bye."),
    ]  # fmt: skip
    assert outcome(batch) == (
        11, {"preamble": 1, "break": 3, "nonspeech": 1, "clip": 1}, Counter()
    )  # fmt: skip
    cues = rows(batch, "cues")
    assert [[cue["value"] for cue in each or []] for each in cues] == [
        ["laughter"], ["unintelligible"], [], [], []
    ]  # fmt: skip
    assert {tuple(hints) for hints in rows(batch, "pii_hints")} == {("Ann Lee", "Bo B. Kim")}
    assert set(rows(batch, "end_ms", "role")) == {(None, None)}


def test_variants_of_the_mark(tmp_path):
    lines = ["**Ann:** one", "**Bo**: two", "**Ann: ** three", "# **Bo :** four", "**Ann:**five",
             "**Ann: Ann:** six", "**Bo** : seven", "**Bo**, bold only"]  # fmt: skip
    batch = document(tmp_path, "a.md", "**Bo:** zero\n\n" + "\n\n".join(lines), READER)
    assert rows(batch, "speaker", "text") == [
        ("Bo", "zero"), ("Ann", "one"), ("Bo", "two"), ("Ann", "three"), ("Bo", "four"),
        ("Ann", "five"), ("Ann", "six"), ("Bo", "seven\n\n**Bo**, bold only"),
    ]  # fmt: skip


def test_text_behind_a_break_is_nobodys(tmp_path):
    text = "**Ann:** a\n\n**Break:** [05:00]\n\n[06:00] Who says this?\n\n**Ann:** b"
    batch = document(tmp_path, "a.md", text, READER)
    assert rows(batch, "speaker", "start_ms", "text") == [
        ("Ann", None, "a"), (None, 360_000, "Who says this?"), ("Ann", None, "b")
    ]  # fmt: skip
    assert outcome(batch)[:2] == (4, {"break": 1})


def test_a_surname_is_no_song(tmp_path):
    text = "**Dawn Song:** Hello.\n\n**Ann:** Hi.\n\n**Dawn Song:** Yes.\n\n**Sad Song:** [00:01]\n\n**Ann:** No."
    batch = document(tmp_path, "a.md", text, READER)
    assert rows(batch, "speaker") == ["Dawn Song", "Ann", "Dawn Song", "Ann"]
    assert batch.skipped == {"break": 1}


def test_speakers_without_names(tmp_path):
    text = "**Speaker 1:** a\n\n**Host:** b\n\n**Speaker 1:** c\n\n**Host:** d"
    batch = document(tmp_path, "a.md", text, READER)
    assert voices(batch) == ["#0", "#1", "#0", "#1"]
    assert rows(batch, "role", "pii_hints") == [(None, None), ("host", None)] * 2
    other = document(tmp_path, "b.md", text, READER)
    assert not set(rows(batch, "speaker")) & set(rows(other, "speaker"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", "# Tool\n\n**Note:** install it.\n\n**Note:** run it.\n\n**Warning:** no.\n"),
        ("a.md", "# Notes\n\nSome text.\n\n**Ann:** hi\n"),
        ("a.md", "text\n\n" * 50 + "**Ann:** hi\n\n**Ann:** ho\n"),
        ("a.md", "- **Speed**: fast\n- **Size**: small\n"),
        ("a.jsonl", '{"a": "**Ann:** hi"}\n'),
        ("a.csv", "**Ann:** hi\n**Ann:** ho\n"),
        ("a.md", ""),
    ],
)
def test_other_files_are_left_alone(name, text):
    assert not READER.matches(name, text.encode())


def test_damaged_files(tmp_path):
    check_ends(tmp_path, "a.md", EPISODE.encode(), READER)
    bad = forced(tmp_path, "b.md", b"**Ann:** one\n\n**Bo:** caf\xe9\n\n**Ann:** two\n", READER)
    assert rows(bad, "text") == ["one", "two"]
    assert [(each.position, each.offset, each.length, each.error_class) for each in bad.bad] == [
        (1, 14, 14, "bad_encoding")
    ]
    other = forced(tmp_path, "c.md", b"# Title\n\nNo speaker in here.\n", READER)
    assert outcome(other) == (1, {}, Counter(no_speakers=1))
    assert "bold" in other.bad[0].message
    cut = forced(tmp_path, "d.md", EPISODE.encode()[:180], READER)
    assert rows(cut, "speaker") == ["Ann Lee"]
    wide = document(tmp_path, "e.md", EPISODE.encode("utf-16"), READER)
    assert wide.frame.height == 5


@pytest.mark.parametrize("unit", [" ", "<!--", "\\[", "**", "[01:01]  ", "\n", "a: "])
def test_time_is_linear(tmp_path, unit):
    text = "**Ann:** a [00:01]\n\n**Ann:** b\n\n**Ann:** c " + unit * 200_000 + " d"
    assert quickly(tmp_path, "a.md", text, READER).units >= 3


MARK = r"(?:# )?\*\*([^*\n]+?)(?::\*\*|: \*\*|\*\* ?:)|(Break|Outro): "
PAUSE = "Break|Jingle|Sample|Outro|Intro|Promo|Song|Song sample|Pile-on Song|.* Intro|.* extract|Clip .*"
TIMES = (
    r"\[(?:[\d:.]+|laugh\w*|unintelligible[\d:. ]*|applause|whistling|playing the guitar[\d:. ]*)\]"
)


def skipped_by_hand(text: str) -> Counter[str]:
    """A second counter of the blocks without words, by regular expressions over the whole text."""
    found: Counter[str] = Counter()
    starts = [*re.finditer(rf"(?m)^(?:{MARK})", text)]
    ends = [start.start() for start in starts[1:]] + [len(text)]
    for start, end in zip(starts, ends, strict=True):
        body = text[start.end() : end].replace("\\", "")
        bare = re.sub(r"\[[\d:.]+\]|\bto\b|-", "", body).strip()
        if re.fullmatch(PAUSE, start[1] or start[2]):
            found["clip" if bare else "break"] += 1
        elif not re.sub(TIMES, "", body).strip():
            found["nonspeech" if bare else "empty"] += 1
    return found


@pytest.mark.slow
def test_all_episodes(shared_data):
    """Beside the 65,009 marks `**Name:**` (SOURCES.md counted 65,006, in the files end to end, of
    which three have no last line end), 129 breaks have the colon behind the bold or a heading's #,
    and 7 paragraphs have no bold."""
    sources = expand([str(shared_data / "podcast/changelog.tar.zst")], shared_data)
    inside = behind = plain = glued = 0
    units, skipped, bad, speakers, by_hand = 0, Counter(), [], set(), Counter()
    for source in sources:
        with open_stream(source) as stream:
            data = b"".join(iter(lambda stream=stream: stream.read(1 << 20), b""))
        text = data.decode()
        assert READER.matches(source.name, data[: 1 << 20])
        inside += len(re.findall(r"(?m)^\*\*.+?:\*\*", text))
        pause = r"(?m)^(?:\*\*(?:Break|Outro|Intro|Song|Jingle)\*\* ?:|# \*\*Break:\*\*)"
        behind += len(re.findall(pause, text))
        plain += len(re.findall(r"(?m)^(?:Break|Outro|Adam Stacoviak|Emma Bostian): ", text))
        glued += not text.endswith("\n")
        by_hand += skipped_by_hand(text)
        batch = parsed(source, READER)
        assert batch.frame.height == batch.units - sum(batch.skipped.values())
        units += batch.units
        skipped.update(batch.skipped)
        bad += batch.bad
        speakers |= set(rows(batch, "speaker"))
    assert (len(sources), inside - glued) == (359, 65_006)
    assert (inside, behind, plain) == (65_009, 129, 7)
    assert (units, bad) == (inside + behind + plain, [])
    assert skipped == by_hand == {"break": 650, "nonspeech": 451, "clip": 3, "empty": 2}
    assert "Jerod Santo" in speakers
    assert not {name for name in speakers if name is None or re.search("(?i)break$|jingle", name)}
