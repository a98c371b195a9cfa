"""How varied texts are, in figures.

Sources: distinct-n, Li, Galley, Brockett, Gao, Dolan. A Diversity-Promoting Objective Function for Neural Conversation
Models. NAACL 2016; tactic repetition, Zhan et al. 2026, arXiv:2604.11742 (models .50 to .56, people .27).
Self-similarity is here the mean cosine of two texts' word counts; opening repetition is our own definition.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from transforms.synthesize.grams import Words, words_of

_DIMENSIONS = 1 << 16
_OPENING = 3  # words


@dataclass(frozen=True)
class Diversity:
    """Of `rows` texts. None: there is nothing that it could be computed of.

    - `distinct_1`, `distinct_2`, `distinct_3`: different runs of so many words, a run.
    - `self_similarity`: mean cosine of the word counts of two different texts, 0 to 1.
    - `opening_repetition`: share of the texts that begin with the most common three words; of texts with so many.
    - `tactic_repetition`: share of turns that have the tactic of their speaker's turn before, of those with one.
    """

    rows: int
    distinct_1: float | None
    distinct_2: float | None
    distinct_3: float | None
    self_similarity: float | None
    opening_repetition: float | None
    tactic_repetition: float | None

    def told(self) -> dict[str, float | None]:
        """As plain values, rounded."""
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}


def diversity(texts: pl.Series, tactics: pl.DataFrame | None = None) -> Diversity:
    """The figures of `texts`; `tactics` (item, role, turn, tactic) are turns of conversations whose tactic is known."""
    words = words_of(texts)
    return Diversity(
        rows=len(texts),
        distinct_1=_distinct(words, 1),
        distinct_2=_distinct(words, 2),
        distinct_3=_distinct(words, 3),
        self_similarity=_self_similarity(words),
        opening_repetition=_opening(words),
        tactic_repetition=None if tactics is None else _tactics(tactics),
    )


def _distinct(words: Words, n: int) -> float | None:
    _, grams = words.grams(n)
    return len(np.unique(grams)) / len(grams) if len(grams) else None


def _self_similarity(words: Words) -> float | None:
    """The mean over pairs of unit vectors is (|their sum|² - n) / (n (n - 1)): no pair is looked at."""
    if not len(words.row):
        return None
    cells = pl.DataFrame({"row": words.row, "place": words.word % np.uint64(_DIMENSIONS)})
    counts = cells.group_by("row", "place").len().sort("row", "place")
    norms = counts.group_by("row").agg(
        (pl.col("len").cast(pl.Float64) ** 2).sum().sqrt().alias("norm")
    )
    n = norms.height
    if n < 2:
        return None
    sums = (
        counts.join(norms, on="row")
        .group_by("place")
        .agg((pl.col("len") / pl.col("norm")).sum().alias("sum"))
    )
    total = float((sums["sum"] ** 2).sum())
    return max(0.0, (total - n) / (n * (n - 1)))


def _opening(words: Words) -> float | None:
    row, gram = words.grams(_OPENING)
    _, first = np.unique(row, return_index=True)
    if not len(first):
        return None
    _, counts = np.unique(gram[first], return_counts=True)
    return float(counts.max() / len(first))


def _tactics(turns: pl.DataFrame) -> float | None:
    before = pl.col("tactic").shift(1).over("item", "role", order_by="turn")
    pairs = turns.select((pl.col("tactic") == before).alias("again")).drop_nulls()
    return None if pairs.is_empty() else float(pairs["again"].mean())  # type: ignore[arg-type]
