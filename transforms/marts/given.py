"""What the answers of a batch of labels come to: probabilities as a table, state, valence, hostility."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.marts.polarity import Polarity

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Given:
    """What the answers of a batch come to, as arrays of a row each.

    `probabilities`: rows x labels, 0 where a label has none; `scored`: whether a row has any. `state` counts in
    `names`, -1: none.
    """

    names: list[str]
    probabilities: Floats
    scored: NDArray[np.bool_]
    state: NDArray[np.int64]
    confidence: Floats
    valence: Floats
    hostile: NDArray[np.bool_] | None


def given(batch: pa.Table, polarity: Polarity) -> Given:
    """Of the columns labels and scores; see `transforms.marts.answers` for what is computed."""
    rows = batch.num_rows
    score_rows, score_labels, p = _scores(batch["scores"])
    label_rows, labels = _flat(batch["labels"])
    names = list(dict.fromkeys([*_distinct(score_labels), *_distinct(labels)]))
    place = pa.array(names, pa.string())
    probabilities = _table(rows, len(names), score_rows, _codes(score_labels, place), p)
    scored = np.zeros(rows, bool)
    scored[score_rows] = True

    codes = _codes(labels, place)
    own = probabilities[label_rows, codes]
    state = np.full(rows, -1)
    confidence = np.full(rows, np.nan)
    # Last written wins: ascending probability, and at equal ones the first of the taxonomy last.
    order = np.lexsort((-codes, own))
    state[label_rows[order]] = codes[order]
    certain = (state >= 0) & scored
    confidence[certain] = probabilities[certain, state[certain]]

    valence = np.full(rows, np.nan)
    values = polarity.values(names) if names else None
    if values is not None:
        v = np.asarray(values)
        total = probabilities.sum(axis=1)
        # Not by @: the threads of BLAS would wait busily on the cores that the other batches need.
        weighed = np.einsum("ij,j->i", probabilities, v)
        np.divide(weighed, total, out=valence, where=total > 0)
        bare = np.bincount(label_rows, minlength=rows)
        mean = np.bincount(label_rows, weights=v[codes], minlength=rows)
        np.divide(mean, bare, out=valence, where=(total == 0) & (bare > 0))
    hostile = None
    told = polarity.hostile(names) if names or polarity.toxic else None
    if told is not None:
        hostile = np.bincount(label_rows, np.asarray(told or [False])[codes], rows) > 0
    return Given(names, probabilities, scored, state, confidence, valence, hostile)


def _table(
    rows: int, labels: int, of_row: NDArray[np.int64], of_label: NDArray[np.int64], p: Floats
) -> Floats:
    """Probabilities as rows x labels, 0 where there is none."""
    table = np.zeros((rows, max(labels, 1)))
    whole = len(p) // labels if labels else 0
    if whole * labels == len(p) > 0:
        codes = of_label.reshape(whole, labels)
        first = of_row.reshape(whole, labels)
        if (codes == np.arange(labels)).all() and (first == first[:, :1]).all():
            # All labels in the same order, as nearly always: no cell has to be looked for.
            table[first[:, 0]] = p.reshape(whole, labels)
            return table
    table[of_row, of_label] = p
    return table


def _scores(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Array, Floats]:
    array = column.combine_chunks()
    entries = array.flatten()
    rows = np.asarray(pc.list_parent_indices(array))
    p = entries.field("probability").to_numpy(zero_copy_only=False).astype(np.float64)
    return rows, coded(entries.field("label")), np.nan_to_num(p)


def _flat(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Array]:
    array = column.combine_chunks()
    return np.asarray(pc.list_parent_indices(array)), coded(array.flatten())


def coded(strings: pa.Array) -> pa.Array:
    """Strings as codes in a dictionary."""
    return strings if pa.types.is_dictionary(strings.type) else strings.dictionary_encode()


def _distinct(coded: pa.Array) -> list[str]:
    """The strings that occur, in the order of their first occurrence."""
    used: list[Any] = coded.indices.unique().to_pylist()
    dictionary: list[str] = coded.dictionary.to_pylist()
    return [dictionary[code] for code in used if code is not None]


def _codes(coded: pa.Array, place: pa.Array) -> NDArray[np.int64]:
    """Where each string stands in `place`."""
    translated = pc.index_in(coded.dictionary, place).fill_null(0).to_numpy(zero_copy_only=False)
    if len(translated) == 0:
        return np.zeros(0, np.int64)
    codes: NDArray[np.int64] = translated.astype(np.int64).take(np.asarray(coded.indices))
    return codes
