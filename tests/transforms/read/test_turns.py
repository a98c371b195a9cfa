"""What labels of speakers are: names, roles, numbers, breaks."""

import pytest

from schemas.config.corpus import Values
from transforms.read.breaks import break_kind, is_played
from transforms.read.mapping import map_columns
from transforms.read.names import is_name, person, role_of
from transforms.read.source import SourceFile
from transforms.read.turns import MAPPING, Turns, milliseconds


@pytest.mark.parametrize(
    "label", ["Divya", "Adam Stacoviak", "Al", "Bo", "Mireille Reece, PsyD", "Rico Sta. Cruz", "Allison"]
)  # fmt: skip
def test_names(label):
    assert is_name(label)
    assert role_of(label) is None


@pytest.mark.parametrize(
    "label", ["Speaker 1", "SPEAKER_00", "speaker-0", "0", "A", "s2", "Speaker A", "Unknown", "Audience",
              "Female speaker 2", "Guest 1", "Host", "spk_3", "Everyone", "c1/customer", "x/agent_1"]
)  # fmt: skip
def test_no_names(label):
    assert not is_name(label)


def test_roles_and_titles():
    assert [role_of(label) for label in ("Host", "guest 2", "Co-Host", "Interviewer", "Ann")] == [
        "host", "guest", "host", "interviewer", None
    ]  # fmt: skip
    assert [person(label) for label in ("Elisha Goldstein, PhD", "Mireille B. Reece, Psy.D", "Ann")] == [
        "Elisha Goldstein", "Mireille B. Reece", "Ann"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "kind", "played"),
    [("Break", "break", False), ("Jingle", "break", False), ("Song sample", "break", True),
     ("Old Changelog Intro", "break", True), ("Bill Burr extract", "break", True),
     ("Clip from Changelog & Friends", "break", True), ("Pile-on Song", "perhaps", True),
     ("Dawn Song", "perhaps", True), ("Breakmaster Cylinder", None, False), ("Ann", None, False)],
)  # fmt: skip
def test_breaks(label, kind, played):
    assert (break_kind(label), is_played(label)) == (kind, played)


def test_clocks():
    assert milliseconds("1", "02", "03", "5") == 3_723_500
    assert milliseconds(None, "100", "08") == 6_008_000
    assert milliseconds("1", "60", "00") is None
    assert milliseconds(None, "1", "60") is None


def test_turns_fit_the_mapping():
    turns = Turns(SourceFile("a.vtt", None, "none", "a.vtt"))
    turns.say_parts([("Hello [laughs]", "Ann Lee", "speaker"), ("Hi.", "1", "speaker")], 5, 7)
    turns.skip("note")
    turns.fail(9, 3, "bad_time", "no time")
    turns.say("there.", "1", 7, 9, join="speaker")
    batch = turns.parsed("abc")
    assert (batch.units, batch.skipped, batch.bad[0].position) == (4, {"note": 1}, 2)
    mapped = map_columns(batch.frame, MAPPING, Values(), ())
    assert mapped.bad == []
    names = ("_position", "id", "text", "turn", "start_ms", "end_ms", "pii_hints")
    assert mapped.frame.select(names).rows() == [
        (0, "abc#0.0", "Hello", 0, 5, 7, ["Ann Lee"]),
        (0, "abc#0.1", "Hi. there.", 1, 5, 9, ["Ann Lee"]),
    ]
    assert mapped.frame["cues"][0][0] == {
        "channel": "nonspeech", "value": "laughter", "start_ms": 5, "end_ms": 7
    }  # fmt: skip
    empty = Turns(SourceFile("a.vtt", None, "none", "a.vtt")).parsed("abc")
    assert map_columns(empty.frame, MAPPING, Values(), ()).frame.height == 0
