"""Texts that have not gone through the clean stage, without PII: before anybody else sees them."""

import polars as pl

from transforms.clean.edits import apply_edits
from transforms.clean.pii import redact

_ROUNDS = (
    8  # a placeholder may bring to light what stood beside it; after two or three nothing is left
)


def redacted(texts: pl.Series) -> pl.Series:
    """The texts with placeholders for PII, as the clean stage writes them; nulls stay. A text that was redacted before
    stays as it is.
    """
    done = [None if text is None else _redacted(text) for text in texts.to_list()]
    return pl.Series(texts.name, done, dtype=pl.String)


def _redacted(text: str) -> str:
    for _ in range(_ROUNDS):
        edits, found = redact(text)
        if not found:
            break
        text = apply_edits(text, edits)
    return text
