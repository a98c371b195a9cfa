"""Sums of probabilities by day and role: what counts labels softly."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms.marts.given import Given

SCORE_SUMS: Final = pa.schema(
    [
        ("corpus", pa.string()),
        ("task", pa.string()),
        ("taxonomy", pa.string()),
        ("labeler", pa.string()),
        ("day", pa.date32()),
        ("role", pa.string()),
        ("label", pa.string()),
        ("n", pa.int64()),
        ("probability", pa.float64()),
    ]
)

_NO_DAY: Final = -(1 << 31)  # stands for null where days are numbers


def score_sums(made: pa.Table, given: Given, counted: NDArray[np.bool_]) -> pa.Table:
    """Sums of probabilities by day and role: one row for each and each label, of the rows that are `counted`."""
    if not given.names or not counted.any():
        return SCORE_SUMS.empty_table()
    roles = made["role"].combine_chunks()
    day = made["day"].cast(pa.int32()).fill_null(_NO_DAY).to_numpy()[counted].astype(np.int64)
    role = np.asarray(roles.indices.fill_null(-1))[counted]
    _, first, group = np.unique(
        day * (len(roles.dictionary) + 1) + role + 1, return_index=True, return_inverse=True
    )
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    sums = np.add.reduceat(given.probabilities[counted][order], starts, axis=0)
    repeats, labels = np.diff(np.append(starts, len(order))), len(given.names)
    rows = np.repeat(np.flatnonzero(counted)[first], labels)
    keys = made.select(["corpus", "task", "taxonomy", "labeler", "day", "role"]).take(rows)
    return (
        keys.append_column("label", pa.array(given.names * len(starts), pa.string()))
        .append_column("n", pa.array(np.repeat(repeats, labels)))
        .append_column("probability", pa.array(sums.reshape(-1)))
        .cast(SCORE_SUMS)
    )
