"""Features of the student: hashes of word n-grams and of character n-grams within words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from transforms.label.normalize import fold_table, word_table

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class FeatureSpec:
    """Which n-grams are read from a normalized text (normalize.py).

    A token is a run of letters, digits and apostrophes, or a run of one symbol. Word features are
    tokens and pairs of neighbors; `skips` adds pairs with one token between them, `triples` three
    in
    a row. Character n-grams have `char_min` to `char_max` code points and may begin or end with the
    blank around a word; `across` lets them run over several words.
    """

    char_min: int = 3
    char_max: int = 5
    skips: bool = False
    triples: bool = False
    across: bool = False

    def as_array(self) -> NDArray[np.int64]:
        """Return the spec as the kernel reads it, shape (5,)."""
        return np.array(
            [self.char_min, self.char_max, self.skips, self.triples, self.across], dtype=np.int64
        )


@dataclass(frozen=True)
class RowFeatures:
    """Distinct feature hashes of each row: its word block, then its character block.

    Row i owns `hashes[bounds[i]:bounds[i + 1]]`; its word block ends at `split[i]`.
    """

    hashes: NDArray[np.uint64]
    bounds: NDArray[np.int64]
    split: NDArray[np.int64]


def string_buffers(texts: pl.Series) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """UTF-8 bytes and row offsets (rows + 1) of a string column; a null is an empty text.

    No copy where Polars can hand out Arrow's large-string layout, else one vectorized copy.
    """
    array = texts.cast(pl.String).rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    if len(array) == 0:
        return np.zeros(1, np.uint8), np.zeros(1, np.int64)
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    payload = (
        np.frombuffer(data, dtype=np.uint8)
        if data is not None and data.size
        else np.zeros(1, np.uint8)
    )
    return np.require(payload, requirements=["C", "A"]), np.require(bounds, requirements=["C", "A"])


def extract(texts: pl.Series, spec: FeatureSpec) -> RowFeatures:
    """Features of every row, for training: see `RowFeatures`."""
    from transforms.label.student.kernel import hash_rows  # compiled code, loaded at first use

    data, offsets = string_buffers(texts)
    return RowFeatures(*hash_rows(data, offsets, fold_table(), word_table(), spec.as_array()))
