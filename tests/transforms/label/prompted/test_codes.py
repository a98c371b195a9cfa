"""Codes are single tokens of the model, told apart, and as many as there are answers."""

import pytest

from schemas.errors import ConfigError
from transforms.label.prompted.codes import MAX_IDS, code_names, resolve

from .made import task, taxonomy


def by_bytes(text: str) -> list[int]:
    """A tokenizer that knows bytes only, but `yes` and ` yes` as a whole."""
    return {"yes": [300], " yes": [301], "Yes": [302]}.get(text) or list(text.encode())


def test_the_codes_of_each_kind_of_answer():
    assert code_names(task("scalars"), taxonomy("v")) == tuple("0123456789")
    assert code_names(task("ordinals"), taxonomy("a")) == tuple("0123")
    assert code_names(task("ordinals"), taxonomy("a", range=(1, 5))) == tuple("12345")
    assert code_names(task(), taxonomy("a", "b", "c")) == ("yes", "no")
    assert code_names(task(), taxonomy("a", "b", "c", exclusive=True)) == ("A", "B", "C")


def test_there_are_52_letters_and_ten_digits():
    many = taxonomy(*(f"l{n}" for n in range(52)), exclusive=True)
    names = code_names(task(), many)
    assert len(set(names)) == 52
    more = taxonomy(*(f"l{n}" for n in range(53)), exclusive=True)
    with pytest.raises(ConfigError, match=r"53 labels; there are codes for 52") as error:
        code_names(task(), more)
    assert "mode: generate" in str(error.value.remedy)
    for bounds in ((0, 10), (-3, 3)):
        with pytest.raises(ConfigError, match="digits from 0 to 9"):
            code_names(task("ordinals"), taxonomy("a", range=bounds))


def test_every_spelling_that_is_one_token_counts():
    codes = resolve(["yes", "x"], by_bytes)
    assert codes.ids == ((300, 301, 302), (120,))
    assert codes.all_ids == [300, 301, 302, 120]


def test_a_code_that_is_no_single_token():
    with pytest.raises(ConfigError, match="'no' is not one token"):
        resolve(["yes", "no"], by_bytes)


def test_codes_that_are_the_same_token():
    with pytest.raises(ConfigError, match="cannot be told apart"):
        resolve(["A", "B"], lambda text: [0] if len(text) == 1 else [1, 2])
    # As with an unknown token that stands for every text with a blank.
    with pytest.raises(ConfigError, match="cannot be told apart"):
        resolve(["A", "B"], lambda text: [ord(text)] if len(text) == 1 else [0])


def test_more_spellings_than_servers_weigh():
    names = [f"c{n}" for n in range(40)]
    codes = resolve(names, lambda text: [hash(text)])
    assert len(codes.all_ids) == 40 <= MAX_IDS
    assert codes.ids[3] == (hash("c3"),)
