"""Counts of clean text, in one pass over its code points with a table of character classes."""

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

# Placeholders of ours and masks of the corpora ([NAME], [RELIGION]): they are nobody's letters.
PLACEHOLDER = r"\[[A-Z][A-Z_]{1,30}\]"

# One emoji, however many code points: flags, keycaps, families, skin tones, the flags made of tags.
_PICTURE = r"[\p{Extended_Pictographic}&&\p{Emoji}--[©®™‼⁉↔↕↖↗↘↙↩↪Ⓜ〰〽㊗㊙ℹ]]"
_MODIFIED = rf"{_PICTURE}(?:\x{{fe0f}}|\p{{Emoji_Modifier}})?"
EMOJI = (
    r"\p{Regional_Indicator}\p{Regional_Indicator}|[0-9#*]\x{fe0f}?\x{20e3}"
    r"|\x{1f3f4}[\x{e0020}-\x{e007e}]+\x{e007f}"
    rf"|{_MODIFIED}(?:\x{{200d}}{_MODIFIED})*|[©®™‼⁉↔↕↖↗↘↙↩↪Ⓜ〰〽㊗㊙ℹ]\x{{fe0f}}"
)
_MAYBE_EMOJI = r"[\x{203c}-\x{3299}\x{1f000}-\x{1faff}\x{fe0f}\x{20e3}]"

_SPACE, _SYMBOL, _DIGIT, _MARK, _LETTER, _UPPER, _IDEOGRAPH, _JOINER = range(8)
_CHUNK = 1 << 20  # code points at a time: about 15 MB beside the text


@cache
def _classes() -> npt.NDArray[np.uint8]:
    """Tabulate the class of code points below U+30000; most above U+20000 are ideographs."""
    table = np.zeros(0x30000, dtype=np.uint8)
    for code in range(0x20000):
        table[code] = _class_of(chr(code))
    table[0x20000:] = _IDEOGRAPH
    return table


def _class_of(character: str) -> int:
    category = unicodedata.category(character)
    code = ord(character)
    if character in "'’-":
        return _JOINER
    if category == "Lu" or category == "Lt":
        return _UPPER
    if category[0] == "L":
        ideograph = 0x3040 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF
        return _IDEOGRAPH if ideograph else _LETTER
    if category[0] == "M":
        return _MARK
    if category[0] == "N":
        return _DIGIT
    return _SPACE if category[0] == "Z" or character.isspace() else _SYMBOL


def bare(text: pl.Expr) -> pl.Expr:
    """Text without placeholders: what language and letters are counted on."""
    return (
        pl.when(text.str.contains("[", literal=True))
        .then(text.str.replace_all(PLACEHOLDER, " "))
        .otherwise(text)
    )


def counts(text: pl.Series) -> pl.DataFrame:
    """Words, letters, upper-case letters, symbols and characters of each row; null counts as empty.

    A word is a run of letters, marks and digits, with apostrophes and hyphens inside it; every Han
    or kana character is one. A symbol is no letter, mark, digit or space. Slices bound memory.
    """
    text = text.fill_null("")
    lengths = text.str.len_chars().to_numpy().astype(np.int64)
    ends = np.cumsum(lengths + 1)  # rows are joined by a line break
    pieces = []
    first = 0
    while first < len(text):
        done = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + _CHUNK, side="right")))
        pieces.append(_count(text[first:last], lengths[first:last]))
        first = last
    names = ("n_words", "n_letters", "n_upper", "n_symbols")
    table = np.concatenate(pieces) if pieces else np.zeros((0, 4), dtype=np.int64)
    columns = {name: table[:, place] for place, name in enumerate(names)}
    return pl.DataFrame({**columns, "n_bare": lengths}, schema_overrides={"n_bare": pl.Int64})


def _count(text: pl.Series, lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    joined = text.str.join("\n").item() + "\n"
    codes = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32)
    kinds = _classes()[np.minimum(codes, 0x2FFFF)]
    if codes.max(initial=0) > 0x3FFFF:
        kinds[codes > 0x3FFFF] = _SYMBOL
    wordly = (kinds >= _DIGIT) & (kinds <= _UPPER)
    inside = wordly.copy()
    inside[1:-1] |= (kinds[1:-1] == _JOINER) & wordly[:-2] & wordly[2:]
    begins = inside.copy()
    begins[1:] &= ~inside[:-1]
    ideographs = kinds == _IDEOGRAPH
    upper = kinds == _UPPER
    starts = np.concatenate(([0], np.cumsum(lengths + 1)[:-1]))
    return np.stack(
        [
            np.add.reduceat(flags, starts, dtype=np.int64)
            for flags in (
                begins | ideographs,
                upper | ideographs | (kinds == _LETTER),
                upper,
                (kinds == _SYMBOL) | (kinds == _JOINER),
            )
        ],
        axis=1,
    )


def emoji(text: pl.Series) -> pl.Series:
    """How many emoji each row has; a sequence is one. Null counts as none."""
    found = pl.zeros(len(text), dtype=pl.Int32, eager=True)
    rows = text.str.contains(_MAYBE_EMOJI).fill_null(value=False).arg_true()
    if rows.len():
        found = found.scatter(rows, text.gather(rows).str.count_matches(EMOJI).cast(pl.Int32))
    return found
