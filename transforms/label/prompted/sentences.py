"""Sentences and windows: where a text is cut when it is not asked about as a whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

Piece = tuple[int, int]
"""Start and end of a piece of a text, in code points, half open."""

_ENDS: Final = re.compile(r"[.!?\u2026]+[\"'\u201d\u2019)\]]*(?=\s)|[\u3002\uff01\uff1f]+|\n+")
# A period after these ends no sentence.
_ABBREVIATIONS: Final = re.compile(
    r"(?:\b(?:Dr|Mr|Mrs|Ms|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e|approx|No|Fig|cf)|\b[A-Z])\.$"
)
_OVERLAP: Final = 8  # a window shares an eighth of its length with the one before it
_ROUNDS: Final = 6


def sentences(text: str) -> list[Piece]:
    """The sentences of a text, without the blanks around them; a text without a letter or digit has none."""
    found: list[Piece] = []
    start = 0
    for end in [*_ends(text), len(text)]:
        piece = text[start:end]
        if any(char.isalnum() for char in piece):
            left = start + len(piece) - len(piece.lstrip())
            found.append((left, start + len(piece.rstrip())))
        elif found and piece.strip():
            found[-1] = (found[-1][0], start + len(piece.rstrip()))  # "Really?! :-)" is one
        start = end
    return found


def _ends(text: str) -> list[int]:
    return [
        match.end()
        for match in _ENDS.finditer(text)
        if match.group() != "."
        or not _ABBREVIATIONS.search(text, max(0, match.end() - 12), match.end())
    ]


def windows(text: str, limit: int, count: Callable[[str], int]) -> list[Piece]:
    """Overlapping windows that cover the text, each of at most `limit` tokens as `count` counts them.

    They are cut after sentences where one ends in the last quarter of a window, else at blanks, else anywhere. Raises
    ValueError when not even a few characters fit.
    """
    total = count(text)
    if total <= limit:
        return [(0, len(text))]
    size = max(1, len(text) * limit // max(total, 1) * 9 // 10)
    found: list[Piece] = []
    start = 0
    while True:
        end = _fitting(text, start, size, limit, count)
        if (
            found and end <= found[-1][1]
        ):  # a window of odd text that would only repeat the one before
            start = found[-1][1]
            end = _fitting(text, start, size, limit, count)
        found.append((start, end))
        if end == len(text):
            return found
        start = max(start + 1, _blank_before(text, end - (end - start) // _OVERLAP, start, end))


def _fitting(text: str, start: int, size: int, limit: int, count: Callable[[str], int]) -> int:
    for _ in range(_ROUNDS):
        end = _cut(text, start, min(len(text), start + size))
        tokens = count(text[start:end])
        if tokens <= limit:
            return end
        size = max(1, (end - start) * limit // tokens * 9 // 10)
    # Odd text (one token a character or more): a character has at most 4 bytes, a byte is at most one token.
    end = min(len(text), start + max(1, limit // 4))
    if count(text[start:end]) > limit:
        raise ValueError("nothing fits")
    return end


def _cut(text: str, start: int, end: int) -> int:
    if end == len(text):
        return end
    latest = [at for at in _ends(text[start:end]) if at > (end - start) * 3 // 4]
    return (
        start + latest[-1] if latest else _blank_before(text, end, start + (end - start) // 2, end)
    )


def _blank_before(text: str, at: int, least: int, otherwise: int) -> int:
    """The place after the last blank before `at`, not before `least`."""
    for place in range(at, least, -1):
        if text[place - 1].isspace():
            return place
    return at if at > least else otherwise
