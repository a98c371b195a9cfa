"""What becomes of a row that has, or has not, a duplicate."""

from typing import Final, Literal

import polars as pl

from schemas.datasets import DEDUP
from schemas.datasets.base import KEYS

EXACT: Final = "exact_duplicate"  # its text is that of an earlier post
NEAR: Final = "near_duplicate"  # its text is nearly that of another post
RETWEET: Final = "retweet"  # it says that it repeats another post, and that post is there

REASONS: Final = (EXACT, NEAR, RETWEET)


def outcomes(
    signatures: pl.DataFrame, answers: pl.DataFrame, replies: Literal["mark", "drop"]
) -> pl.DataFrame:
    """The rows of the dataset `dedup` for rows of `signatures`, in their order.

    `answers` (row, cluster, representative, similarity, same) has the rows that are not alone; `row` counts from 0
    in `signatures`. Turns of conversations, rows with human labels and, with `mark`, replies are never dropped.
    """
    joined = signatures.with_row_index("row").join(
        answers.with_columns(pl.col("row").cast(pl.UInt32)),
        on="row",
        how="left",
        maintain_order="left",
    )
    turn = pl.col("conversation_id").is_not_null() & pl.col("turn").is_not_null()
    alone = ~turn & ~pl.col("has_gold")
    if replies == "mark":
        alone &= ~pl.col("reply")
    representative = pl.col("representative").fill_null(value=True)
    reason = (
        pl.when(representative | ~alone)
        .then(None)
        .when("retweet")
        .then(pl.lit(RETWEET))
        .when("same")
        .then(pl.lit(EXACT))
        .otherwise(pl.lit(NEAR))
    )
    return (
        joined.with_columns(
            pl.coalesce("cluster", "record_id").alias("cluster"),
            representative.alias("representative"),
            reason.alias("reason"),
        )
        .with_columns(
            pl.when(pl.col("reason").is_null())
            .then(pl.lit("kept"))
            .otherwise(pl.lit("dropped"))
            .alias("outcome")
        )
        .select(DEDUP.schema.names)
    )


COLUMNS: Final = (*(field.name for field in KEYS), "retweet", "reply", "has_gold")
"""The columns of `signatures` that `outcomes` reads."""
