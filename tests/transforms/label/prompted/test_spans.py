"""Copied words are found where they stand, and words that are not there are not."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from transforms.label.prompted.spans import find_span

LINE = st.text(st.sampled_from("aAbBiİßſ .,'\n\t\"“é漢😀(*\\"), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("text", "copied", "found"),
    [
        ("I lost my job.", "lost my job", "lost my job"),
        ("I lost my job.", "Lost My JOB", "lost my job"),
        ("I lost\n my  job.", "lost my job", "lost\n my  job"),
        ("I lost my job.", '"lost my job"', "lost my job"),
        ("I lost my job.", " lost my job\n", "lost my job"),
        ("我丢了工作。", "工作", "工作"),
        ("so 😀😀 now", "😀😀", "😀😀"),
        ("a.b c", "a.b", "a.b"),
        ("I lost my job.", "lost the job", None),
        ("I lost my job.", "jobs", None),
        ("I lost my job.", "", None),
        ("I lost my job.", " ", None),
        ("I lost my job.", "''", None),
        ("aXb", "a.b", None),
    ],
)
def test_what_is_found(text, copied, found):
    place = find_span(text, copied)
    assert (None if place is None else text[slice(*place)]) == found


def test_whole_words_come_before_parts_of_words():
    text = "The other day he said that the heat hurt him"
    assert find_span(text, "he") == (14, 16)
    assert find_span(text, "HE") == (14, 16)
    assert find_span(text, "eat") == (32, 35)  # better a part than nothing
    assert find_span("ok, I see: It is I.", "I") == (4, 5)


@given(LINE, st.data())
def test_every_part_of_a_text_is_found_at_an_equal_one(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    copied = text[start : data.draw(st.integers(start + 1, len(text)))]
    assume(copied.strip())
    place = find_span(text, copied)
    assert place is not None
    assert text[slice(*place)] == copied


@given(LINE, st.text(max_size=8))
def test_what_is_found_differs_in_blanks_case_and_quotes_only(text, copied):
    place = find_span(text, copied)
    if place is not None:
        words = " ".join(copied.split()).strip("\"'“”‘’` ").casefold()
        found = " ".join(text[slice(*place)].split()).strip("\"'“”‘’` ").casefold()
        assert found.replace("i̇", "i") == words.replace("i̇", "i")
