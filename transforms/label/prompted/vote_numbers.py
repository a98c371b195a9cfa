"""The vote on levels and numbers: their mean."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
from numpy.typing import NDArray

from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.label.labeler import SCORES_TYPE
from transforms.label.prompted.ballots import Ballots, label_column, score_column

Floats = NDArray[np.float64]


def number_vote(ballots: Ballots, task: LabelTask, taxonomy: Taxonomy) -> dict[str, pl.Series]:
    """labels, scores, answer and agreement of a task that is answered by numbers."""
    names = list(taxonomy.names)
    values = _fields(ballots, names, None)
    mean = _mean(values)
    there = pl.Series(ballots.voted)
    if task.answer == "scalars":
        answer: dict[str, pl.Series] = dict(_columns(names, mean, pl.Float32))
        if _has_spread(ballots):
            answer["spread"] = _struct(_columns(names, _spread(ballots, names, values), pl.Float32))
        nothing = np.zeros(mean.shape, np.bool_)
        return {
            "labels": label_column(names, nothing, ballots.voted),
            "scores": pl.repeat(None, len(mean), dtype=SCORES_TYPE, eager=True),
            "answer": _where(there, _struct(answer)),
            "agreement": pl.repeat(None, len(mean), dtype=pl.Float32, eager=True),
        }
    level = np.floor(mean + 0.5)
    low = int(taxonomy.range[0]) if taxonomy.range else 0
    p = ballots.probabilities(names)
    above = np.where(np.isfinite(values), values > low, np.nan)
    scored = np.asarray((np.isfinite(p).all(axis=2) | ~ballots.labeled).all(axis=0))[:, None]
    score = np.where(scored, _mean(p), _mean(above))
    return {
        "labels": label_column(names, level > low, ballots.voted),
        "scores": score_column(names, score, ballots.voted),
        "answer": _where(there, _struct(_columns(names, level, pl.Int8))),
        "agreement": ballots.share((values == level).all(axis=2)),
    }


def _fields(ballots: Ballots, names: list[str], inside: str | None) -> Floats:
    """Numbers in the column `answer`, or in a struct `inside` it (members, rows, names); NaN where there are none."""
    found = np.full((*ballots.labeled.shape, len(names)), np.nan)
    for member, frame in enumerate(ballots.members):
        told = frame["answer"].struct.unnest()
        if inside is not None:
            told = told[inside].struct.unnest() if inside in told.columns else pl.DataFrame()
        for place, name in enumerate(names):
            if name in told.columns:
                found[member, :, place] = told[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
    found[~ballots.labeled] = np.nan
    return found


def _has_spread(ballots: Ballots) -> bool:
    return any(
        isinstance(kind := frame.schema["answer"], pl.Struct)
        and any(field.name == "spread" for field in kind.fields)
        for frame in ballots.members
    )


def _spread(ballots: Ballots, names: list[str], values: Floats) -> Floats:
    """The mean of the members' own spreads where they know them, else the standard deviation between members."""
    own = _mean(_fields(ballots, names, "spread"))
    voters = np.isfinite(values).sum(axis=0)
    squares = np.nansum((values - _mean(values)) ** 2, axis=0)
    between = np.where(voters > 1, np.sqrt(squares / np.maximum(voters - 1, 1)), np.nan)
    return np.where(np.isfinite(own), own, between)


def _mean(values: Floats) -> Floats:
    """The mean over members (rows, names) of what is known; NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a mean of nothing is NaN: that is meant
        return np.asarray(np.nanmean(values, axis=0), np.float64)


def _columns(names: list[str], values: Floats, kind: type[pl.DataType]) -> dict[str, pl.Series]:
    return {
        name: pl.Series(name, column).fill_nan(None).cast(kind)
        for name, column in zip(names, values.T, strict=True)
    }


def _struct(columns: dict[str, pl.Series]) -> pl.Series:
    return pl.DataFrame(columns).to_struct("answer")


def _where(there: pl.Series, values: pl.Series) -> pl.Series:
    return pl.select(pl.when(there).then(values)).to_series()
