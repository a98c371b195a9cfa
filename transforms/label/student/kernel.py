"""Compiled loops of the student: Arrow string buffers in, feature hashes or logits out.

One function (`_row`) turns a row into feature hashes; training reads them through `hash_rows`,
labeling looks them up through `score_rows`: what is trained is what is scored. No Python object
is touched per row; the loops release the GIL. All tables are arguments, because numba's cache
watches this file only.

Hashes are 64-bit, from fixed odd multipliers: equal on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba as nb
import numpy as np
from numba import types as t

F = TypeVar("F", bound=Callable[..., Any])

U = np.uint64
MULTIPLY = U(0x9E3779B97F4A7C15)
MIX = U(0xD6E8FEB86659FD93)
SHIFT = U(32)
WORD_SEED = U(0x243F6A8885A308D3)
PAIR_SEED = U(0x13198A2E03707344)
CHAR_SEED = U(0xA4093822299F31D0)
SKIP_SEED = U(0x082EFA98EC4E6C89)
TRIPLE_SEED = U(0x452821E638D01377)
LANES = 32  # score columns: 28 labels and padding, four vector registers


def compiled(*signature: Any) -> Callable[[F], F]:
    """Numba with an on-disk cache, or without one where no folder can be written."""

    def wrap(function: F) -> F:
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
        try:
            return nb.njit(*signature, cache=True, **options)(function)  # type: ignore[no-any-return]
        except RuntimeError:  # "no locator available": neither beside the source nor in the user's cache
            return nb.njit(*signature, **options)(function)  # type: ignore[no-any-return]

    return wrap


@nb.njit(nogil=True, inline="never")
def _step(h, code):  # type: ignore[no-untyped-def]
    h = (h ^ U(code)) * MULTIPLY
    return h ^ (h >> SHIFT)


@nb.njit(nogil=True, inline="never")
def _decode(data, at, end, fold, codes):  # type: ignore[no-untyped-def]
    """Rules 1 and 2 of normalize.py: UTF-8 bytes to folded code points; returns their number."""
    n = 0
    while at < end:
        b = np.int32(data[at])
        if b < 0x80:
            code = b
            at += 1
        elif b < 0xE0:
            code = ((b & 0x1F) << 6) | (data[at + 1] & 0x3F)
            at += 2
        elif b < 0xF0:
            code = ((b & 0x0F) << 12) | ((data[at + 1] & 0x3F) << 6) | (data[at + 2] & 0x3F)
            at += 3
        else:
            code = ((b & 0x07) << 18) | ((data[at + 1] & 0x3F) << 12) | ((data[at + 2] & 0x3F) << 6) | (data[at + 3] & 0x3F)
            at += 4
        if code < 0x10000:
            code = fold[code]
            if code == 0 or (code == 0x20 and (n == 0 or codes[n - 1] == 0x20)):
                continue
        elif 0x1F3FB <= code <= 0x1F3FF or code >= 0xE0000:
            continue
        codes[n] = code
        n += 1
    if n and codes[n - 1] == 0x20:
        n -= 1
    return n


@nb.njit(nogil=True, inline="always")
def _is_word(code, word):  # type: ignore[no-untyped-def]
    return word[code] != 0 if code < 0x10000 else (0x20000 <= code < 0x40000)


@nb.njit(nogil=True, inline="never")
def _starts_url(codes, at, n):  # type: ignore[no-untyped-def]
    if at + 4 <= n and codes[at] == 119 and codes[at + 1] == 119 and codes[at + 2] == 119 and codes[at + 3] == 46:
        return True
    if at + 7 > n or codes[at] != 104 or codes[at + 1] != 116 or codes[at + 2] != 116 or codes[at + 3] != 112:
        return False
    at += 5 if codes[at + 4] == 115 else 4
    return at + 3 <= n and codes[at] == 58 and codes[at + 1] == 47 and codes[at + 2] == 47


@nb.njit(nogil=True, inline="never")
def _rewrite(codes, n, word):  # type: ignore[no-untyped-def]
    """Rules 3 to 5 of normalize.py, in place (it never grows); returns the new number."""
    out = 0
    at = 0
    before = False  # whether the code point before, as it was, belongs to a word
    while at < n:
        code = codes[at]
        end = at + 1
        last = code
        if code == 91:
            name = 0
            while end < n and end - at <= 24 and (97 <= codes[end] <= 122 or codes[end] == 95):
                name = (name * 31 + codes[end]) % 0xFFFE
                end += 1
            if end > at + 1 and end < n and codes[end] == 93:
                code = np.int32(0xF0000 + name)
                last = np.int32(93)
                end += 1
            else:
                end = at + 1
        elif not before and (code == 104 or code == 119) and _starts_url(codes, at, n):
            while end < n and codes[end] != 0x20:
                end += 1
            last = codes[end - 1]
            code = np.int32(0xF0000 + ((117 * 31 + 114) * 31 + 108) % 0xFFFE)
        elif not before and code == 64:
            while end < n and (_is_word(codes[end], word) or codes[end] == 95):
                end += 1
            if end > at + 1:
                last = codes[end - 1]
                code = np.int32(0xF0000 + (((117 * 31 + 115) * 31 + 101) * 31 + 114) % 0xFFFE)
        at = end
        before = _is_word(last, word)
        if out >= 3 and codes[out - 1] == code and codes[out - 2] == code and codes[out - 3] == code:
            continue
        codes[out] = code
        out += 1
    return out


@nb.njit(nogil=True, inline="never")
def _features(codes, n, word, spec, out):  # type: ignore[no-untyped-def]
    """Word and character n-gram hashes of n normalized code points.

    Returns (number of all features, number of word features); word features come first.
    """
    count = 0
    at = 0
    one = U(0)
    two = U(0)
    tokens = 0
    while at < n:
        code = codes[at]
        if code == 0x20:
            at += 1
            continue
        h = _step(WORD_SEED, code)
        at += 1
        if _is_word(code, word):
            while at < n and _is_word(codes[at], word):
                h = _step(h, codes[at])
                at += 1
        else:
            while at < n and codes[at] == code:
                h = _step(h, code)
                at += 1
        out[count] = h
        count += 1
        tokens += 1
        if tokens >= 2:
            out[count] = ((one * MIX) ^ h ^ PAIR_SEED) * MULTIPLY
            count += 1
        if tokens >= 3:
            if spec[2]:
                out[count] = ((two * MIX) ^ h ^ SKIP_SEED) * MULTIPLY
                count += 1
            if spec[3]:
                out[count] = ((((two * MIX) ^ one) * MIX) ^ h ^ TRIPLE_SEED) * MULTIPLY
                count += 1
        two = one
        one = h
    words = count
    # character n-grams over " text ", within words or across them
    low = spec[0]
    high = spec[1]
    across = spec[4]
    for start in range(-1, n):
        h = _step(CHAR_SEED, 0x20 if start < 0 else codes[start])
        size = 1
        end = start + 1
        while size < high and end <= n:
            code = 0x20 if end == n else codes[end]
            h = _step(h, code)
            size += 1
            end += 1
            if size >= low:
                out[count] = h
                count += 1
            if not across and code == 0x20:
                break
    return count, words


_DATA = t.Array(t.uint8, 1, "C", readonly=True)
_OFFSETS = t.Array(t.int64, 1, "C", readonly=True)
_FOLD = t.Array(t.int32, 1, "C", readonly=True)
_SPEC = t.Array(t.int64, 1, "C", readonly=True)


@compiled(t.Tuple((t.uint64[::1], t.int64[::1], t.int64[::1]))(_DATA, _OFFSETS, _FOLD, _DATA, _SPEC))
def hash_rows(data, offsets, fold, word, spec):  # type: ignore[no-untyped-def]
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
        n = _rewrite(codes, _decode(data, offsets[i], offsets[i + 1], fold, codes), word)
        count, words = _features(codes, n, word, spec, found)
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
def build_table(keys, size):  # type: ignore[no-untyped-def]
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


@nb.njit(nogil=True, inline="always")
def _find(h, table, keys):  # type: ignore[no-untyped-def]
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
def score_rows(data, offsets, wanted, fold, word, spec, table, keys, weights, factors, bias):  # type: ignore[no-untyped-def]
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
        n = _rewrite(codes, _decode(data, offsets[i], offsets[i + 1], fold, codes), word)
        count, words = _features(codes, n, word, spec, found)
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


@compiled(
    t.Tuple((t.float32[:, ::1], t.boolean[:, ::1]))(
        t.Array(t.float32, 2, "C", readonly=True), t.Array(t.float32, 2, "C", readonly=True), _F32, _F32
    )
)  # fmt: skip
def answer_rows(scores, matrix, offset, threshold):  # type: ignore[no-untyped-def]
    """Probabilities (rows x labels, four decimals) and which labels are given: see weights.Head.

    The logistic function runs in float64, so that rounding hides the last bits in which machines differ.
    """
    rows, labels = len(scores), len(offset)
    probabilities = np.empty((rows, labels), np.float32)
    given = np.zeros((rows, labels), np.bool_)
    odds = np.empty(labels, np.float64)
    columns = matrix.shape[1]
    for l in range(labels):
        odds[l] = np.log(np.float64(threshold[l]) / (1.0 - np.float64(threshold[l])))
    for i in range(rows):
        closest = 0
        distance = -np.inf
        found = False
        for l in range(labels):
            z = np.float64(offset[l])
            for c in range(columns):
                z += np.float64(matrix[l, c]) * np.float64(scores[i, c])
            p = np.float32(np.floor(10000.0 / (1.0 + np.exp(-z)) + 0.5) / 10000.0)
            probabilities[i, l] = p
            if p >= threshold[l]:
                given[i, l] = True
                found = True
            if z - odds[l] > distance:
                distance = z - odds[l]
                closest = l
        if not found:
            given[i, closest] = True
    return probabilities, given
