"""Demonstrations: rows of gold that are shown with their labels, those that are most similar to the text.

Retrieved for each text, as in Liu et al., What Makes Good In-Context Examples for GPT-3?, arXiv:2101.06804, and
Medprompt, arXiv:2311.16452. Similarity is of words (similar.py), so that nothing has to be downloaded or served.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

import numpy as np
import polars as pl

from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.label.prompted.demonstration_gold import json_answers
from transforms.label.prompted.similar import Index, build_index, first_of_equal

SHOWN: Final = pl.List(pl.Struct({"text": pl.String, "answer": pl.String}))


class Retriever:
    """Finds the n most similar rows of gold (demonstration_gold.py) for each text.

    A row whose text is equal to the query but for case, blanks and the like, or nearly equal (cosine above .98), is
    never shown: it would tell the answer. Of equal texts in gold the first stands for all. A text with nothing in
    common with any row gets none.
    """

    def __init__(self, gold: pl.DataFrame, task: LabelTask, taxonomy: Taxonomy, n: int) -> None:
        first = pl.Series(first_of_equal(gold["text"]), dtype=pl.Boolean)
        rows = gold.filter(first)
        self.n = n
        self._shown = pl.DataFrame(
            {"text": rows["text"], "answer": json_answers(rows, task, taxonomy)}
        )

    @cached_property
    def _index(self) -> Index:
        return build_index(self._shown["text"])

    def find(self, texts: pl.Series) -> pl.Series:
        """list<struct<text, answer>> per text, the most similar last; the answer is JSON, as the model shall give it.

        The same text gets the same rows, whatever stands beside it in the batch.
        """
        if self._shown.is_empty() or texts.is_empty():
            return pl.Series("demonstrations", [[] for _ in texts], dtype=SHOWN)
        near = self._index.nearest(texts, self.n)
        query, place = np.nonzero(near >= 0)
        cells = (
            self._shown[near[query, place]]
            .select(pl.struct("text", "answer").alias("demonstrations"))
            .with_columns(pl.Series("row", query, dtype=pl.Int64))
            .group_by("row", maintain_order=True)
            .agg("demonstrations")
        )
        rows = pl.DataFrame({"row": pl.int_range(len(texts), eager=True)})
        joined = rows.join(cells, on="row", how="left", maintain_order="left")["demonstrations"]
        nothing = pl.Series([[]], dtype=SHOWN)
        return (
            pl.select(pl.coalesce(joined.cast(SHOWN), nothing)).to_series().alias("demonstrations")
        )
