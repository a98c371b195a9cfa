"""The answers of the members of an ensemble, as arrays; and columns of answers made of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.evaluate.metrics import indicator
from transforms.label.labeler import LABELED, REJECTED, SCORES_TYPE
from transforms.label.student.columns import label_lists, positions, score_lists

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Ballots:
    """Answers of the `members` to the same rows; `labeled`, `rejected` (members, rows)."""

    members: Sequence[pl.DataFrame]
    labeled: Bools
    rejected: Bools

    @classmethod
    def of(cls, members: Sequence[pl.DataFrame]) -> Ballots:
        """Of frames of the labeler protocol. ValueError: none, or of different length."""
        if not members or len({frame.height for frame in members}) > 1:
            raise ValueError("A vote needs members, and all their answers to the same rows.")
        statuses = [frame["status"] for frame in members]
        labeled, rejected = (
            np.array([(each == of).fill_null(value=False).to_numpy() for each in statuses])
            for of in (LABELED, REJECTED)
        )
        return cls(members, labeled, rejected)

    @property
    def voted(self) -> Bools:
        """Which rows somebody voted on (rows)."""
        return np.asarray(self.labeled.any(axis=0))

    def given(self, names: Sequence[str]) -> Bools:
        """Which labels each gave (members, rows, labels)."""
        found = [indicator(frame["labels"], list(names)) for frame in self.members]
        return np.array(found) & self.labeled[:, :, None]

    def probabilities(self, names: Sequence[str]) -> NDArray[np.float64]:
        """What each said of each label (members, rows, labels); NaN where nothing."""
        found = np.full((*self.labeled.shape, len(names)), np.nan)
        for frame, labeled, p in zip(self.members, self.labeled, found, strict=True):
            cells = (
                pl.DataFrame({"row": pl.int_range(frame.height, eager=True), "s": frame["scores"]})
                .filter(pl.Series(labeled))
                .explode("s")
                .drop_nulls("s")
            )
            if cells.height:
                cells = cells.unnest("s").filter(pl.col("label").is_in(list(names)))
                at = cells["label"].replace_strict(
                    list(names), range(len(names)), return_dtype=pl.Int64
                )
                p[cells["row"].to_numpy(), at.to_numpy()] = cells["probability"].to_numpy()
        return found

    def share(self, equal: Bools) -> pl.Series:
        """Share of the voters who are `equal` (members, rows); null where nobody voted."""
        voters = self.labeled.sum(axis=0)
        share = (equal & self.labeled).sum(axis=0) / np.maximum(voters, 1)
        found = pl.Series("agreement", share, dtype=pl.Float32)
        return pl.select(pl.when(pl.Series(voters > 0)).then(found)).to_series()

    def answers(self, equal: Bools) -> dict[str, pl.Series]:
        """The column `answer` of the first member that is `equal` (members, rows), else of the first that answered; {}
        where members have none.
        """
        if not all("answer" in frame.columns for frame in self.members):
            return {}
        rows = self.labeled.shape[1]
        likes = np.where(self.labeled, 1 + (equal & self.labeled), 0)
        place = likes.argmax(axis=0) * rows + np.arange(rows)
        taken = pl.concat([frame["answer"] for frame in self.members]).gather(place)
        return {"answer": pl.select(pl.when(pl.Series(self.voted)).then(taken)).to_series()}


def label_column(names: Sequence[str], given: Bools, voted: Bools) -> pl.Series:
    """list<string> of the labels `given` (rows, labels); null where not `voted` (rows)."""
    return label_lists(tuple(names), *positions(given, voted), voted)


def score_column(names: Sequence[str], p: NDArray[np.float64], voted: Bools) -> pl.Series:
    """The column `scores` of probabilities (rows, labels); null where not `voted` (rows)."""
    if not len(p):
        return pl.Series("scores", [], dtype=SCORES_TYPE)
    return score_lists(tuple(names), np.ascontiguousarray(p, np.float32), voted)
