"""Masking of words: those of a list, and as many others of the same texts to compare with.

Keyword dependence after AIPsy-Affect, whose texts express emotions without emotion words: classifiers that do well on
other texts fail on them. Here the words are taken out of the gold texts themselves, so that the labels stay what they
were.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from schemas.taxonomy import Taxonomy

MASK: Final = "[MASK]"  # a placeholder, as redaction leaves them: a labeler learned nothing from it
_TOKEN: Final = re.compile(r"\[[A-Za-z_]{1,24}\]|[^\W_]+(?:['’][^\W_]+)*")
_LONG: Final = 4  # letters from which a word is rather a content word than "the" or "and"


@dataclass(frozen=True)
class Masked:
    """`masked`: without the words; `control`: without as many others.

    `words` and `control_words`: how many were masked in each row; a text of emotion words alone has no others.
    """

    masked: pl.Series
    control: pl.Series
    words: NDArray[np.int64]
    control_words: NDArray[np.int64]


def words_of(taxonomy: Taxonomy, forms: Iterable[str]) -> tuple[str, ...]:
    """The words to mask: those of a list and those of the names of the labels."""
    names = {part for name in taxonomy.names for part in name.lower().split("_") if len(part) > 1}
    return tuple(sorted(names | {form.lower() for form in forms}))


def mask_words(texts: pl.Series, words: Iterable[str], seed: int) -> Masked:
    """Mask whole words, whatever their case; null texts stay null.

    The control masks random words of the same row that are not in the list, of four letters or more as long as there
    are any. Placeholders are no words. Equal input and seed give equal output.
    """
    listed = sorted({word.lower().replace("’", "'") for word in words}, key=len, reverse=True)
    escaped = [re.escape(word).replace("'", "['’]") for word in listed]
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(escaped)})(?!\w)", re.IGNORECASE)
    rng = np.random.default_rng(seed)
    masked, control, found, others = [], [], [], []
    for text in texts.to_list():
        hits = [hit.span() for hit in pattern.finditer(text or "")]
        chosen = _others(text, hits, rng) if hits else []
        masked.append(_without(text, hits) if hits else text)
        control.append(_without(text, chosen) if chosen else text)
        found.append(len(hits))
        others.append(len(chosen))
    return Masked(
        pl.Series("masked", masked, dtype=pl.String),
        pl.Series("control", control, dtype=pl.String),
        np.array(found, np.int64),
        np.array(others, np.int64),
    )


Span = tuple[int, int]


def _others(text: str, hits: list[Span], rng: np.random.Generator) -> list[Span]:
    free = [
        token.span()
        for token in _TOKEN.finditer(text)
        if token[0][0] != "["
        and not any(start < token.end() and token.start() < end for start, end in hits)
    ]
    shuffled = [free[place] for place in rng.permutation(len(free))]
    shuffled.sort(key=lambda span: span[1] - span[0] < _LONG)  # stable: long ones first, at random
    return sorted(shuffled[: len(hits)])


def _without(text: str, spans: list[Span]) -> str:
    parts, last = [], 0
    for start, end in spans:
        parts += [text[last:start], MASK]
        last = end
    return "".join(parts) + text[last:]
