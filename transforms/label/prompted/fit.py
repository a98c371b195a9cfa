"""Makes what is shown of a row fit into the model: counts only where it might not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from transforms.label.prompted.row import Row, Turn
from transforms.label.prompted.sentences import Piece, windows

_MARGIN: Final = 16  # tokens that arise where parts of a prompt meet
_LEAST: Final = 8  # tokens of text below which it makes no sense to ask


@dataclass(frozen=True)
class Limits:
    """What fits: tokens that are left for what is shown of a row, and how tokens of a text are counted.

    A byte is at most one token for the tokenizers in use (byte-level BPE, SentencePiece with byte fallback), so most
    rows are known to fit without being counted.
    """

    room: int
    count: Callable[[str], int]

    def fits(self, text: str) -> bool:
        """Whether a text fits."""
        if (
            len(text) > self.room * 32
        ):  # no tokenizer has tokens of more than some characters on average
            return False
        return len(text.encode()) + _MARGIN <= self.room or self.count(text) + _MARGIN <= self.room


@dataclass(frozen=True, slots=True)
class Fitted:
    """A row as it can be shown, and the pieces of its text that are asked about one by one."""

    row: Row
    pieces: tuple[Piece, ...]


def fitted(
    row: Row,
    text: str,
    limits: Limits,
    show: Callable[[Row, str, Sequence[Turn]], str],
    *,
    cut: bool,
) -> Fitted | None:
    """What of a row is shown: all; else without its oldest turns; else without any, and without examples; else, where
    `cut`, its text in overlapping windows. None: it does not fit.

    `show(row, text, context)` is the block of a row with the `text` and the `context` given.
    """
    whole = ((0, len(text)),)
    if limits.fits(show(row, text, row.context)):
        return Fitted(row, whole)
    kept = _newest(row, text, limits, show)
    if kept is not None:
        return Fitted(kept, whole)
    bare = replace(row, context=(), demonstrations=())
    if limits.fits(show(bare, text, ())):
        return Fitted(bare, whole)
    if not cut:
        return None
    room = limits.room - _MARGIN - limits.count(show(bare, "", ()))
    if room < _LEAST:
        return None
    try:
        return Fitted(bare, tuple(windows(text, room, limits.count)))
    except ValueError:
        return None


def _newest(
    row: Row, text: str, limits: Limits, show: Callable[[Row, str, Sequence[Turn]], str]
) -> Row | None:
    """The row with as many of its newest turns as fit, by halving; None where it does not fit without them."""
    low, high = 0, len(row.context)  # `low` turns fit, if any number does
    if not high or not limits.fits(show(row, text, ())):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if limits.fits(show(row, text, row.context[-middle:])):
            low = middle
        else:
            high = middle
    return replace(row, context=row.context[len(row.context) - low :])
