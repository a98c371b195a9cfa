"""From scores to answers: the columns of the labeler protocol, by the kind of the head."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from transforms.label.labeler import ANSWER_SCHEMA, LABELED, REJECTED, SCORES_TYPE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transforms.label.student.head import Head


def answer(
    head: Head, scores: NDArray[np.float32], places: NDArray[np.int32], reason: pl.Series
) -> pl.DataFrame:
    """Answer every row: rejected with its reason, or labeled.

    scores (rows, columns of the head's model), places (rows) of the rows' languages in the head.
    """
    accepted = reason.is_null()
    everything = bool(accepted.all())
    if not everything:
        mask = accepted.to_numpy()
        scores, places = scores[mask], places[mask]
    answers = _ANSWERS[head.kind](head, np.ascontiguousarray(scores), places)
    if not everything:  # null for the rejected rows
        row = accepted.cum_sum().cast(pl.Int64) - 1
        answers = answers.select(
            pl.all().gather(pl.select(pl.when(accepted).then(row)).to_series())
        )
    status = pl.select(
        pl.when(accepted).then(pl.lit(LABELED)).otherwise(pl.lit(REJECTED))
    ).to_series()
    columns = [*ANSWER_SCHEMA.names(), *(["answer"] if "answer" in answers.columns else [])]
    return (
        answers.with_columns(status=status, reason=reason)
        .select(columns)
        .cast(
            ANSWER_SCHEMA | {name: answers.schema[name] for name in columns[len(ANSWER_SCHEMA) :]}
        )
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
    head: Head, scores: NDArray[np.float32], places: NDArray[np.int32]
) -> pl.DataFrame:
    from transforms.label.student.head_kernel import (
        EXCLUSIVE,
        MAY_BE_EMPTY,
        NEVER_EMPTY,
        answer_rows,
    )

    rule = EXCLUSIVE if head.kind == "exclusive" else MAY_BE_EMPTY if head.empty else NEVER_EMPTY
    probabilities, given = answer_rows(
        scores, places, head.matrix, head.knots, head.offset, head.threshold, rule
    )
    return pl.DataFrame(
        {"labels": _lists(head.labels, given), "scores": _scores(head.labels, probabilities)}
    )


def _scalars_answer(
    head: Head, scores: NDArray[np.float32], places: NDArray[np.int32]
) -> pl.DataFrame:
    from transforms.label.student.head_kernel import logit_rows

    values = logit_rows(scores, places, head.matrix, head.knots, head.offset)
    values = np.round(np.clip(values, head.low, head.high), 4).astype(np.float32)
    return pl.DataFrame(
        {
            "labels": _lists(head.labels, np.zeros(values.shape, np.bool_)),
            "scores": pl.Series([None] * len(values), dtype=SCORES_TYPE),
            "answer": pl.DataFrame(values, schema=list(head.labels)).to_struct(),
        }
    )


def _ordinals_answer(
    head: Head, scores: NDArray[np.float32], places: NDArray[np.int32]
) -> pl.DataFrame:
    from transforms.label.student.head_kernel import MAY_BE_EMPTY, answer_rows

    half = np.full(head.threshold.shape, 0.5, np.float32)
    probabilities, _ = answer_rows(
        scores, places, head.matrix, head.knots, head.offset, half, MAY_BE_EMPTY
    )
    shape = (len(scores), len(head.labels), head.levels)
    # That a level is reached implies that the lower ones are.
    reached = np.minimum.accumulate(probabilities.reshape(shape), axis=2)
    expected = reached.sum(axis=2, dtype=np.float64)
    cuts = head.threshold.reshape(-1, len(head.labels), head.levels)[places]
    levels = (np.round(expected, 4)[:, :, None] >= cuts).sum(axis=2).astype(np.int8)
    return pl.DataFrame(
        {
            "labels": _lists(head.labels, levels > 0),
            "scores": _scores(head.labels, np.ascontiguousarray(reached[:, :, 0])),
            "answer": pl.DataFrame(levels, schema=list(head.labels)).to_struct(),
        }
    )


_ANSWERS = {
    "labels": _labels_answer,
    "exclusive": _labels_answer,
    "scalars": _scalars_answer,
    "ordinals": _ordinals_answer,
}


def _scores(labels: tuple[str, ...], probabilities: NDArray[np.float32]) -> pl.Series:
    """list<struct<label, probability>> from flat arrays; the label column is a slice of a kept tile."""
    cells = probabilities.size
    if not cells:
        return pl.Series([], dtype=SCORES_TYPE)
    rows = 1 << (len(probabilities) - 1).bit_length()
    flat = pl.DataFrame(
        {"label": _tile(labels, rows).head(cells), "probability": probabilities.reshape(-1)}
    ).to_struct()
    return flat.reshape((-1, len(labels))).arr.to_list()


@lru_cache(maxsize=32)
def _tile(labels: tuple[str, ...], rows: int) -> pl.Series:
    positions = np.tile(np.arange(len(labels), dtype=np.uint32), rows)
    return pl.Series(labels, dtype=pl.String).gather(positions)


def _lists(labels: tuple[str, ...], given: NDArray[np.bool_]) -> pl.Series:
    """list<string> of the given labels of each row, from the flat positions of the true cells."""
    import pyarrow as pa

    names = (
        pl.Series(labels, dtype=pl.String)
        .gather(np.nonzero(given)[1])
        .to_arrow(compat_level=pl.CompatLevel.oldest())
    )
    bounds = np.zeros(len(given) + 1, np.int64)
    np.cumsum(given.sum(axis=1), out=bounds[1:])
    # From buffers, because pa.array would import pandas where it is installed: .3 s before the
    # first label.
    lists = pa.Array.from_buffers(
        pa.large_list(names.type), len(given), [None, pa.py_buffer(bounds)], children=[names]
    )
    series = pl.from_arrow(lists)
    assert isinstance(series, pl.Series)
    return series
