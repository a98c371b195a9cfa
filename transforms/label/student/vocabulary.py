"""Which features of the training texts are kept, and the texts as rows over them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from transforms.label.student.solver import SparseRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transforms.label.student.features import RowFeatures

MAX_FEATURES: Final = 1 << 20


@dataclass(frozen=True)
class Vocabulary:
    """Kept features, most frequent first: their hashes and inverse document frequencies."""

    hashes: NDArray[np.uint64]
    idf: NDArray[np.float64]


def make_vocabulary(
    found: RowFeatures,
    *,
    min_rows_word: int,
    min_rows_char: int,
    max_share_char: float,
    max_features: int,
    wanted: NDArray[np.uint64] | None = None,
) -> tuple[SparseRows, Vocabulary]:
    """Rows over the features that occur in enough rows; each row's word block and character block has length 1.

    Character n-grams that occur in more than a share of the rows are left out: pieces of frequent words, that cost time
    with every text and tell next to nothing. Features that are `wanted` are kept, whether they occur or not.
    """
    number = len(found.bounds) - 1
    owner = np.repeat(np.arange(number), np.diff(found.bounds))
    is_word = np.arange(len(found.hashes)) < found.split[owner]
    unique, position, frequency = np.unique(found.hashes, return_inverse=True, return_counts=True)
    word = np.zeros(len(unique), np.bool_)
    word[position[is_word]] = True
    enough = frequency >= np.where(word, min_rows_word, min_rows_char)
    enough &= word | (frequency <= max_share_char * number)
    if wanted is not None:
        enough |= np.isin(unique, wanted)
    kept = np.flatnonzero(enough)
    kept = kept[np.lexsort((unique[kept], -frequency[kept]))][: min(max_features, MAX_FEATURES)]
    place = np.full(len(unique), -1, np.int64)
    place[kept] = np.arange(len(kept))
    column = place[position]
    known = column >= 0
    owner, column, is_word = owner[known], column[known], is_word[known]
    idf = np.log((1 + number) / (1 + frequency[kept])) + 1
    value = idf[column]
    block = owner * 2 + ~is_word
    length = np.sqrt(np.bincount(block, value * value, 2 * number))
    bounds = np.zeros(number + 1, np.int64)
    np.cumsum(np.bincount(owner, minlength=number), out=bounds[1:])
    rows = SparseRows(
        bounds, column.astype(np.int32), (value / length[block]).astype(np.float32), len(kept)
    )
    absent = np.setdiff1d(wanted, unique) if wanted is not None else unique[:0]
    if len(absent):  # they have weights, though no row has them
        hashes = np.concatenate([unique[kept], absent])
        idf = np.concatenate([idf, np.full(len(absent), np.log(1 + number) + 1)])
        return replace(rows, width=len(hashes)), Vocabulary(hashes, idf)
    return rows, Vocabulary(unique[kept], idf)
