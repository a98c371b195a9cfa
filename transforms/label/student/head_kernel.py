# ruff: noqa: ANN001, ANN201, ANN202, E741 -- numba infers the types; l is an output
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated"
"""Compiled heads: scores of the columns in, logits or probabilities and given labels out (head.py)."""

from __future__ import annotations

import numpy as np
from numba import types as t

from transforms.label.student.compiled import compiled, inlined
from transforms.label.student.lanes import add_lanes_wide

_SCORES = t.Array(t.float32, 2, "C", readonly=True)
_PLACES = t.Array(t.int32, 1, "C", readonly=True)
_F32 = t.Array(t.float32, 1, "C", readonly=True)
_F32_2 = t.Array(t.float32, 2, "C", readonly=True)

MAY_BE_EMPTY = 0
NEVER_EMPTY = 1
EXCLUSIVE = 2


@inlined
def _logits(scores, i, place, matrix, knots, offset, z):
    """Logits of one row, in float64: rounding then hides the last bits in which machines differ.

    Outputs are padded to whole groups of eight.
    """
    outputs = len(z)
    columns = scores.shape[1]
    for l in range(outputs):
        z[l] = offset[place, l]
    for c in range(columns):
        score = scores[i, c]
        for knot in range(len(knots)):
            x = score if knot == 0 else score - knots[knot]
            if knot and x <= 0:
                break  # knots ascend
            row = ((place * len(knots) + knot) * columns + c) * outputs
            for l in range(0, outputs, 8):
                add_lanes_wide(z, l, matrix, row + l, np.float64(x))


@inlined
def _exponential(z):
    """`exp` of each cell, in place, to nine digits: the eighth power of two of a short series.

    Sums and products only: the compiler does eight cells at a time, and every machine finds the same bits, which the
    exponentials of their mathematical libraries do not.
    """
    for l in range(len(z)):
        x = min(max(z[l], -60.0), 60.0) * (1.0 / 256.0)
        y = 1.0 + x * (1.0 + x * (1 / 2 + x * (1 / 6 + x * (1 / 24 + x * (1 / 120 + x * (
            1 / 720 + x * (1 / 5040 + x * (1 / 40320))))))))  # fmt: skip
        y *= y
        y *= y
        y *= y
        y *= y
        y *= y
        y *= y
        y *= y
        y *= y
        z[l] = y


@compiled(t.float64[:, ::1](_SCORES, _PLACES, _F32, _F32, _F32_2))
def logit_rows(scores, places, matrix, knots, offset):
    """Logits, (rows, outputs)."""
    z = np.empty(offset.shape[1], np.float64)
    logits = np.empty((len(scores), offset.shape[1]), np.float64)
    for i in range(len(scores)):
        _logits(scores, i, places[i], matrix, knots, offset, z)
        for l in range(len(z)):
            logits[i, l] = z[l]
    return logits


@compiled(
    t.Tuple((t.float32[:, ::1], t.uint32[::1], t.int64[::1]))(
        _SCORES, _PLACES, _F32, _F32, _F32_2, _F32_2, t.int64, t.Array(t.boolean, 1, "C", readonly=True)
    )
)  # fmt: skip
def answer_rows(scores, places, matrix, knots, offset, threshold, rule, wanted):
    """Probabilities (rows, labels; four decimals) and the labels given, by one of the three rules.

    The labels given are positions, row after row: those of row i from bounds[i] to bounds[i + 1]. Rows that are not
    wanted have none, and probabilities of zero.
    """
    rows, labels = len(scores), threshold.shape[1]
    probabilities = np.zeros((rows, labels), np.float32)
    given = np.empty(rows * labels, np.uint32)
    bounds = np.zeros(rows + 1, np.int64)
    count = 0
    odds = np.empty(threshold.shape, np.float64)
    for place in range(len(threshold)):
        for l in range(labels):
            limit = np.float64(threshold[place, l])
            odds[place, l] = -np.log(limit) if rule == EXCLUSIVE else np.log(limit / (1 - limit))
    z = np.empty(offset.shape[1], np.float64)
    for i in range(rows):
        bounds[i + 1] = count
        if not wanted[i]:
            continue
        place = places[i]
        _logits(scores, i, place, matrix, knots, offset, z)
        closest = 0
        if rule != MAY_BE_EMPTY:
            for l in range(1, labels):
                if z[l] - odds[place, l] > z[closest] - odds[place, closest]:
                    closest = l
        if rule == EXCLUSIVE:
            highest = z[:labels].max()
            for l in range(len(z)):
                z[l] -= highest
        else:
            for l in range(len(z)):
                z[l] = -z[l]
        _exponential(z)
        if rule == EXCLUSIVE:
            total = 0.0
            for l in range(labels):
                total += z[l]
            for l in range(len(z)):
                z[l] /= total
        else:
            for l in range(len(z)):
                z[l] = 1.0 / (1.0 + z[l])
        for l in range(len(z)):
            z[l] = np.floor(10000.0 * z[l] + 0.5) / 10000.0
        found = False
        for l in range(labels):
            p = np.float32(z[l])
            probabilities[i, l] = p
            if rule != EXCLUSIVE and p >= threshold[place, l]:
                given[count] = l
                count += 1
                found = True
        if not found and rule != MAY_BE_EMPTY:
            given[count] = closest
            count += 1
        bounds[i + 1] = count
    return probabilities, given[:count].copy(), bounds
