# ruff: noqa: ANN001, ANN201, ANN202 -- numba infers the types; l is a label
# mypy: disable-error-code="no-untyped-def,no-untyped-call"
"""Compiled loops of the student over Arrow string buffers: feature hashes or scores out.

Training reads a row's features through `hash_rows`, labeling looks them up through `score_rows`;
both call text_kernel.py, so what is trained is what is scored. No Python object is touched per
row; the loops release the GIL. Tables are arguments, because numba caches globals with the code.
"""

from __future__ import annotations

import numpy as np
from numba import types as t

from transforms.label.student.compiled import compiled, inlined
from transforms.label.student.text_kernel import U, decode, features, rewrite

_DATA = t.Array(t.uint8, 1, "C", readonly=True)
_OFFSETS = t.Array(t.int64, 1, "C", readonly=True)
_FOLD = t.Array(t.int32, 1, "C", readonly=True)
_SPEC = t.Array(t.int64, 1, "C", readonly=True)


@compiled()  # no signature: only training compiles or loads it
def hash_rows(data, offsets, fold, word, spec):
    """Distinct feature hashes of each row, sorted within (row, block).

    Returns hashes (flat), row bounds (rows + 1) and the end of each row's word block (rows).
    """
    rows = len(offsets) - 1
    longest = 0
    for i in range(rows):
        longest = max(longest, offsets[i + 1] - offsets[i])
    codes = np.empty(longest + 1, np.int32)
    found = np.empty((longest + 2) * (5 + spec[1] - spec[0]), np.uint64)
    out = np.empty(max(1024, 4 * (offsets[rows] - offsets[0])), np.uint64)
    bounds = np.zeros(rows + 1, np.int64)
    split = np.zeros(rows, np.int64)
    total = 0
    for i in range(rows):
        n = rewrite(codes, decode(data, offsets[i], offsets[i + 1], fold, codes), word)
        count, words = features(codes, n, word, spec, found)
        while total + count > len(out):
            grown = np.empty(2 * len(out), np.uint64)
            grown[:total] = out[:total]
            out = grown
        for block in range(2):
            part = np.sort(found[:words] if block == 0 else found[words:count])
            for k in range(len(part)):
                if k == 0 or part[k] != part[k - 1]:
                    out[total] = part[k]
                    total += 1
            if block == 0:
                split[i] = total
        bounds[i + 1] = total
    return out[:total].copy(), bounds, split


@compiled(t.int32[::1](t.Array(t.uint64, 1, "C", readonly=True), t.int64))
def build_table(keys, size):
    """Open-addressing table of feature hashes; size is a power of two above len(keys).

    An entry is 11 bits of the hash above 20 bits of the feature's index, -1 where empty.
    """
    table = np.full(size, np.int32(-1), np.int32)
    mask = U(size - 1)
    for index in range(len(keys)):
        slot = keys[index] & mask
        while table[slot] >= 0:
            slot = (slot + U(1)) & mask
        table[slot] = np.int32(index) | np.int32((keys[index] >> U(40)) & U(0x7FF)) << np.int32(20)
    return table


@inlined
def _find(h, table, keys):
    """Index of a feature, or -1."""
    mask = U(len(table) - 1)
    slot = h & mask
    print_of = np.int32((h >> U(40)) & U(0x7FF))
    while True:
        entry = table[slot]
        if entry < 0:
            return np.int32(-1)
        if entry >> np.int32(20) == print_of:
            index = entry & np.int32(0xFFFFF)
            if keys[index] == h:
                return index
        slot = (slot + U(1)) & mask


_F32 = t.Array(t.float32, 1, "C", readonly=True)


@compiled(
    t.Tuple((t.float32[:, ::1], t.int32[::1]))(
        _DATA, _OFFSETS, t.Array(t.boolean, 1, "C", readonly=True), _FOLD, _DATA, _SPEC,
        t.Array(t.int32, 1, "C", readonly=True), t.Array(t.uint64, 1, "C", readonly=True),
        t.Array(t.int8, 2, "C", readonly=True), t.Array(t.float32, 2, "C", readonly=True), _F32,
    )
)  # fmt: skip
def score_rows(data, offsets, wanted, fold, word, spec, table, keys, weights, factors, bias):
    """Linear scores of each wanted row (others: zeros), and how many known features it has.

    weights and factors are two views of one array of rows (see weights.py), so that a feature costs
    one cache line: 8 bytes (scale, squared idf) as float32, then the int8 weights. The word block
    and the character block are each brought to length 1. Sums run in text order in float32, so a
    row's scores do not depend on its batch.
    """
    rows = len(offsets) - 1
    columns = len(bias)
    longest = 0
    for i in range(rows):
        if wanted[i]:
            longest = max(longest, offsets[i + 1] - offsets[i])
    codes = np.empty(longest + 1, np.int32)
    found = np.empty((longest + 2) * (5 + spec[1] - spec[0]), np.uint64)
    hits = np.empty(len(found), np.int32)
    seen = np.full(len(keys), -1, np.int32)
    scores = np.zeros((rows, columns), np.float32)
    known = np.zeros(rows, np.int32)
    part = np.empty(columns, np.float32)
    for i in range(rows):
        if not wanted[i]:
            continue
        n = rewrite(codes, decode(data, offsets[i], offsets[i + 1], fold, codes), word)
        count, words = features(codes, n, word, spec, found)
        for c in range(columns):
            scores[i, c] = bias[c]
        for block in range(2):
            number = 0
            for k in range(0 if block == 0 else words, words if block == 0 else count):
                index = _find(found[k], table, keys)
                if index >= 0 and seen[index] != i:
                    seen[index] = i
                    hits[number] = index
                    number += 1
            if number == 0:
                continue
            known[i] += number
            length = np.float32(0)
            for c in range(columns):
                part[c] = 0
            for k in range(number):
                index = hits[k]
                scale = factors[index, 0]
                length += factors[index, 1]
                for c in range(columns):
                    part[c] += scale * np.float32(weights[index, 8 + c])
            shrink = np.float32(1) / np.sqrt(length)
            for c in range(columns):
                scores[i, c] += shrink * part[c]
    return scores, known
