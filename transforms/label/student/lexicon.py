"""What is known of words before training, such as their valence: columns of a model that cost nothing to score.

A lexicon's column of a text is the sum of its words' values, weighted as the features of the words are. That is
linear in the features, so what is learned of the column is added to the weights of its words, also of those that no
training text holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from transforms.label.student.features import FeatureSpec, extract
from transforms.label.student.solver import SparseRows, predict

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STILL: Final = 1e-6
_SPREAD: Final = 0.1  # standard deviation of a column among rows whose blocks have length 1


@dataclass(frozen=True)
class Lexicon:
    """Values of words, (words, columns); one hash of a feature a word."""

    hashes: NDArray[np.uint64]
    values: NDArray[np.float64]


def read_words(words: list[str], values: NDArray[np.float64], spec: FeatureSpec) -> Lexicon:
    """The lexicon of words with values (words, columns): those that are one token of ours, each once."""
    found = extract(pl.Series(words, dtype=pl.String), spec)
    single = found.split - found.bounds[:-1] == 1
    hashes, first = np.unique(found.hashes[found.bounds[:-1][single]], return_index=True)
    return Lexicon(hashes, values[np.flatnonzero(single)[first]])


@dataclass(frozen=True)
class Columns:
    """A lexicon over the features of a vocabulary: (features, columns), scaled for training."""

    values: NDArray[np.float64]

    @classmethod
    def of(cls, lexicon: Lexicon, hashes: NDArray[np.uint64], rows: SparseRows) -> Columns:
        """Values of the features, scaled so that each column has the same spread over the rows; one that never varies
        tells nothing and becomes zeros.
        """
        order = np.argsort(lexicon.hashes)
        place = np.minimum(np.searchsorted(lexicon.hashes, hashes, sorter=order), len(order) - 1)
        known = lexicon.hashes[order[place]] == hashes
        values = np.zeros((len(hashes), lexicon.values.shape[1]))
        values[known] = lexicon.values[order[place[known]]]
        spread = cls(values).of_rows(rows).std(axis=0, dtype=np.float64)
        varies = spread > _STILL
        return cls(values * np.where(varies, _SPREAD / np.where(varies, spread, 1.0), 0.0))

    def of_rows(self, rows: SparseRows) -> NDArray[np.float32]:
        """The columns of rows, (rows, columns)."""
        return predict(
            rows, np.vstack([self.values, np.zeros((1, self.values.shape[1]))]).astype(np.float32)
        )

    def beside(self, rows: SparseRows) -> SparseRows:
        """Rows with the columns as further features."""
        dense = self.of_rows(rows)
        more = dense.shape[1]
        lengths = np.diff(rows.bounds)
        bounds = np.concatenate([[0], np.cumsum(lengths + more)])
        columns = np.empty(bounds[-1], np.int32)
        values = np.empty(bounds[-1], np.float32)
        moved = np.arange(len(rows.columns)) + np.repeat(bounds[:-1] - rows.bounds[:-1], lengths)
        columns[moved], values[moved] = rows.columns, rows.values
        end = (bounds[:-1] + lengths)[:, None] + np.arange(more)
        columns[end] = np.broadcast_to(rows.width + np.arange(more, dtype=np.int32), dense.shape)
        values[end] = dense
        return SparseRows(bounds, columns, values, rows.width + more)

    def fold(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights over features, columns and the intercept as weights over features and the intercept."""
        width = len(self.values)
        features, columns, intercept = weights[:width], weights[width:-1], weights[-1:]
        return np.vstack([features + self.values @ columns, intercept])
