"""Changes of a text's surface that leave its meaning: an answer should not depend on them.

Each takes texts and a seed and returns texts of the same length; null stays null, and a text to which a change does
not apply stays as it is. After the invariance tests of CheckList (Ribeiro et al., Beyond Accuracy, ACL 2020).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import polars as pl

from transforms.audit.word_pairs import BRITISH_AMERICAN, CONTRACTIONS

Perturbation = Callable[[pl.Series, int], pl.Series]

_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_PLACEHOLDER: Final = re.compile(r"\[[A-Za-z_]{1,24}\]")
_CURLY: Final = {'"': "“”", "'": "‘’"}


def neighbors() -> dict[str, str]:
    """The letters next to each on an American keyboard: in its row, and above and below."""
    found = {}
    for row, letters in enumerate(_ROWS):
        for place, letter in enumerate(letters):
            near = [letters[p] for p in (place - 1, place + 1) if 0 <= p < len(letters)]
            for other, shifts in ((row - 1, (0, 1)), (row + 1, (-1, 0))):
                if 0 <= other < len(_ROWS):
                    line = _ROWS[other]
                    near += [line[place + s] for s in shifts if 0 <= place + s < len(line)]
            found[letter] = "".join(near)
    return found


def lower_case(texts: pl.Series, seed: int) -> pl.Series:  # noqa: ARG001
    """All letters small."""
    return texts.str.to_lowercase()


def upper_case(texts: pl.Series, seed: int) -> pl.Series:  # noqa: ARG001
    """All letters capital, but for placeholders."""
    return _each(texts, lambda text: _outside(text, str.upper))


def final_period(texts: pl.Series, seed: int) -> pl.Series:  # noqa: ARG001
    """A period at the end goes, or comes after a letter or digit; other marks stay, as they may mean something."""

    def change(text: str) -> str:
        bare = text.rstrip()
        if bare.endswith(".") and not bare.endswith(".."):
            return bare[:-1]
        return bare + "." if bare and bare[-1].isalnum() else text

    return _each(texts, change)


def blanks(texts: pl.Series, seed: int) -> pl.Series:  # noqa: ARG001
    """Two blanks between words, one before and a line break after the text."""
    return texts.str.replace_all(r"(\S) (\S)", "${1}  ${2}").str.replace(
        r"(?s)^(.*\S.*)$", " ${1}\n"
    )


def quotes(texts: pl.Series, seed: int) -> pl.Series:  # noqa: ARG001
    """Straight quotes and apostrophes become curly, curly ones straight."""

    def change(text: str) -> str:
        if any(mark in text for marks in _CURLY.values() for mark in marks):
            for straight, marks in _CURLY.items():
                text = re.sub(f"[{marks}]", straight, text)
            return text
        text = re.sub(r"(?<!\S)([\"'])", lambda hit: _CURLY[hit[1]][0], text)
        return re.sub(r"[\"']", lambda hit: _CURLY[hit[0]][1], text)

    return _each(texts, change)


def contractions(texts: pl.Series, seed: int) -> pl.Series:  # noqa: ARG001
    """What is contracted is written out (don't, do not); a text without contractions gets them."""
    return _swap(texts, CONTRACTIONS)


def spelling(texts: pl.Series, seed: int) -> pl.Series:  # noqa: ARG001
    """British words become American; a text without them, the other way round."""
    return _swap(texts, BRITISH_AMERICAN)


def typos(rate: float) -> Perturbation:
    """A share of all letters (a to z) becomes a neighbor on the keyboard; placeholders stay."""
    near = neighbors()

    def perturb(texts: pl.Series, seed: int) -> pl.Series:
        rng = np.random.default_rng(seed)

        def slip(part: str) -> str:
            hit = rng.random(len(part)) < rate
            letters = list(part)
            for place in np.flatnonzero(hit):
                options = near.get(letters[place].lower())
                if options:
                    typed = options[int(rng.integers(len(options)))]
                    letters[place] = typed.upper() if letters[place].isupper() else typed
            return "".join(letters)

        return _each(texts, lambda text: _outside(text, slip))

    return perturb


ENGLISH: Final = ("contractions", "spelling")


def perturbations(typo_rate: float) -> dict[str, Perturbation]:
    """All of them by name; those of ENGLISH are for texts in English only."""
    return {
        "lower_case": lower_case,
        "upper_case": upper_case,
        "final_period": final_period,
        "blanks": blanks,
        "quotes": quotes,
        "contractions": contractions,
        "spelling": spelling,
        "typos": typos(typo_rate),
    }


def _each(texts: pl.Series, change: Callable[[str], str]) -> pl.Series:
    changed = [None if text is None else change(text) for text in texts.to_list()]
    return pl.Series(texts.name, changed, dtype=pl.String)


def _outside(text: str, change: Callable[[str], str]) -> str:
    """Change what is no placeholder."""
    parts, last = [], 0
    for hit in _PLACEHOLDER.finditer(text):
        parts += [change(text[last : hit.start()]), hit[0]]
        last = hit.end()
    return "".join(parts) + change(text[last:])


def _swap(texts: pl.Series, pairs: Sequence[tuple[str, str]]) -> pl.Series:
    there, back = dict(pairs), {second: first for first, second in reversed(pairs)}
    patterns = [_pattern(there), _pattern(back)]

    def change(text: str) -> str:
        plain = text.replace("’", "'")
        for pattern, words in zip(patterns, (there, back), strict=True):
            swapped = pattern.sub(lambda hit, words=words: _cased(hit[0], words), plain)  # type: ignore[misc]
            if swapped != plain:
                return swapped
        return text

    return _each(texts, change)


def _pattern(words: dict[str, str]) -> re.Pattern[str]:
    longest = sorted(words, key=len, reverse=True)
    return re.compile(rf"(?<![\w'])(?:{'|'.join(map(re.escape, longest))})(?![\w'])", re.IGNORECASE)


def _cased(found: str, words: dict[str, str]) -> str:
    other = words[found.lower()]
    if found.isupper() and len(found) > 2:
        return other.upper()
    if found[0].isupper() or other.startswith(("i ", "i'")):
        return other[0].upper() + other[1:]
    return other
