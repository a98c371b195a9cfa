"""What a generated text may not be, whatever was asked: too short, a copy of its source, with data of a person."""

from __future__ import annotations

import polars as pl

from transforms.clean.redacted import redacted
from transforms.synthesize.copies import copied
from transforms.synthesize.grams import words_of

TOO_SHORT, COPY, PERSONAL = "too_short", "copy_of_source", "personal_data"


def screened(texts: pl.Series, sources: pl.Series, *, words: int, share: float) -> pl.Series:
    """The reason against each text, or null; `sources` are what each was made from, or null.

    Personal data is what the clean stage would redact, but for what was redacted in the source already: placeholders
    such as [USER] are none.
    """
    counts = words_of(texts).row
    has = pl.Series(range(len(texts))).is_in(pl.Series(counts, dtype=pl.Int64).unique().implode())
    found = copied(texts, sources, words=words, share=share)
    personal = redacted(texts) != texts
    frame = pl.DataFrame({"short": ~has, "copy": found, "personal": personal})
    reason = (
        pl.when("short")
        .then(pl.lit(TOO_SHORT))
        .when("copy")
        .then(pl.lit(COPY))
        .when("personal")
        .then(pl.lit(PERSONAL))
    )
    return frame.select(reason.alias("reason"))["reason"]
