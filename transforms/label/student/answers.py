"""From scores to answers: the columns of the labeler protocol, by the kind of the head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from transforms.label.labeler import LABELED, REJECTED, SCORES_TYPE
from transforms.label.student.columns import label_lists, positions, score_lists

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transforms.label.student.head import Head


@dataclass(frozen=True)
class Refusals:
    """Why some rows are rejected: `reason` is null for those that are accepted. Made once for all heads of a chunk."""

    reason: pl.Series
    accepted: NDArray[np.bool_]
    status: pl.Series

    @classmethod
    def of(cls, reason: pl.Series) -> Refusals:
        """Refusals with these reasons."""
        accepted = reason.is_null()
        told = pl.when(accepted).then(pl.lit(LABELED)).otherwise(pl.lit(REJECTED))
        return cls(reason, accepted.to_numpy(), pl.select(told).to_series())

    def also(self, refused: NDArray[np.bool_], reason: str) -> Refusals:
        """The same, and rows that are accepted so far but `refused`."""
        if not (refused & self.accepted).any():
            return self
        more = self.reason.is_null() & pl.Series(refused)
        return Refusals.of(
            pl.select(pl.when(more).then(pl.lit(reason)).otherwise(self.reason)).to_series()
        )

    def rows(self, places: NDArray[np.int64]) -> Refusals:
        """Those of some rows."""
        return Refusals(
            self.reason.gather(places), self.accepted[places], self.status.gather(places)
        )


def answer(
    head: Head, scores: NDArray[np.float32], places: NDArray[np.int32], refusals: Refusals
) -> pl.DataFrame:
    """Answer every row: rejected with its reason, or labeled.

    scores (rows, columns of the head's model), places (rows) of the rows' languages in the head.
    """
    valid = None if refusals.accepted.all() else refusals.accepted
    columns = _ANSWERS[head.kind](head, np.ascontiguousarray(scores), places, valid)
    return pl.DataFrame(
        {
            "status": refusals.status,
            "labels": columns.pop("labels"),
            "scores": columns.pop("scores"),
            "reason": refusals.reason,
            **columns,
        }
    )


def place_of(head: Head, languages: pl.Series | None, rows: int) -> NDArray[np.int32]:
    """The place in the head's tensors of each row's language (ISO 639 code, or null)."""
    if languages is None or not head.languages:
        return np.zeros(rows, np.int32)
    places = languages.replace_strict(
        list(head.languages),
        range(1, len(head.languages) + 1),
        default=0,
        return_dtype=pl.Int32,
    )
    return places.fill_null(0).to_numpy()


def _labels_answer(
    head: Head,
    scores: NDArray[np.float32],
    places: NDArray[np.int32],
    valid: NDArray[np.bool_] | None,
) -> dict[str, pl.Series]:
    from transforms.label.student.head_kernel import (
        EXCLUSIVE,
        MAY_BE_EMPTY,
        NEVER_EMPTY,
        answer_rows,
    )

    rule = EXCLUSIVE if head.kind == "exclusive" else MAY_BE_EMPTY if head.empty else NEVER_EMPTY
    wanted = np.ones(len(scores), np.bool_) if valid is None else valid
    probabilities, given, bounds = answer_rows(
        scores, places, *head.padded, head.threshold, rule, wanted
    )
    return {
        "labels": label_lists(head.labels, given, bounds, valid),
        "scores": score_lists(head.labels, probabilities, valid),
    }


def _scalars_answer(
    head: Head,
    scores: NDArray[np.float32],
    places: NDArray[np.int32],
    valid: NDArray[np.bool_] | None,
) -> dict[str, pl.Series]:
    from transforms.label.student.head_kernel import logit_rows

    values = logit_rows(scores, places, *head.padded)[:, : len(head.labels)]
    values = np.round(np.clip(values, head.low, head.high), 4).astype(np.float32)
    return {
        "labels": label_lists(
            head.labels, np.zeros(0, np.uint32), np.zeros(len(values) + 1, np.int64), valid
        ),
        "scores": pl.repeat(None, len(values), dtype=SCORES_TYPE, eager=True),
        "answer": _struct(head.labels, values, valid),
    }


def _ordinals_answer(
    head: Head,
    scores: NDArray[np.float32],
    places: NDArray[np.int32],
    valid: NDArray[np.bool_] | None,
) -> dict[str, pl.Series]:
    from transforms.label.student.head_kernel import MAY_BE_EMPTY, answer_rows

    half = np.full(head.threshold.shape, 0.5, np.float32)
    wanted = np.ones(len(scores), np.bool_)
    probabilities, _, _ = answer_rows(scores, places, *head.padded, half, MAY_BE_EMPTY, wanted)
    shape = (len(scores), len(head.labels), head.levels)
    # That a level is reached implies that the lower ones are.
    reached = np.minimum.accumulate(probabilities.reshape(shape), axis=2)
    expected = reached.sum(axis=2, dtype=np.float64)
    cuts = head.threshold.reshape(-1, len(head.labels), head.levels)[places]
    levels = (np.round(expected, 4)[:, :, None] >= cuts).sum(axis=2).astype(np.int8)
    return {
        "labels": label_lists(head.labels, *positions(levels > 0, valid), valid),
        "scores": score_lists(head.labels, np.ascontiguousarray(reached[:, :, 0]), valid),
        "answer": _struct(head.labels, levels, valid),
    }


def _struct(
    names: tuple[str, ...], values: NDArray[np.generic], valid: NDArray[np.bool_] | None
) -> pl.Series:
    """A struct with a field per name; null where not valid."""
    fields = pl.DataFrame(values, schema=list(names)).to_struct("answer")
    if valid is None:
        return fields
    return pl.select(pl.when(pl.Series(valid)).then(fields)).to_series()


_ANSWERS = {
    "labels": _labels_answer,
    "exclusive": _labels_answer,
    "scalars": _scalars_answer,
    "ordinals": _ordinals_answer,
}
