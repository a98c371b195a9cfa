# ruff: noqa: ANN001, ANN201, ANN202 -- numba infers the types; l is a label
# mypy: disable-error-code="no-untyped-def,no-untyped-call"
"""The compiled half of normalize.py, and n-gram hashes of the result, for one row at a time.

Hashes are 64-bit, from fixed odd multipliers: equal on every machine. numba watches only the file
of the function that it caches: after editing this one, touch kernel.py.
"""

from __future__ import annotations

import numpy as np

from transforms.label.student.compiled import inlined

U = np.uint64
MULTIPLY = U(0x9E3779B97F4A7C15)
MIX = U(0xD6E8FEB86659FD93)
SHIFT = U(32)
WORD_SEED = U(0x243F6A8885A308D3)
PAIR_SEED = U(0x13198A2E03707344)
CHAR_SEED = U(0xA4093822299F31D0)
SKIP_SEED = U(0x082EFA98EC4E6C89)
TRIPLE_SEED = U(0x452821E638D01377)


@inlined
def _step(h, code):
    h = (h ^ U(code)) * MULTIPLY
    return h ^ (h >> SHIFT)


@inlined
def decode(data, at, end, fold, codes):
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
            code = (
                ((b & 0x07) << 18)
                | ((data[at + 1] & 0x3F) << 12)
                | ((data[at + 2] & 0x3F) << 6)
                | (data[at + 3] & 0x3F)
            )
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


@inlined
def _is_word(code, word):
    return word[code] != 0 if code < 0x10000 else (0x20000 <= code < 0x40000)


@inlined
def _starts_url(codes, at, n):
    if (
        at + 4 <= n
        and codes[at] == 119
        and codes[at + 1] == 119
        and codes[at + 2] == 119
        and codes[at + 3] == 46
    ):
        return True
    if (
        at + 7 > n
        or codes[at] != 104
        or codes[at + 1] != 116
        or codes[at + 2] != 116
        or codes[at + 3] != 112
    ):
        return False
    at += 5 if codes[at + 4] == 115 else 4
    return at + 3 <= n and codes[at] == 58 and codes[at + 1] == 47 and codes[at + 2] == 47


@inlined
def rewrite(codes, n, word):
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
        if (
            out >= 3
            and codes[out - 1] == code
            and codes[out - 2] == code
            and codes[out - 3] == code
        ):
            continue
        codes[out] = code
        out += 1
    return out


@inlined
def features(codes, n, word, spec, out):
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
