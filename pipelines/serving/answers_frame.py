"""Answers and calls as columns."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from pipelines.serving.asking import Trace
from transforms.label.labeler import SCORES_TYPE
from transforms.label.prompted.answered import Answered

CALL_COLUMNS = pl.Schema(
    {
        "row": pl.Int64,
        "request_hash": pl.String,
        "source": pl.String,
        "attempts": pl.Int32,
        "prompt_tokens": pl.Int64,
        "cached_tokens": pl.Int64,
        "completion_tokens": pl.Int64,
        "latency_ms": pl.Float64,
        "replica": pl.String,
        "code_mass": pl.Float64,
    }
)


def answers_frame(
    statuses: Sequence[str],
    answers: Sequence[Answered | None],
    reasons: Sequence[str | None],
    kind: pa.StructType | None,
) -> pl.DataFrame:
    """The columns of the labeler protocol; and `answer`, of the type `kind`, if there is one."""
    scores = [
        None
        if each is None or each.scores is None
        else [{"label": name, "probability": p} for name, p in each.scores.items()]
        for each in answers
    ]
    columns = [
        pl.Series("status", statuses, pl.String),
        pl.Series("labels", [None if a is None else a.labels for a in answers], pl.List(pl.String)),
        pl.Series("scores", scores, SCORES_TYPE),
        pl.Series("reason", reasons, pl.String),
    ]
    if kind is not None:
        typed = pa.array([None if each is None else each.answer for each in answers], kind)
        columns.append(pl.Series("answer", pl.from_arrow(typed)))
    return pl.DataFrame(columns)


def calls_frame(traces: Sequence[tuple[int, Trace]]) -> pl.DataFrame:
    """A row for each question: the place of its row in the batch, and how it went."""
    columns = {
        name: [place for place, _ in traces]
        if name == "row"
        else [getattr(trace, name) for _, trace in traces]
        for name in CALL_COLUMNS.names()
    }
    return pl.DataFrame(columns, schema=CALL_COLUMNS)
