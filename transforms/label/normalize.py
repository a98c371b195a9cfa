"""The one normalizer: what the student sees of a text, in training, labeling and evaluation.

`normalize` below is the definition, in plain Python. The compiled kernel applies the same
tables and rules to Arrow buffers (`student/kernel.py`); a property test holds the two equal.

1. Each code point is folded: lower case (a fixed table up to U+052F, so that the answer does
   not depend on a Unicode version), curly quotes to straight ones, every white space to a
   blank; joiners, variation selectors, skin tones and control characters are dropped.
2. Runs of blanks become one; blanks at both ends go.
3. `http://…`, `https://…` and `www.…` become `[url]`, `@name` becomes `[user]`: as the clean
   stage writes them, so that raw and cleaned text look alike.
4. A placeholder (`[NAME]`, `[RELIGION]`, `[URL]`: up to 24 ASCII letters or underscores in
   brackets) becomes one private code point, a hash of its name.
5. A code point repeated more than three times is written three times ("soooo" -> "sooo").
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

BLANK: Final = 0x20
DROP: Final = 0
PRIVATE: Final = 0xF0000  # plane 15; placeholders live in [PRIVATE, PRIVATE + 0xFFFE)
PRIVATE_SIZE: Final = 0xFFFE
MAX_PLACEHOLDER: Final = 24
MAX_RUN: Final = 3

_BLANKS: Final = (
    *range(0x09, 0x0E),
    0x20,
    0x85,
    0xA0,
    0x1680,
    *range(0x2000, 0x200B),
    0x2028,
    0x2029,
    0x202F,
    0x205F,
    0x3000,
)
_DROPPED: Final = (
    *range(0x09), *range(0x0E, 0x20), *range(0x7F, 0xA0), 0xAD, *range(0x200B, 0x2010),
    *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10), 0xFEFF,
)  # fmt: skip
# Letters and digits of the scripts of the basic plane; the rest is punctuation and symbols.
_WORD_RANGES: Final = (
    (0x27, 0x27), (0x30, 0x39), (0x61, 0x7A), (0xAA, 0xAA), (0xB5, 0xB5), (0xBA, 0xBA),
    (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x1FFF),
    (0x2C00, 0x2DFF), (0x3005, 0x3007), (0x3040, 0xD7FF),
    (0xF900, 0xFDFF), (0xFE70, 0xFEFE), (0xFF10, 0xFF19),
    (0xFF21, 0xFF3A), (0xFF41, 0xFF5A), (0xFF66, 0xFFDC),
)  # fmt: skip


@cache
def fold_table() -> NDArray[np.int32]:
    """Folded code point per code point of the basic plane, or `DROP`; shape (65536,)."""
    table = np.arange(0x10000, dtype=np.int32)
    for code in range(0x530):
        lower = chr(code).lower()
        table[code] = ord(lower) if len(lower) == 1 else code
    table[[0x2018, 0x2019, 0x201B, 0x02BC, 0x60, 0xB4]] = 0x27
    table[[0x201C, 0x201D, 0x201E]] = 0x22
    table[list(_DROPPED)] = DROP
    table[list(_BLANKS)] = BLANK
    return table


@cache
def word_table() -> NDArray[np.uint8]:
    """1 where a folded code point of the basic plane belongs to words, else 0; shape (65536,)."""
    table = np.zeros(0x10000, dtype=np.uint8)
    for first, last in _WORD_RANGES:
        table[first : last + 1] = 1
    return table


def is_word(code: int) -> bool:
    """Whether a folded code point is a letter or digit (ideographs of the other planes
    included).
    """
    return bool(word_table()[code]) if code < 0x10000 else 0x20000 <= code < 0x40000


def placeholder(name: str) -> int:
    """Private code point of a placeholder, from its lower-case name without brackets."""
    value = 0
    for char in name:
        value = (value * 31 + ord(char)) % PRIVATE_SIZE
    return PRIVATE + value


def normalize(text: str) -> str:
    """Text as the student sees it: the reference for the kernel, not for hot paths."""
    codes = _squeeze(_fold(text))
    out: list[int] = []
    at = 0
    while at < len(codes):
        code, step = _replace(codes, at)
        at += step
        if len(out) < MAX_RUN or any(code != earlier for earlier in out[-MAX_RUN:]):
            out.append(code)
    return "".join(map(chr, out))


def _fold(text: str) -> list[int]:
    table = fold_table()
    codes = (int(table[ord(c)]) if ord(c) < 0x10000 else ord(c) for c in text)
    return [c for c in codes if c != DROP and not 0x1F3FB <= c <= 0x1F3FF and c < 0xE0000]


def _squeeze(codes: list[int]) -> list[int]:
    out: list[int] = []
    for code in codes:
        if code != BLANK or (out and out[-1] != BLANK):
            out.append(code)
    if out and out[-1] == BLANK:
        out.pop()
    return out


def _replace(codes: list[int], at: int) -> tuple[int, int]:
    """Find the code point to write for position `at`, and how many positions it stands for."""
    code = codes[at]
    starts_word = at == 0 or not is_word(codes[at - 1])
    if code == ord("["):
        end = at + 1
        while (
            end < len(codes)
            and end - at <= MAX_PLACEHOLDER
            and (0x61 <= codes[end] <= 0x7A or codes[end] == 0x5F)
        ):
            end += 1
        if end > at + 1 and end < len(codes) and codes[end] == ord("]"):
            return placeholder("".join(map(chr, codes[at + 1 : end]))), end + 1 - at
    elif starts_word and code in (ord("h"), ord("w")) and _starts_url(codes, at):
        end = at
        while end < len(codes) and codes[end] != BLANK:
            end += 1
        return placeholder("url"), end - at
    elif starts_word and code == ord("@"):
        end = at + 1
        while end < len(codes) and (is_word(codes[end]) or codes[end] == 0x5F):
            end += 1
        if end > at + 1:
            return placeholder("user"), end - at
    return code, 1


def _starts_url(codes: list[int], at: int) -> bool:
    return any(
        codes[at : at + len(start)] == [ord(c) for c in start]
        for start in ("http://", "https://", "www.")
    )
