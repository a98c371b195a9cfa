"""Signatures and similarity, against plain Python sets and the formula of banded MinHash."""

import random

import numpy as np
import polars as pl
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from transforms.dedup.kernel import gram_sets, jaccard
from transforms.dedup.layout import Layout, layout
from transforms.dedup.signatures import exact_hashes, lsh_bands, minhash
from transforms.label.student.features import string_buffers

TEXT = st.text(alphabet="abé😂 \u4e2d", max_size=40)


def grams(text: str) -> set[str]:
    return {text[at : at + 5] for at in range(len(text) - 4)}


def similarity(one: str, other: str) -> float:
    first, second = grams(one), grams(other)
    return len(first & second) / len(first | second) if first | second else 0.0


def compiled(ones: list[str], others: list[str]) -> list[float]:
    data, bounds = string_buffers(pl.Series(ones + others, dtype=pl.String))
    n = len(ones)
    return list(jaccard(data, bounds[:n], bounds[1 : n + 1], bounds[n:-1], bounds[n + 1 :]))


def test_by_hand() -> None:
    # abcdef has abcde, bcdef; abcdeg has abcde, bcdeg: one of three. Repeats count once: aaaaaaa has one gram.
    assert compiled(["abcdef", "aaaaaaa", "abcd"], ["abcdeg", "aaaaa", "abcd"]) == [1 / 3, 1.0, 0.0]


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=8))
def test_jaccard_is_that_of_the_sets(pairs: list[tuple[str, str]]) -> None:
    ones, others = [one for one, _ in pairs], [other for _, other in pairs]
    assert compiled(ones, others) == [similarity(*pair) for pair in pairs]


@given(st.lists(TEXT, max_size=8))
def test_gram_sets_have_the_size_of_the_sets(texts: list[str]) -> None:
    _, bounds = gram_sets(*string_buffers(pl.Series(texts, dtype=pl.String)))
    assert np.diff(bounds).tolist() == [len(grams(text)) for text in texts]


def test_exact_hashes_are_xxh3_128() -> None:
    high, low = exact_hashes(pl.Series(["", "héllo"]))
    for row, text in enumerate(["", "héllo"]):
        assert (high[row] << 64) | low[row] == xxhash.xxh3_128_intdigest(text.encode())


@pytest.mark.parametrize(
    ("threshold", "bands", "rows"),
    [(0.8, 12, 5), (0.9, 8, 8), (0.7, 16, 4), (0.6, 21, 3), (1.0, 1, 64)],
)  # fmt: skip
def test_layout(threshold: float, bands: int, rows: int) -> None:
    # The most rows a band with 1 - (1 - t^r)^floor(64/r) >= .98: by hand, .8^5 = .328, 1 - .672^12 = .9915.
    assert layout(threshold) == Layout(bands, rows)


def edited(text: str, draw: random.Random) -> str:
    letters = list(text)
    for _ in range(draw.randrange(1, 6)):
        letters[draw.randrange(len(letters))] = draw.choice("abcdefgh")
    return "".join(letters)


def test_pairs_at_the_threshold_meet_in_a_bucket() -> None:
    draw = random.Random(5)
    ones = [
        "".join(draw.choices("abcdefghijklmnop ", k=draw.randrange(60, 240))) for _ in range(4000)
    ]
    others = [edited(one, draw) for one in ones]
    first, second = (
        np.array(lsh_bands(pl.Series(side), layout(0.8))["bands"].to_list())
        for side in (ones, others)
    )
    met = (first == second).any(axis=1)
    near = np.array([0.8 <= similarity(*pair) < 0.85 for pair in zip(ones, others, strict=True)])
    assert near.sum() > 500
    assert met[near].mean() > 0.98
    strangers = (first == np.roll(second, 1, axis=0)).any(axis=1)
    assert strangers.mean() < 0.01


def test_minhash_agrees_as_often_as_sets_are_similar() -> None:
    draw = random.Random(6)
    ones = ["".join(draw.choices("abcdefghijkl ", k=120)) for _ in range(2000)]
    others = [edited(one, draw) for one in ones]
    first, second = (
        minhash(*gram_sets(*string_buffers(pl.Series(side)))) for side in (ones, others)
    )
    true = np.array([similarity(*pair) for pair in zip(ones, others, strict=True)])
    assert abs(((first == second).mean(axis=1) - true).mean()) < 0.005


def test_bands_of_a_row_do_not_depend_on_its_neighbors() -> None:
    texts = ["", "abcd", "abcde", "x" * 100, "long " * 300_000, "😂" * 6, "the last one of them"]
    together = lsh_bands(pl.Series(texts), layout(0.8))
    assert together["bands"].list.len().to_list() == [0, 0, 12, 12, 0, 12, 12]
    assert together["grams"].to_list() == [0, 0, 1, 1, 0, 1, 16]
    for row, text in enumerate(texts):
        assert lsh_bands(pl.Series([text]), layout(0.8)).row(0) == together.row(row)


def test_the_library_gives_the_digests_that_signatures_in_lakes_have() -> None:
    # Digests differ between the library's algorithms (0.2, 0.3, 0.4 and 0.5 all do). If this fails after an update,
    # transforms.dedup.signatures.algorithm() must have changed too: then put the new digest here.
    found = lsh_bands(pl.Series(["the quick brown fox"]), Layout(2, 4))["bands"].to_list()
    assert found == [[489041587, 2687788261]]
