# ruff: noqa: ANN001, ANN201, ANN202 -- numba infers the types; l is a label
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated"
"""Compiled loops of the student over Arrow string buffers: feature hashes or scores out.

Training reads a row's features through `hash_rows`, labeling looks them up through `score_rows`;
both call text_kernel.py, so what is trained is what is scored. No Python object is touched per
row; the loops release the GIL. Tables are arguments, because numba caches globals with the code.
"""

from __future__ import annotations

import numpy as np
from numba import types as t

from transforms.label.student.compiled import compiled, inlined
from transforms.label.student.lanes import prefetch, sum_lanes
from transforms.label.student.text_kernel import MULTIPLY, SHIFT, U, decode, features, rewrite

_DATA = t.Array(t.uint8, 1, "C", readonly=True)
_WHOLE = t.Array(t.int64, 1, "C", readonly=True)
_FOLD = t.Array(t.int32, 1, "C", readonly=True)
_BITS = t.Array(t.uint32, 1, "C", readonly=True)
_F32 = t.Array(t.float32, 1, "C", readonly=True)
_HASHES = t.Array(t.uint64, 1, "C", readonly=True)

# The layout of engine.py, in its units of 8 bytes.
_FACTORS = U(1)
_AHEAD = 8  # features whose slots in the table are asked for beforehand
ONE = U(1)
_EMPTY = U(0xFFFFFFFFFFFFFFFF)
_PRINT = U(0xFFFFFFFFFF000000)


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


@compiled(t.uint64[::1](_HASHES, _WHOLE, t.int64))
def build_table(keys, places, size):
    """Open-addressing table of feature hashes; size is a power of two above len(keys).

    An entry is the upper 40 bits of the hash above 24 bits of the feature's place, all ones where empty. Together
    with the slot, which the lower bits choose, that is the whole hash but for some 5 bits: nothing else is looked at
    to know a feature.
    """
    table = np.full(size, _EMPTY, np.uint64)
    mask = U(size - 1)
    for index in range(len(keys)):
        slot = keys[index] & mask
        while table[slot] != _EMPTY:
            slot = (slot + U(1)) & mask
        table[slot] = (keys[index] & _PRINT) | U(places[index])
    return table


@inlined
def _find(h, table):
    """Place of a feature, or -1."""
    mask = U(len(table) - 1)
    slot = h & mask
    while True:
        entry = table[slot]
        if entry == _EMPTY:
            return np.int64(-1)
        if (entry ^ h) & _PRINT == 0:
            return np.int64(entry & ~_PRINT)
        slot = (slot + U(1)) & mask


@compiled(
    t.Tuple((t.float32[:, ::1], t.boolean[:, ::1]))(
        _DATA, _WHOLE, _BITS, _FOLD, _DATA, _WHOLE, _HASHES,
        t.Array(t.int8, 1, "C", readonly=True), _F32, _BITS, _HASHES, _F32, _WHOLE,
    )
)  # fmt: skip
def score_rows(
    data, offsets, wanted, fold, word, spec, table, values, factors, kinds, ways, bias, first
):
    """Linear scores of each row by each wanted model, and whether the model knows a feature of it.

    values, factors and kinds are views of one store (engine.py), so that a feature costs the cache lines of
    its own block. Each model's word block and character block are brought to length 1. Sums run in text order in
    float32, so a row's scores depend neither on its batch nor on the models beside.
    """
    rows = len(offsets) - 1
    models = len(first) - 1
    lanes = len(bias)
    longest = 0
    for i in range(rows):
        if wanted[i]:
            longest = max(longest, offsets[i + 1] - offsets[i])
    codes = np.empty(longest + 1, np.int32)
    found = np.empty((longest + 2) * (5 + spec[1] - spec[0]), np.uint64)
    hits = np.empty(len(found), np.int64)
    size = 256
    while size < 2 * len(found):
        size *= 2
    seen = np.full(size, U(0), np.uint64)  # a row's number, from 1, above a feature's place
    slots = U(len(table) - 1)
    spread = min(4, (lanes + 16 * models) // 64 + 1)  # cache lines that a feature may take
    scores = np.zeros((rows, lanes), np.float32)
    known = np.zeros((rows, models), np.bool_)
    part = np.empty(lanes, np.float32)
    blocks = np.empty(len(found), np.uint64)
    for i in range(rows):
        asked = wanted[i]
        if asked == 0:
            continue
        n = rewrite(codes, decode(data, offsets[i], offsets[i + 1], fold, codes), word)
        count, words = features(codes, n, word, spec, found)
        stamp = U(i + 1) << U(32)
        room = 256
        while room < 2 * count:
            room *= 2
        last = U(room - 1)
        for m in range(models):
            if (asked >> np.uint32(m)) & np.uint32(1):
                for c in range(first[m] * 8, first[m + 1] * 8):
                    scores[i, c] = bias[c]
        for block in range(2):
            number = 0
            start, end = (0, words) if block == 0 else (words, count)
            for k in range(start, end):
                if k + _AHEAD < end:
                    prefetch(table, np.int64(found[k + _AHEAD] & slots))
                place = _find(found[k], table)
                if place < 0:
                    continue
                mark = stamp | U(place)
                slot = (U(place) * MULTIPLY >> SHIFT) & last
                while seen[slot] >> SHIFT == stamp >> SHIFT and seen[slot] != mark:
                    slot = (slot + U(1)) & last
                if seen[slot] != mark:
                    seen[slot] = mark
                    hits[number] = place
                    number += 1
                    for line in range(spread):
                        prefetch(values, 8 * place + 64 * line)
            if number == 0:
                continue
            for m in range(models):
                if (asked >> np.uint32(m)) & np.uint32(1) == 0:
                    continue
                length = np.float32(0)
                for k in range(number):
                    place = U(hits[k])
                    way = (U(kinds[place << ONE]) * U(models) + U(m)) << ONE
                    block = (place & ways[way]) + ways[way + ONE]
                    blocks[k] = block
                    length += factors[(block << ONE) + ONE]
                if length == 0:
                    continue
                known[i, m] = True
                shrink = np.float32(1) / np.sqrt(length)
                for group in range(first[m], first[m + 1]):
                    skip = U(group - first[m]) + _FACTORS
                    sum_lanes(part, group * 8, blocks, number, factors, values, skip)
                for c in range(first[m] * 8, first[m + 1] * 8):
                    scores[i, c] += shrink * part[c]
    return scores, known
