"""What two copies of a post have in common; expected texts are worked by hand."""

import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.dedup.comparable import comparable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello   World\n\nagain ", "hello world again"),
        ("ﬁne ＦＵＬＬ ½", "fine full 1⁄2"),  # NFKC: ligature, full width, fraction slash
        ("Straße GROẞ İ", "strasse gross i̇"),  # casefold, not lower
        ("e\u0301 É", "é é"),
        ("so good 😂😂", "so good 😂😂"),
        ("no\u00a0break", "no break"),
        ("a\u00b4b", "a \u0301b"),  # the compatibility form of the accent begins with a blank
        ("", ""),
        (None, ""),
    ],
)
def test_normal_form(text: str | None, expected: str) -> None:
    assert comparable(pl.Series([text], dtype=pl.String)).row(0) == (expected, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RT [USER]: So true!", "so true!"),
        ("rt [USER] So true!", "so true!"),
        ("RT : So true!", "so true!"),  # mentions removed by policy
        ("RT [USER]: RT [USER]: So true!", "so true!"),
        ("“[USER]: So true!”", "so true!"),
        ('"[USER] : So true!"', "so true!"),
    ],
)
def test_a_retweet_is_its_source(text: str, expected: str) -> None:
    assert comparable(pl.Series([text])).row(0) == (expected, True)


@pytest.mark.parametrize(
    "text",
    [
        "RT [USER]:",
        "art [USER]: no",
        "rtfm",
        "RT this if you agree",
        "so true! RT [USER]: it",
        "[USER]: hi",
    ],
)
def test_no_retweet(text: str) -> None:
    assert comparable(pl.Series([text])).row(0) == (text.casefold(), False)


@given(st.lists(st.text(max_size=30), max_size=5))
def test_rows_do_not_touch_one_another(texts: list[str]) -> None:
    together = comparable(pl.Series(texts, dtype=pl.String))
    alone = [comparable(pl.Series([text])).row(0) for text in texts]
    assert together.rows() == alone
    for text, retweet in alone:
        assert "\n" not in text
        assert retweet or unicodedata.normalize("NFKC", text) == text
