"""Which texts are most alike: cosine of TF-IDF vectors over words, word pairs and character 3- to 5-grams.

The features are the student's (transforms/label/student/features.py), so that what counts as the same text is the same
everywhere: lower case, one blank, no repeated letters. Each counts once a text, weighted by ln((1 + N) / (1 + df)) + 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.label.student.features import FeatureSpec, extract

if TYPE_CHECKING:
    from collections.abc import Iterator

NEAR: Final = 0.98  # from here on two texts are the same for our purposes
_SPEC: Final = FeatureSpec()
_LONGEST: Final = 4_000  # code points of a text that are compared
_COMMON: Final = 0.1  # features of more texts than this share say little and cost much
_COMMON_ROWS: Final = 50  # … but never those of so few texts
_BATCH: Final = 2_000


@dataclass(frozen=True)
class Index:
    """Texts by their features: `features` (sorted hashes); feature f is in the texts
    `row[bounds[f]:bounds[f + 1]]` with the `weight` there. `idf` (features); `unknown`: that of a feature of no text.
    """

    size: int
    features: NDArray[np.uint64]
    bounds: NDArray[np.int64]
    row: NDArray[np.int32]
    weight: NDArray[np.float32]
    idf: NDArray[np.float32]
    unknown: float

    def nearest(self, texts: pl.Series, n: int) -> NDArray[np.int32]:
        """The n most similar texts to each (rows, n), the most similar last, -1 before where there are fewer.

        Texts that are (nearly) equal to it, and those with nothing in common, are left out. Of equally similar ones,
        the earlier comes closer to the end.
        """
        from transforms.label.prompted.similar_kernel import nearest_rows

        parts = [
            nearest_rows(
                *self._vectors(batch), self.bounds, self.row, self.weight, self.size, n, NEAR
            )
            for batch in _batches(texts)
        ]
        return np.concatenate(parts) if parts else np.empty((0, n), np.int32)

    def _vectors(
        self, texts: pl.Series
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Row bounds (rows + 1), places of known features (-1: unknown), and their weights in unit vectors."""
        found = _features(texts)
        place, known = _places(self.features, found.hashes)
        weight = np.where(known, self.idf[place], np.float32(self.unknown))
        return found.bounds, np.where(known, place, -1), _unit(weight, found.bounds)


def build_index(texts: pl.Series) -> Index:
    """An index of texts."""
    size = len(texts)
    parts = [_features(batch) for batch in _batches(texts)]
    hashes = np.concatenate([part.hashes for part in parts] or [np.empty(0, np.uint64)])
    counts = np.concatenate([np.diff(part.bounds) for part in parts] or [np.empty(0, np.int64)])
    bounds = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    features, place, df = np.unique(hashes, return_inverse=True, return_counts=True)
    idf = (np.log((1 + size) / (1 + df)) + 1).astype(np.float32)
    idf[df > max(_COMMON_ROWS, _COMMON * size)] = 0
    weight = _unit(idf[place], bounds)
    order = np.argsort(place, kind="stable")  # by feature, then by text
    row = np.repeat(np.arange(size, dtype=np.int32), counts)
    # Features that count for nothing keep no postings.
    order = order[idf[place[order]] > 0]
    starts = np.concatenate([[0], np.cumsum(np.where(idf > 0, df, 0))]).astype(np.int64)
    return Index(
        size, features, starts, row[order], weight[order], idf, float(np.log(1 + size) + 1)
    )


def first_of_equal(texts: pl.Series) -> NDArray[np.bool_]:
    """Which texts (rows) are the first with their features: those that differ in case or blanks only are equal."""
    marks = []
    for batch in _batches(texts):
        found = _features(batch)
        mixed = found.hashes * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        total = np.concatenate([[np.uint64(0)], np.cumsum(mixed, dtype=np.uint64)])
        marks.append(np.diff(total[found.bounds]))
    mark = np.concatenate(marks or [np.empty(0, np.uint64)])
    first = np.zeros(len(mark), np.bool_)
    first[np.unique(mark, return_index=True)[1]] = True
    return first


@dataclass(frozen=True)
class _Features:
    hashes: NDArray[np.uint64]
    bounds: NDArray[np.int64]


def _features(texts: pl.Series) -> _Features:
    found = extract(texts.cast(pl.String).str.slice(0, _LONGEST), _SPEC)
    return _Features(found.hashes, found.bounds)


def _batches(texts: pl.Series) -> Iterator[pl.Series]:
    for first in range(0, len(texts), _BATCH):
        yield texts.slice(first, _BATCH)


def _places(
    features: NDArray[np.uint64], hashes: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    if not len(features):
        return np.zeros(len(hashes), np.int64), np.zeros(len(hashes), np.bool_)
    place = np.minimum(np.searchsorted(features, hashes), len(features) - 1)
    return place, features[place] == hashes


def _unit(weight: NDArray[np.float32], bounds: NDArray[np.int64]) -> NDArray[np.float32]:
    """Weights of rows brought to length 1; a row of zeros stays one."""
    total = np.concatenate([[0.0], np.cumsum(weight.astype(np.float64) ** 2)])
    length = np.sqrt(np.maximum(np.diff(total[bounds]), 1e-12))
    return np.asarray(weight / np.repeat(length, np.diff(bounds)), np.float32)
