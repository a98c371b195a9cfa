"""The text by which posts are compared: what two copies of a post have in common."""

import unicodedata

import polars as pl

# "RT [USER]: text", also nested; the colon alone where mentions are removed; "[USER]: text" in quotes as a whole.
_RETWEET = r"^(?:rt ?(?:\[user\](?: ?:)?|:) ?)+"
_QUOTED = r"^[\"“] ?\[user\] ?: ?([^\"”]+)[\"”]$"


def comparable(text: pl.Series) -> pl.DataFrame:
    """Columns `text` (never null) and `retweet`, row by row.

    `text` is `text_clean` after NFKC, case folding and collapsing of white space; emoji stay. Of a retweet it is the
    text of its source, so that the two are equal. A retweet of nothing stays as it is.
    """
    folded = _collapsed(_folded(_collapsed(text.fill_null(""))))
    frame = pl.DataFrame({"text": folded})
    bare = pl.col("text").str.replace(_QUOTED, "$1").str.replace(_RETWEET, "").str.strip_chars()
    frame = frame.with_columns(bare.alias("bare"))
    retweet = (pl.col("bare") != pl.col("text")) & (pl.col("bare") != "")
    return frame.select(
        pl.when(retweet).then("bare").otherwise("text").alias("text"), retweet.alias("retweet")
    )


def _collapsed(text: pl.Series) -> pl.Series:
    return text.str.replace_all(r"\s+", " ").str.strip_chars()


def _folded(text: pl.Series) -> pl.Series:
    """NFKC and case folding. Rows hold no line break, and none can arise."""
    ascii_only = text.str.len_bytes() == text.str.len_chars()
    lowered = text.str.to_lowercase()
    rows = (~ascii_only).arg_true()
    if rows.is_empty():
        return lowered
    # One call for all rows: a line break separates them, and neither normalization nor folding crosses it.
    joined = unicodedata.normalize("NFKC", "\n".join(text.gather(rows).to_list()))
    done = unicodedata.normalize("NFKC", joined.casefold()).split("\n")
    return lowered.scatter(rows, pl.Series(done, dtype=pl.String))
