"""Which texts a student was trained on: figures on them say nothing about others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xxhash

from transforms.label.normalize import normalize

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray


def marks_of(texts: pl.Series) -> NDArray[np.uint32]:
    """A mark per text: 32 bits of a hash of what the student sees of it (two texts in a million have one by chance, of
    a model with 4,000 rows).
    """
    return np.array(
        [xxhash.xxh3_64_intdigest(normalize(text or "").encode()) >> 32 for text in texts],
        np.uint32,
    )


def seen_texts(texts: pl.Series, seen: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Whether each text was among those whose sorted marks are `seen`."""
    if not len(seen):
        return np.zeros(len(texts), np.bool_)
    marks = marks_of(texts)
    place = np.minimum(np.searchsorted(seen, marks), len(seen) - 1)
    return np.asarray(seen[place] == marks)
