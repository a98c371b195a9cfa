# ruff: noqa: ANN001, ANN201, ANN202 -- numba infers the types
# mypy: disable-error-code="no-untyped-def,no-untyped-call,attr-defined"
"""Compiled loops over UTF-8 texts: hashes of character 5-grams, and the Jaccard similarity of their sets.

A gram is five code points in a row, known by a 64-bit hash: two different grams of a pair of texts agree in it with
odds below 1e-13. Hashes are equal on every machine.
"""

from __future__ import annotations

import numba.types as t
import numpy as np

from transforms.label.student.compiled import compiled, inlined

GRAM = 5

_U = np.uint64
_MULTIPLY = _U(0x9E3779B97F4A7C15)
_MIX = _U(0xD6E8FEB86659FD93)
_SHIFT = _U(32)
_SEED = _U(0x452821E638D01377)

_DATA = t.Array(t.uint8, 1, "C", readonly=True)
_OFFSETS = t.Array(t.int64, 1, "C", readonly=True)


@inlined
def _grams(data, at, end, hashes, n):
    """Appends the hashes of a text's grams to `hashes` from place `n`; returns the place after the last."""
    a = b = c = d = _U(0)
    seen = 0
    while at < end:
        byte = _U(data[at])
        if byte < 0x80:
            code, width = byte, 1
        elif byte < 0xE0:
            code, width = byte & _U(0x1F), 2
        elif byte < 0xF0:
            code, width = byte & _U(0x0F), 3
        else:
            code, width = byte & _U(0x07), 4
        for more in range(1, width):
            code = (code << _U(6)) | (_U(data[at + more]) & _U(0x3F))
        at += width
        seen += 1
        if seen >= 5:
            # 21 bits a code point: three fill a word, two the other.
            h = (_SEED ^ ((a << _U(42)) | (b << _U(21)) | c)) * _MULTIPLY
            h = ((h ^ (h >> _SHIFT)) ^ ((d << _U(21)) | code)) * _MIX
            h = (h ^ (h >> _SHIFT)) * _MULTIPLY
            hashes[n] = h ^ (h >> _SHIFT)
            n += 1
        a, b, c, d = b, c, d, code
    return n


@inlined
def _slot(table, marks, mark, h):
    """The slot of `h` in an open-addressing table, or the free one (mark below `mark`) where it goes."""
    last = _U(table.size - 1)
    slot = (h >> _U(20)) & last
    while marks[slot] >= mark and table[slot] != h:
        slot = (slot + _U(1)) & last
    return slot


@compiled(t.Tuple((t.uint64[::1], t.uint64[::1]))(_DATA, _OFFSETS))
def gram_sets(data, offsets):
    """Hashes of the distinct grams of each text, in their order, and the row bounds (rows + 1)."""
    rows = offsets.size - 1
    longest = 1
    for row in range(rows):
        longest = max(longest, offsets[row + 1] - offsets[row])
    size = 16
    while size < 2 * longest:
        size *= 2
    table = np.zeros(size, np.uint64)
    marks = np.zeros(size, np.int64)
    hashes = np.empty(longest, np.uint64)
    found = np.empty(max(1, offsets[rows] - offsets[0]), np.uint64)
    bounds = np.zeros(rows + 1, np.uint64)
    n = 0
    for row in range(rows):
        mark = np.int64(row + 1)
        for i in range(_grams(data, offsets[row], offsets[row + 1], hashes, 0)):
            slot = _slot(table, marks, mark, hashes[i])
            if marks[slot] < mark:
                marks[slot], table[slot] = mark, hashes[i]
                found[n] = hashes[i]
                n += 1
        bounds[row + 1] = n
    return found[:n].copy(), bounds


@compiled(t.float64[::1](_DATA, _OFFSETS, _OFFSETS, _OFFSETS, _OFFSETS))
def jaccard(data, starts, ends, other_starts, other_ends):
    """The Jaccard similarity of the gram sets of two texts a row, each given by its place in `data`, UTF-8.

    0 where neither has a gram.
    """
    rows = starts.size
    longest = 1
    for row in range(rows):
        longest = max(longest, ends[row] - starts[row], other_ends[row] - other_starts[row])
    size = 16
    while size < 4 * longest:  # both sets go in: at most half full
        size *= 2
    table = np.zeros(size, np.uint64)
    marks = np.zeros(
        size, np.int64
    )  # 2 row + 1: seen in the first text only; 2 row + 2: in the other
    hashes = np.empty(longest, np.uint64)
    found = np.zeros(rows, np.float64)
    for row in range(rows):
        mark = np.int64(2 * row + 1)
        union = shared = np.int64(0)
        for i in range(_grams(data, starts[row], ends[row], hashes, 0)):
            slot = _slot(table, marks, mark, hashes[i])
            if marks[slot] < mark:
                marks[slot], table[slot] = mark, hashes[i]
                union += 1
        for i in range(_grams(data, other_starts[row], other_ends[row], hashes, 0)):
            slot = _slot(table, marks, mark, hashes[i])
            if marks[slot] < mark:
                table[slot] = hashes[i]
                union += 1
            elif marks[slot] == mark:
                shared += 1
            marks[slot] = mark + 1
        if union:
            found[row] = shared / union
    return found
