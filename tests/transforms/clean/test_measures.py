"""Counts against a slow, plain reading of their definitions."""

import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings

from schemas.config.clean import CleanConfig, SocialPolicy
from tests.transforms.clean.dirt import dirty
from tests.transforms.clean.rows import records
from transforms.clean import clean
from transforms.clean.measures import counts, emoji


@pytest.mark.parametrize(
    ("text", "words", "letters", "upper", "symbols"),
    [
        ("Don't STOP, e-mail 2!", 4, 13, 5, 4),
        ("", 0, 0, 0, 0),
        ("日本の空", 4, 4, 0, 0),
        ("मैं खुश हूँ", 3, 4, 0, 0),
        ("Éa - b", 2, 3, 1, 1),
        ("𠀀a", 2, 2, 0, 0),
        ("\U000f0000", 0, 0, 0, 1),
    ],
)
def test_counts(text: str, words: int, letters: int, upper: int, symbols: int) -> None:
    row = counts(pl.Series([text])).row(0, named=True)
    assert (row["n_words"], row["n_letters"], row["n_upper"], row["n_symbols"]) == (
        words,
        letters,
        upper,
        symbols,
    )


@settings(deadline=None)
@given(text=dirty.filter(lambda text: max(text, default="") < "\U00020000"))
def test_letters_and_symbols_by_unicode_category(text: str) -> None:
    row = counts(pl.Series(["before", text, "after"])).row(1, named=True)
    kinds = [unicodedata.category(letter) for letter in text]
    assert row["n_letters"] == sum(kind[0] == "L" for kind in kinds)
    assert row["n_upper"] == sum(kind in ("Lu", "Lt") for kind in kinds)
    plain = [letter for letter, kind in zip(text, kinds, strict=True) if kind[0] not in "LMNZ"]
    assert row["n_symbols"] == sum(not letter.isspace() for letter in plain)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("none :) ♪ ™ 3 #", 0), ("😂😂", 2), ("👩\u200d💻", 1), ("👨\u200d👩\u200d👧\u200d👦!", 1),
        ("👍🏽👍", 2), ("🇩🇪🇫🇷", 2), ("❤\ufe0f", 1), ("3\ufe0f\u20e3", 1),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 1), ("™\ufe0f", 1),
    ],
)  # fmt: skip
def test_emoji(text: str, number: int) -> None:
    assert emoji(pl.Series([text])).item() == number


def test_links_mentions_and_hashtags_are_counted_before_they_go() -> None:
    text = "@joe_c look #wow #1 https://a.example/x and example.com"
    kept = clean(records([text]), CleanConfig()).row(0, named=True)
    gone = clean(
        records([text]),
        CleanConfig(social=SocialPolicy(urls="remove", mentions="remove", hashtags="remove")),
    ).row(0, named=True)
    for row in (kept, gone):
        assert (row["n_urls"], row["n_mentions"], row["n_hashtags"]) == (2, 1, 1)
    assert gone["text_clean"] == "look #1 and"
    word = clean(records([text]), CleanConfig(social=SocialPolicy(hashtags="word")))
    assert word["text_clean"].item() == "[USER] look wow #1 [URL] and [URL]"


def test_placeholders_are_nobodys_letters() -> None:
    row = clean(records(["so [NAME] is at joe@example.com"]), CleanConfig()).row(0, named=True)
    assert row["n_chars"] == len("so [NAME] is at [EMAIL]")
    assert (row["n_letters"], row["n_words"], row["upper_ratio"]) == (6, 3, 0.0)
    assert clean(records(["123"]), CleanConfig())["upper_ratio"].item() is None
