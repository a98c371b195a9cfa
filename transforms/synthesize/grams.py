"""Word n-grams of texts as numbers: for comparing texts with one another, within one process."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

_WORD = r"[\p{L}\p{N}]+(?:['’][\p{L}]+)*"
_PRIME = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Words:
    """The words of texts, one after another: the row that each is of, and a hash of its lower case."""

    row: NDArray[np.int64]
    word: NDArray[np.uint64]

    def grams(self, n: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """The row and a hash of each run of `n` words of one text, in their order."""
        size = max(0, len(self.word) - n + 1)
        value = np.zeros(size, np.uint64)
        for place in range(n):
            value = value * _PRIME + self.word[place : place + size]
        whole = self.row[:size] == self.row[n - 1 : n - 1 + size]
        return self.row[:size][whole], value[whole]


def words_of(texts: pl.Series) -> Words:
    """The words of texts (letters and digits, with inner apostrophes); of a null there is none."""
    frame = pl.DataFrame({"word": texts.str.to_lowercase().str.extract_all(_WORD)}).with_row_index(
        "row"
    )
    each = frame.explode("word", empty_as_null=False).drop_nulls("word")
    return Words(
        each["row"].cast(pl.Int64).to_numpy(), each["word"].hash(seed=7).cast(pl.UInt64).to_numpy()
    )
