"""The answers of one labeler to the compared rows, in the columns of the labeler protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.evaluate.annotations import Bools
from transforms.evaluate.metrics import indicator
from transforms.evaluate.sums import Floats
from transforms.label.labeler import LABELED, Labeler

_BATCH = 10_000
_FOR_LABELERS = ("lang", "lang_confidence", "lang_source")


@dataclass(frozen=True)
class Answers:
    """One row an answer, in the order of the compared rows.

    `frame`: status, labels, scores, reason and, for numbers, `answer` (see Labeler.label). `thresholds` per
    label, of labelers that have them. `seen`: which rows the labeler was trained on, where it knows.
    """

    labeler: str
    version: str
    frame: pl.DataFrame
    thresholds: dict[str, float] = field(default_factory=dict)
    seen: Bools | None = None

    @property
    def labeled(self) -> Bools:
        """Which rows got an answer."""
        return (self.frame["status"] == LABELED).fill_null(value=False).to_numpy()

    @property
    def statuses(self) -> dict[str, int]:
        """Rows by status."""
        return tally(self.frame["status"])

    @property
    def reasons(self) -> dict[str, int]:
        """Rows without an answer, by reason."""
        return tally(self.frame["reason"].drop_nulls())

    def given(self, names: Sequence[str]) -> Bools:
        """Which labels were given (rows, labels); none where there is no answer."""
        return indicator(self.frame["labels"], list(names)) & self.labeled[:, None]

    def probabilities(self, names: Sequence[str]) -> Floats:
        """The probability of each label (rows, labels); NaN where there is none."""
        scores, names = self.frame["scores"], list(names)
        found = np.full((len(scores), len(names)), np.nan)
        if scores.dtype == pl.Null or scores.null_count() == len(scores):
            return found
        flat = (
            pl.DataFrame({"row": pl.int_range(len(scores), eager=True), "score": scores})
            .filter(pl.Series(self.labeled))
            .explode("score")
            .drop_nulls("score")
            .unnest("score")
            .filter(pl.col("label").is_in(names) & pl.col("probability").is_not_null())
        )
        column = flat["label"].replace_strict(names, range(len(names)), return_dtype=pl.Int64)
        found[flat["row"].to_numpy(), column.to_numpy()] = flat["probability"].to_numpy()
        return found

    def numbers(self, names: Sequence[str]) -> Floats:
        """The number of each dimension (rows, dimensions); NaN where there is none."""
        found = np.full((self.frame.height, len(names)), np.nan)
        if "answer" not in self.frame.columns or self.frame.schema["answer"] == pl.Null:
            return found
        told = self.frame["answer"].struct.unnest()
        for place, name in enumerate(names):
            if name in told.columns:
                found[:, place] = told[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        found[~self.labeled] = np.nan
        return found

    def take(self, rows: Bools) -> Answers:
        """Some of the rows."""
        seen = None if self.seen is None else self.seen[rows]
        return Answers(
            self.labeler, self.version, self.frame.filter(pl.Series(rows)), self.thresholds, seen
        )


def ask(
    labeler: Labeler,
    rows: pl.DataFrame,
    task: LabelTask,
    taxonomy: Taxonomy,
    progress: Callable[[int], None] = lambda _: None,
) -> Answers:
    """The labeler's answers to `rows`, batch by batch: columns text and, where known, lang and how it is known.

    `progress` gets the number of rows done.
    """
    known = [name for name in _FOR_LABELERS if name in rows.columns]
    batch = rows.select(pl.col("text").cast(pl.String).alias("text_clean"), *known)
    parts = []
    for first in range(0, max(1, len(batch)), _BATCH):
        parts.append(labeler.label(batch.slice(first, _BATCH), task, taxonomy))
        progress(min(first + _BATCH, len(batch)))
    found = getattr(labeler, "thresholds", None)
    thresholds = dict(found(taxonomy)) if callable(found) else {}
    known_texts = getattr(labeler, "seen", None)
    seen = known_texts(batch["text_clean"]) if callable(known_texts) else None
    return Answers(labeler.name, labeler.version, pl.concat(parts), thresholds, seen)


def tally(values: pl.Series) -> dict[str, int]:
    """How often each value occurs, in order of the values."""
    counts = values.rename("value").value_counts().sort("value")
    return dict(zip(counts["value"].to_list(), counts["count"].to_list(), strict=True))
