"""Texts that have not gone through the clean stage, without PII: before anybody else sees them."""

import polars as pl

from transforms.clean.edits import apply_edits
from transforms.clean.pii import redact


def redacted(texts: pl.Series) -> pl.Series:
    """The texts with placeholders for PII, as the clean stage writes them; nulls stay. A text that was redacted before
    stays as it is.
    """
    done = [
        None if text is None else apply_edits(text, redact(text)[0]) for text in texts.to_list()
    ]
    return pl.Series(texts.name, done, dtype=pl.String)
