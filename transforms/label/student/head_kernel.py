# ruff: noqa: ANN001, ANN201, E741 -- numba infers the types; l is a label
# mypy: disable-error-code="no-untyped-def,no-untyped-call"
"""Compiled head: scores of the columns in, probabilities and given labels of a taxonomy out."""

from __future__ import annotations

import numpy as np
from numba import types as t

from transforms.label.student.compiled import compiled

_F32 = t.Array(t.float32, 1, "C", readonly=True)


@compiled(
    t.Tuple((t.float32[:, ::1], t.boolean[:, ::1]))(
        t.Array(t.float32, 2, "C", readonly=True),
        t.Array(t.float32, 3, "C", readonly=True), _F32, _F32, _F32
    )
)  # fmt: skip
def answer_rows(scores, matrix, knots, offset, threshold):
    """Probabilities (rows x labels, four decimals) and which labels are given: see weights.Head.

    The logistic function runs in float64, so that rounding hides the last bits in which machines
    differ.
    """
    rows, labels = len(scores), len(offset)
    columns = matrix.shape[1]
    probabilities = np.empty((rows, labels), np.float32)
    given = np.zeros((rows, labels), np.bool_)
    odds = np.log(threshold.astype(np.float64) / (1.0 - threshold.astype(np.float64)))
    z = np.empty(labels, np.float64)
    for i in range(rows):
        for l in range(labels):
            z[l] = offset[l]
        for c in range(columns):
            score = scores[i, c]
            for knot in range(len(knots)):
                x = score if knot == 0 else score - knots[knot]
                if knot and x <= 0:
                    break  # knots ascend
                for l in range(labels):
                    z[l] += np.float64(matrix[knot, c, l]) * np.float64(x)
        closest = 0
        found = False
        for l in range(labels):
            p = np.float32(np.floor(10000.0 / (1.0 + np.exp(-z[l])) + 0.5) / 10000.0)
            probabilities[i, l] = p
            if p >= threshold[l]:
                given[i, l] = True
                found = True
            if z[l] - odds[l] > z[closest] - odds[closest]:
                closest = l
        if not found:
            given[i, closest] = True
    return probabilities, given
