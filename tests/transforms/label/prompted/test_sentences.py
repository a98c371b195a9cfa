"""Sentences and windows: nothing of a text is lost, and no window is too long, whatever the text is."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.label.prompted.sentences import sentences, windows

CHARS = st.sampled_from("ab漢。.!? \n\té😀\u3000")


def byte_tokens(text: str) -> int:
    return len(text.encode())


def word_tokens(text: str) -> int:
    return sum(1 + len(word) // 6 for word in text.split())


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("I am sad. You are not! Why?", ["I am sad.", "You are not!", "Why?"]),
        ("Dr. Who came at 3.30 p.m. today", ["Dr. Who came at 3.30 p.m.", "today"]),
        ("It cost 3.50. Ok", ["It cost 3.50.", "Ok"]),
        ('He said "no." Then he left…', ['He said "no."', "Then he left…"]),
        ("我很难过。你呢？好！", ["我很难过。", "你呢？", "好！"]),
        ("one\n\ntwo", ["one", "two"]),
        ("Really?! :-) Yes", ["Really?!", ":-) Yes"]),
        ("Really?!\n:-)\nYes", ["Really?!\n:-)", "Yes"]),
        ("!!! ... \n", []),
        ("", []),
        ("I met J. Smith. Ok", ["I met J. Smith.", "Ok"]),
    ],
)
def test_sentences(text, parts):
    assert [text[slice(*piece)] for piece in sentences(text)] == parts


@given(st.text(CHARS, max_size=60) | st.text(max_size=60))
def test_sentences_follow_one_another_and_lose_nothing_that_can_be_read(text):
    pieces = sentences(text)
    assert all(a < b for a, b in pieces)
    assert all(one[1] <= other[0] for one, other in pairwise(pieces))
    inside = {place for piece in pieces for place in range(*piece)}
    assert not [place for place, char in enumerate(text) if char.isalnum() and place not in inside]
    assert all(text[a:b] == text[a:b].strip() for a, b in pieces)


ODD = {
    "no blanks": "x" * 5000,
    "newlines": "\n" * 3000,
    "blanks": " " * 3000,
    "emoji": "😀" * 900,
    "chinese": "我很难过，因为你走了。" * 200,
    "chinese without stops": "我很难过因为你走了" * 200,
    "words": "I am sad because you left me. " * 200,
    "a blank at the start": "a " + "b" * 4000,
    "long words": ("w" * 90 + " ") * 50,
    "stops": "." * 3000,
    "a window within another": "?? 。😀",
}


@pytest.mark.parametrize("limit", [6, 8, 40, 100])
@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_windows_of_odd_texts(text, limit):
    check(text, limit, byte_tokens)


@settings(deadline=None)
@given(
    st.text(CHARS, max_size=400),
    st.integers(4, 60),
    st.sampled_from([byte_tokens, word_tokens, len]),
)
def test_windows_cover_the_text_within_the_limit(text, limit, count):
    check(text, limit, count)


def check(text: str, limit: int, count) -> None:
    pieces = windows(text, limit, count)
    assert pieces[0][0] == 0
    assert pieces[-1][1] == len(text)
    for start, end in pieces:
        assert count(text[start:end]) <= limit
    for one, other in pairwise(pieces):
        assert one[0] < other[0] <= one[1]  # forward, without a gap
        assert one[1] < other[1] or count is not byte_tokens
    assert len(pieces) <= len(text) + 1


def test_windows_overlap_and_end_with_sentences():
    text = "I am sad because you left me. " * 200
    pieces = windows(text, 400, byte_tokens)
    assert all(one[1] > other[0] for one, other in pairwise(pieces))
    assert all(text[:end].rstrip().endswith(".") for _, end in pieces)
    assert len(pieces) <= 6000 / (400 * 0.6)


def test_a_limit_into_which_nothing_fits():
    with pytest.raises(ValueError, match="nothing fits"):
        windows("😀😀😀", 3, byte_tokens)
