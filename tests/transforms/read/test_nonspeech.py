"""Marks of transcribers: what is lifted, what stays."""

import time

import pytest

from transforms.read.nonspeech import lift_cues

LAUGHTER = ("nonspeech", "laughter")
UNCERTAIN = ("transcript", "uncertain")


@pytest.mark.parametrize(
    ("text", "clear", "cues"),
    [
        ("Right. [laughs] So yes.", "Right. So yes.", [LAUGHTER]),
        (r"Right. \[laughs\] So yes.", "Right. So yes.", [LAUGHTER]),
        (r"Right. _\[laughter\]_", "Right.", [LAUGHTER]),
        ("[laughs]", "", [LAUGHTER]),
        ("<laugh>. Oh", "Oh", [LAUGHTER]),
        ("Mm. <affirmative>, but", "Mm. but", [("nonspeech", "affirmative")]),
        ("[laughs] ...and .NET", "...and .NET", [LAUGHTER]),
        ("[laughs]... and", "... and", [LAUGHTER]),
        ("[BLANK_AUDIO] (upbeat music)", "", [("nonspeech", "silence"), ("nonspeech", "music")]),
        ("(laughing)  No.", "No.", [LAUGHTER]),
        ("I like it [laughs].", "I like it.", [LAUGHTER]),
        ("it<laugh>is", "it is", [LAUGHTER]),
        ("One.\n\n[laughs]\n\nTwo.", "One.\n\nTwo.", [LAUGHTER]),
        ("a [laughs]\nb", "a\nb", [LAUGHTER]),
        ("*laughs* You!", "You!", [LAUGHTER]),
        ("[Jerod laughs] Yes", "Yes", [LAUGHTER]),
        ("[laughs nervously] Yes", "Yes", [LAUGHTER]),
        ("[clears throat] Hm [sighs]", "Hm", [("nonspeech", "clears throat"), ("nonspeech", "sigh")]),
        ("a [unintelligible 00:04:05] b", "a b", [("transcript", "unintelligible")]),
        (r"a \[unintelligible 01:25:51.10\] b", "a b", [("transcript", "unintelligible")]),
        ("a [INAUDIBLE] b", "a b", [("transcript", "inaudible")]),
        ("it was INAUDIBLE then", "it was then", [("transcript", "inaudible")]),
        ("INAUDIBLE", "", [("transcript", "inaudible")]),
        ("<UNIN/> Hi <INAUDIBLE_SPEECH/>.", "Hi.",
         [("transcript", "unintelligible"), ("transcript", "inaudible")]),
        ("I <UNSURE>think</UNSURE> so", "I think so", [UNCERTAIN]),
        ("<UNSURE>it is <UNIN/></UNSURE> so", "it is so",
         [UNCERTAIN, ("transcript", "unintelligible")]),
        ("the [Cchu 00:44:25] one", "the Cchu one", [UNCERTAIN]),
        ("[crosstalk 00:00:01]", "", [("transcript", "crosstalk")]),
        ("♪ la la ♪ yes", "la la yes", [("nonspeech", "music")]),
        ("♪♪", "", [("nonspeech", "music")]),
        ("[Music]", "", [("nonspeech", "music")]),
        (r"\[police siren sound in the background\]", "", [("nonspeech", "sound")]),
        (r"\[phone ringing\] \[dogs barking\] x", "x",
         [("nonspeech", "ringing"), ("nonspeech", "barking")]),
        (r"\[playing the guitar 01:28:40.29\] x", "x", [("nonspeech", "playing")]),
        ("(I say \\[unintelligible 01:01:52.03\\]) x", "(I say) x",
         [("transcript", "unintelligible")]),
        ("[ __ ] you", "you", [("transcript", "censored")]),
    ],
)  # fmt: skip
def test_what_is_lifted(text: str, clear: str, cues: list[tuple[str, str]]):
    assert lift_cues(text) == (clear, cues)


@pytest.mark.parametrize(
    "text",
    [
        "He said it [sic] was good.",
        r"in \[Elixir\] and \[the need\] for map\[string\]interface{}",
        "write to adam [at] example.org",
        "see [laughs](https://example.org/laughs) there",
        "[his song] and [music theory], [It's better!], [the sound]",
        "a [spoiler alert] for you (I guess) (or music theory)",
        "IT WAS INAUDIBLE TO ME",
        "a < b and c > d, 2 * 3 * 4, List<string>",
        "[registered sex offender] [object Object] [04:08]",
        "two  blanks   stay [sic]",
        "",
    ],
)
def test_what_stays_as_it_was(text: str):
    assert lift_cues(text) == (text, [])


def test_no_name_gets_into_a_cue():
    assert lift_cues("[Kaizen Beatboxing] [Anna Kim whispers] x") == (
        "x",
        [("nonspeech", "beatboxing"), ("nonspeech", "whisper")],
    )


@pytest.mark.parametrize("unit", ["[", "(", "<", "[a", "*", " ", "[laughs] ", "_", r"\[", "♪ "])
def test_time_is_linear_in_the_text(unit: str):
    started = time.process_time()
    lift_cues("[" + unit * 200_000)
    assert time.process_time() - started < 5
