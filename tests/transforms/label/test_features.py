"""The compiled kernel and its definition in plain Python give the same features, for any text."""

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.transforms.label.reference import char_features, tokens, word_features
from transforms.label.normalize import normalize, placeholder
from transforms.label.student.features import FeatureSpec, extract

DEFAULT = FeatureSpec()
EVERYTHING = FeatureSpec(char_min=2, char_max=6, skips=True, triples=True, across=True)
TEXTS = st.one_of(
    st.text(),
    st.text(alphabet="aAzZ '’!?.[]_@/:wht ps\t\n\x00\u200d\ufe0f😀🏽éÉßİαΩ漢\U00020000\U000e0041"),
    st.sampled_from(
        [
            "soooooo goood!!!!",
            "see https://a.b/c?d now",
            "WWW.x.y",
            "hey @some_one: hi",
            "[NAME] and [RELIGION]",
        ]
    ),
)


def blocks(texts: list[str], spec: FeatureSpec) -> list[tuple[set[int], set[int]]]:
    found = extract(pl.Series(texts, dtype=pl.String), spec)
    return [
        (
            set(found.hashes[found.bounds[i] : found.split[i]].tolist()),
            set(found.hashes[found.split[i] : found.bounds[i + 1]].tolist()),
        )
        for i in range(len(texts))
    ]


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(DEFAULT, id="shipped", marks=pytest.mark.slow),
        pytest.param(EVERYTHING, id="everything"),
    ],
)
@settings(max_examples=300, deadline=None)
@given(texts=st.lists(TEXTS, max_size=5))
@example(texts=[""])
@example(texts=["a\x00b", "\x00", "[", "]", "[]", "@", "[a", "http:/", "https://", "www."])
def test_kernel_equals_reference(spec: FeatureSpec, texts: list[str]) -> None:
    assert blocks(texts, spec) == [
        (word_features(text, spec), char_features(text, spec)) for text in texts
    ]


@pytest.mark.slow
def test_a_megabyte() -> None:
    text = "Really?! I can't believe it 😭 " * 33_000
    assert len(text.encode()) > 1_000_000
    assert blocks([text, "ok"], DEFAULT) == [
        (word_features(t, DEFAULT), char_features(t, DEFAULT)) for t in (text, "ok")
    ]


def test_a_megabyte_of_one_letter() -> None:
    assert blocks(["a" * 1_000_000], DEFAULT) == blocks(["aaa"], DEFAULT)


def test_sliced_and_null_columns() -> None:
    texts = pl.Series(["left out", "one", None, "two words"])
    found = extract(texts.slice(1), DEFAULT)
    assert len(found.bounds) == 4
    assert found.bounds[1] == found.bounds[2]  # a null has no features... beyond an empty text's
    assert blocks(["one", "", "two words"], DEFAULT)[2] == blocks(["two words"], DEFAULT)[0]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("", ""),
        ("  Hello\t\tWORLD \n", "hello world"),
        ("Sooooo GOOD", "sooo good"),
        ("don’t", "don't"),
        ("👍🏽", "👍"),
        ("❤️", "❤"),
        ("a\u200db\x00c", "abc"),
        ("ÉCOLE ΣΑΣ", "école σασ"),
        ("[NAME]", chr(placeholder("name"))),
        ("[not a mask]", "[not a mask]"),
        ("look: https://x.org/a?b=1 !", f"look: {chr(placeholder('url'))} !"),
        ("www.x.org", chr(placeholder("url"))),
        ("[URL]", chr(placeholder("url"))),
        ("@some_one hi", f"{chr(placeholder('user'))} hi"),
        ("a@b.org", "a@b.org"),
        ("@", "@"),
    ],
)
def test_normalize(text: str, normal: str) -> None:
    assert normalize(text) == normal


def test_placeholders_differ() -> None:
    names = ["name", "religion", "url", "email", "user", "phone", "ip", "card", "ssn"]
    assert len({placeholder(name) for name in names}) == len(names)


def test_tokens_are_words_and_symbol_runs() -> None:
    assert tokens(normalize("I can't!!! :-) [NAME]'s 100%")) == [
        "i", "can't", "!!!", ":", "-", ")", chr(placeholder("name")), "'s", "100", "%",
    ]  # fmt: skip
