"""Texts of made words for measuring speed: none of them was written by anybody, and none repeats another.

Lengths are log-normal with a median of 12 words and a tenth of the texts above 28: about those of comments in
GoEmotions, and longer at the end. Words are syllables, 20,000 of them, used by Zipf's law.
"""

from __future__ import annotations

from typing import Final

import numpy as np

WORDS: Final = 20_000
_MEDIAN, _SPREAD, _LONGEST = 12.0, 0.65, 200
_STARTS: Final = ("", *"bcdfghklmnprstvwz", "st", "tr", "ch", "sh", "th", "pl")
_MIDDLES: Final = (*"aeiou", "ea", "ou", "ai")
_ENDS: Final = ("", "", *"nrstdlm", "ng", "nd")


def words(number: int = WORDS) -> list[str]:
    """Made words, always the same; the short ones come first, as frequent words are short."""
    rng = np.random.default_rng(0)
    found: dict[str, None] = {}
    while len(found) < number:
        syllables = 1 + (len(found) >= 500) + (len(found) >= 8000)
        found["".join(_syllable(rng) for _ in range(syllables))] = None
    return list(found)


def _syllable(rng: np.random.Generator) -> str:
    return "".join(part[rng.integers(len(part))] for part in (_STARTS, _MIDDLES, _ENDS))


def make_texts(rows: int, seed: int) -> list[str]:
    """`rows` texts; another seed, other texts."""
    known, rng = np.array(words()), np.random.default_rng([1, seed])
    lengths = np.exp(rng.normal(np.log(_MEDIAN), _SPREAD, rows)).round().clip(2, _LONGEST)
    weights = 1 / np.arange(3, len(known) + 3)
    chosen = rng.choice(known, int(lengths.sum()), p=weights / weights.sum())
    pieces = np.split(chosen, np.cumsum(lengths.astype(int))[:-1])
    return [" ".join(piece).capitalize() + "." for piece in pieces]
