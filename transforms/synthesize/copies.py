"""Texts that repeat what they were made from."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.synthesize.grams import words_of

_SHINGLE = 5  # words
_ROW = np.uint64(0xD6E8FEB86659FD93)


def copied(texts: pl.Series, sources: pl.Series, *, words: int, share: float) -> pl.Series:
    """Whether each text repeats its source, row by row: `words` words in a row of it, or at least `share` of the text's
    different runs of five words. A text of fewer than five words is a copy if it is the whole source.

    Case, punctuation and space do not count. Without a source (null) there is no copy.
    """
    made, of = words_of(texts), words_of(sources)
    height = len(texts)
    row, gram = made.grams(words)
    long = np.zeros(height, bool)
    long[row[_within(row, gram, *of.grams(words))]] = True
    row, gram = _distinct(*made.grams(_SHINGLE))
    all_of = np.bincount(row, minlength=height)
    there = np.bincount(row[_within(row, gram, *of.grams(_SHINGLE))], minlength=height)
    much = (all_of > 0) & (there >= share * all_of)
    few = np.bincount(made.row, minlength=height)
    same = np.zeros(height, bool)
    for n in range(1, _SHINGLE):
        row, gram = made.grams(n)
        mine = few[row] == n
        row, gram = row[mine], gram[mine]
        source_row, source_gram = of.grams(n)
        whole = np.bincount(of.row, minlength=height)[source_row] == n
        same[row[_within(row, gram, source_row[whole], source_gram[whole])]] = True
    return pl.Series("copied", long | much | same)


def _keys(row: NDArray[np.int64], gram: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return gram ^ (row.astype(np.uint64) * _ROW)


def _within(
    row: NDArray[np.int64], gram: NDArray[np.uint64],
    source_row: NDArray[np.int64], source_gram: NDArray[np.uint64],
) -> NDArray[np.bool_]:  # fmt: skip
    """Which grams stand in the source of the same row."""
    return np.isin(_keys(row, gram), _keys(source_row, source_gram))


def _distinct(
    row: NDArray[np.int64], gram: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    _, first = np.unique(_keys(row, gram), return_index=True)
    return row[first], gram[first]
