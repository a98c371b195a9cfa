"""Hints: what a small model answered, in a few words for a large one.

Yang et al., Enhancing Empathetic Response Generation by Augmenting LLMs with Small-scale Empathetic Models (HEF),
arXiv:2402.11801: small models tell fine emotions apart better than large ones, which read the rest better.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from schemas.taxonomy import Taxonomy
from transforms.label.labeler import LABELED

_MOST: Final = 3
_LEAST: Final = 0.1  # a label below that is not worth a word


def hints(answers: pl.DataFrame, taxonomy: Taxonomy) -> pl.Series:
    """A hint per row of answers (the labeler protocol), such as `joy .71, surprise .22`; null where there is nothing
    to say.

    The most probable labels, at most three, none below .10; without probabilities the labels alone; of numbers and
    levels each with its name.
    """
    there = (pl.col("status") == LABELED).fill_null(value=False)
    if "answer" in answers.columns and isinstance(answers.schema["answer"], pl.Struct):
        told = _of_numbers(answers, taxonomy)
    else:
        told = _of_labels(answers)
    kept = pl.when(there & (pl.col("hint").str.len_chars() > 0)).then(pl.col("hint"))
    return answers.with_columns(told.alias("hint")).select(kept.alias("hint"))["hint"]


def _of_labels(answers: pl.DataFrame) -> pl.Series:
    names = answers.select(pl.col("labels").list.head(_MOST).list.join(", ")).to_series()
    scores = answers["scores"]
    if not isinstance(scores.dtype, pl.List) or scores.null_count() == len(scores):
        return names
    p = pl.col("probability")
    cells = (
        pl.DataFrame({"row": pl.int_range(len(scores), eager=True), "score": scores})
        .explode("score")
        .drop_nulls("score")
        .unnest("score")
        .with_columns(pl.int_range(pl.len()).over("row").alias("place"))
        .sort("row", p, "place", descending=[False, True, False])
        .group_by("row", maintain_order=True)
        .head(_MOST)
        .filter(p >= _LEAST)
        .with_columns((pl.col("label") + " " + _number(p)).alias("told"))
        .group_by("row", maintain_order=True)
        .agg(pl.col("told").str.join(", "))
    )
    rows = pl.DataFrame({"row": pl.int_range(len(scores), eager=True)})
    told = rows.join(cells, on="row", how="left", maintain_order="left")["told"]
    # A row with scores, all of them small, gets no hint: its label would be a guess.
    return pl.select(pl.when(scores.is_null()).then(names).otherwise(told)).to_series()


def _of_numbers(answers: pl.DataFrame, taxonomy: Taxonomy) -> pl.Series:
    known = answers["answer"].struct.unnest()
    parts = [
        pl.lit(f"{name} ") + _number(pl.col(name))
        if known.schema[name].is_float()
        else pl.lit(f"{name} ") + pl.col(name).cast(pl.String)
        for name in taxonomy.names
        if name in known.columns
    ]
    if not parts:
        return _of_labels(answers)
    return known.select(pl.concat_str(parts, separator=", ", ignore_nulls=True)).to_series()


def _number(value: pl.Expr) -> pl.Expr:
    """Two decimals, without the zero before the point: `.71`, `1.00`, `-.20`."""
    hundredths = (value.cast(pl.Float64).abs() * 100 + 0.5).floor().cast(pl.Int64)
    whole = hundredths // 100
    sign = pl.when((value < 0) & (hundredths > 0)).then(pl.lit("-")).otherwise(pl.lit(""))
    before = pl.when(whole > 0).then(whole.cast(pl.String)).otherwise(pl.lit(""))
    after = (hundredths % 100).cast(pl.String).str.zfill(2)
    return sign + before + "." + after
