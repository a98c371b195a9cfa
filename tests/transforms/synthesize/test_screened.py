"""Copies of the source, personal data and diversity: planted, and worked by hand."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from transforms.synthesize.copies import copied
from transforms.synthesize.diversity import diversity
from transforms.synthesize.screened import screened

SOURCE = "I walked home in the rain last night and my phone was dead the whole time"


def copy(text: str | None, source: str | None) -> bool:
    texts, sources = pl.Series([text], dtype=pl.String), pl.Series([source], dtype=pl.String)
    return copied(texts, sources, words=8, share=0.5)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She said: I WALKED home, in the rain — last night! My cat was glad", True),  # eight words
        ("in the rain last night nothing else was there for me or anyone of us", False),  # five
        ("walked home in the rain last night", True),  # all its runs of five words
        ("walked home in the rain, then slept long", False),  # 1 of 4 runs
        ("Home at last.", False),
        (SOURCE, True),
        ("", False),
        (None, False),
    ],
)
def test_copies_of_the_source(text, expected):
    assert copy(text, SOURCE) is expected
    assert copy(text, None) is False


def test_a_short_text_is_a_copy_if_it_is_all_of_its_source():
    assert copy("Thank you!", "thank you") is True
    assert copy("Thank you!", "thank you so much") is False


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=30))
def test_a_text_copies_itself_and_no_row_copies_the_source_of_another(words):
    text = " ".join(words)
    texts = pl.Series([text, "zz yy xx", text])
    sources = pl.Series([text, text, "zz yy xx"])
    assert copied(texts, sources, words=8, share=0.5).to_list() == [True, False, False]


def test_what_is_against_a_text():
    texts = pl.Series(
        [
            "I was so relieved when the letter came.",
            "Call me at +1 415 555 2671 tonight.",
            "write to ann.doe@example.org, she knows",
            "!!!",
            SOURCE,
            "I met [USER] and we laughed",
        ]
    )
    sources = pl.Series([SOURCE] * 6)
    assert screened(texts, sources, words=8, share=0.5).to_list() == [
        None, "personal_data", "personal_data", "too_short", "copy_of_source", None,
    ]  # fmt: skip


def test_diversity_by_hand():
    found = diversity(pl.Series(["a b c d", "a b c e", "x y"]))
    assert found.distinct_1 == pytest.approx(7 / 10)
    assert found.distinct_2 == pytest.approx(5 / 7)
    assert found.distinct_3 == pytest.approx(3 / 4)
    assert found.self_similarity == pytest.approx((3 / 4 + 0 + 0) / 3)
    assert found.opening_repetition == 1.0
    assert found.tactic_repetition is None


def test_self_similarity_is_the_mean_over_pairs():
    rng = np.random.default_rng(5)
    vocabulary = [f"w{number}" for number in range(40)]
    texts = [" ".join(rng.choice(vocabulary, rng.integers(1, 25))) for _ in range(60)]
    matrix = cosine_similarity(CountVectorizer(token_pattern=r"\w+").fit_transform(texts))
    expected = (matrix.sum() - matrix.trace()) / (60 * 59)
    assert diversity(pl.Series(texts)).self_similarity == pytest.approx(expected, abs=1e-6)


def test_tactics_that_come_again():
    turns = pl.DataFrame(
        {
            "item": ["i"] * 5 + ["j"] * 2,
            "role": ["helper"] * 5 + ["helper"] * 2,
            "turn": [1, 3, 5, 7, 9, 1, 3],
            "tactic": ["question", "question", "affirmation", "question", "question", "x", "y"],
        }
    )
    # Pairs: q-q again, q-a not, a-q not, q-q again; x-y not: 2 of 5.
    texts = pl.Series(["a"])
    assert diversity(texts, turns).tactic_repetition == pytest.approx(2 / 5)
    assert diversity(texts, turns.sample(fraction=1, shuffle=True, seed=1)).tactic_repetition == (
        pytest.approx(2 / 5)
    )


def test_nothing_has_no_figures():
    found = diversity(pl.Series([], dtype=pl.String))
    assert found.rows == 0
    assert found.distinct_1 is None
    assert found.self_similarity is None
