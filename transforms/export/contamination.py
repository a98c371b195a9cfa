"""Rows that repeat texts of an evaluation set: by runs of words, as a whole, or nearly.

Runs of 13 words are what Brown et al. 2020 (arXiv:2005.14165, appendix C) call an overlap.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.dedup.comparable import comparable
from transforms.dedup.layout import layout
from transforms.dedup.signatures import lsh_bands
from transforms.label.student.features import string_buffers
from transforms.synthesize.grams import words_of

NGRAM, EQUAL, NEAR = "ngram_overlap", "equal_text", "near_duplicate"


class Evaluation:
    """Texts that must not be trained on. Memory grows with them, not with what is looked at."""

    def __init__(self, texts: pl.Series, *, words: int, similarity: float) -> None:
        self._words, self._similarity = words, similarity
        self._layout = layout(similarity)
        self._texts = comparable(texts)["text"]
        row, gram = words_of(self._texts).grams(words)
        self._grams, first = np.unique(gram, return_index=True)
        self._gram_rows = row[first]
        self._bands = _banded(self._texts, self._layout)

    def found(self, texts: pl.Series) -> pl.DataFrame:
        """`row`, `why` and `evaluation_row` of each text that repeats one, by row; the first reason counts."""
        made = comparable(texts)["text"].rename("text")
        near = self._near(made)
        equal = (
            pl.DataFrame({"text": made})
            .with_row_index("row")
            .filter(pl.col("text") != "")
            .join(
                pl.DataFrame({"text": self._texts})
                .with_row_index("evaluation_row")
                .unique("text", keep="first"),
                on="text",
            )
            .select("row", pl.lit(EQUAL).alias("why"), "evaluation_row")
        )
        row, gram = words_of(made).grams(self._words)
        hit = np.isin(gram, self._grams)
        places = np.searchsorted(self._grams, gram[hit])
        runs = pl.DataFrame(
            {
                "row": row[hit].astype(np.uint32),
                "why": [NGRAM] * int(hit.sum()),
                "evaluation_row": self._gram_rows[places].astype(np.uint32),
            },
            schema={"row": pl.UInt32, "why": pl.String, "evaluation_row": pl.UInt32},
        )
        return (
            pl.concat([equal, runs, near])
            .unique("row", keep="first", maintain_order=True)
            .sort("row")
        )

    def _near(self, made: pl.Series) -> pl.DataFrame:
        from transforms.dedup.kernel import jaccard  # compiled code: only who compares loads it

        pairs = (
            _banded(made, self._layout)
            .join(self._bands, on=["band", "value"], suffix="_evaluation")
            .select("row", pl.col("row_evaluation").alias("evaluation_row"))
            .unique()
            .sort("row", "evaluation_row")
        )
        data, bounds = string_buffers(pl.concat([made, self._texts.rename("text")]))
        ours = pairs["row"].to_numpy().astype(np.int64)
        theirs = pairs["evaluation_row"].to_numpy().astype(np.int64) + len(made)
        alike = jaccard(data, *_spots(bounds, ours), *_spots(bounds, theirs))
        return pairs.filter(pl.Series(alike) >= self._similarity).select(
            "row", pl.lit(NEAR).alias("why"), "evaluation_row"
        )


def _spots(
    bounds: NDArray[np.int64], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.ascontiguousarray(bounds[rows]), np.ascontiguousarray(bounds[rows + 1])


def _banded(texts: pl.Series, bands_of: object) -> pl.DataFrame:
    bands = lsh_bands(texts, bands_of)["bands"]  # type: ignore[arg-type]
    frame = pl.DataFrame({"value": bands}).with_row_index("row")
    frame = frame.filter(pl.col("value").list.len() > 0)
    places = pl.int_ranges(pl.col("value").list.len()).alias("band")
    return frame.with_columns(places).explode("value", "band")
