"""One answer from several: orders of labels to ask in, and the vote of an ensemble of prompts or models.

Choice shuffling and ensembles: Nori et al., Can Generalist Foundation Models Outcompete Special-Purpose Tuning?
(Medprompt), arXiv:2311.16452. A model prefers places of a list whatever stands there; asked in several orders, the
preference is spread over the labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.label.labeler import FAILED, LABELED, REJECTED
from transforms.label.prompted.ballots import Ballots, label_column, score_column
from transforms.label.prompted.vote_numbers import number_vote
from transforms.label.prompted.vote_words import word_vote

AGREEMENT = "agreement"


def orders(n_labels: int, shuffles: int, seed: int) -> list[tuple[int, ...]]:
    """Orders of labels, as their positions: `shuffles` different ones (fewer, where there are no more), the first as
    they are.
    """
    rng = np.random.default_rng([seed, n_labels])
    found = {tuple(range(n_labels)): None}
    while len(found) < min(shuffles, factorial(n_labels)):
        found.setdefault(tuple(rng.permutation(n_labels).tolist()))
    return list(found)


def average(
    probabilities: Sequence[NDArray[np.float64]], asked: Sequence[Sequence[int]]
) -> NDArray[np.float64]:
    """The mean of probabilities (rows, labels), each with its columns in the order in which it was `asked`: back in
    the order of the labels.
    """
    total = np.zeros(probabilities[0].shape)
    for p, order in zip(probabilities, asked, strict=True):
        total[:, list(order)] += p
    return np.asarray(total / len(probabilities), np.float64)


def vote(
    members: Sequence[pl.DataFrame],
    task: LabelTask,
    taxonomy: Taxonomy,
    thresholds: Sequence[Mapping[str, float]] | None = None,
) -> pl.DataFrame:
    """One answer per row from those of the members (the labeler protocol), and `agreement` beside.

    Members without an answer to a row do not vote on it; where nobody votes, the row is failed (rejected, if all
    rejected it) for the first member's reason. `thresholds`: of each member, where it has them (default .5).

    - Labels: where all give scores, the mean of the probabilities, held against the mean of the thresholds; else the
      labels that more than half give, of an exclusive taxonomy the one that most give, with the shares of votes as
      scores. Ties go to the mean, then to the order of the taxonomy.
    - Levels: the mean, rounded half up. Numbers: the mean. Words: those that more than half give.
    - Fields: those of the first member with the labels that were voted; spans and reasons have no mean.

    `agreement`: the share of the voters who say what was voted (levels: all of them); null for numbers.
    """
    ballots = Ballots.of(members)
    if task.answer in ("scalars", "ordinals"):
        columns = number_vote(ballots, task, taxonomy)
    elif task.answer == "labels":
        columns = _label_vote(ballots, taxonomy, thresholds or [{} for _ in members])
    else:
        columns = word_vote(ballots)
    voted = pl.Series(ballots.labeled.any(axis=0))
    rejected = pl.Series(ballots.rejected.all(axis=0))
    status = pl.when(voted).then(pl.lit(LABELED)).when(rejected).then(pl.lit(REJECTED))
    reason = pl.coalesce(*(frame["reason"] for frame in members))
    found = pl.DataFrame(
        {
            "status": pl.select(status.otherwise(pl.lit(FAILED))).to_series(),
            "labels": columns["labels"],
            "scores": columns["scores"],
            "reason": pl.select(pl.when(~voted).then(reason)).to_series(),
        }
    )
    more = [name for name in ("answer", AGREEMENT) if name in columns]
    return found.with_columns(columns[name].alias(name) for name in more)


@dataclass(frozen=True)
class _Decided:
    given: NDArray[np.bool_]
    score: NDArray[np.float64]


def _label_vote(
    ballots: Ballots, taxonomy: Taxonomy, thresholds: Sequence[Mapping[str, float]]
) -> dict[str, pl.Series]:
    names = taxonomy.names
    given, p = ballots.given(names), ballots.probabilities(names)
    voters = ballots.labeled
    cuts = np.array([[each.get(name, 0.5) for name in names] for each in thresholds])
    decided = _decide(given, p, voters, cuts, exclusive=taxonomy.exclusive)
    equal = (given == decided.given).all(axis=2) & voters
    columns = {
        "labels": label_column(names, decided.given, ballots.voted),
        "scores": score_column(names, decided.score, ballots.voted),
        AGREEMENT: ballots.share(equal),
    }
    return columns | ballots.answers(equal)


def _decide(
    given: NDArray[np.bool_],
    p: NDArray[np.float64],
    voters: NDArray[np.bool_],
    cuts: NDArray[np.float64],
    *,
    exclusive: bool,
) -> _Decided:
    """given, p (members, rows, labels), voters (members, rows), cuts (members, labels)."""
    count = np.maximum(voters.sum(axis=0), 1)[:, None]
    votes = voters[:, :, None]
    share = (given & votes).sum(axis=0) / count
    scored = np.asarray((np.isfinite(p).all(axis=2) | ~voters).all(axis=0))[:, None]
    mean = np.where(votes, np.nan_to_num(p), 0.0).sum(axis=0) / count
    score = np.where(scored, mean, share)
    cut = np.where(votes, cuts[:, None, :], 0.0).sum(axis=0) / count
    if exclusive:
        # A tie of votes goes to the greater mean of the probabilities that are known, else to the first.
        best = (score + 1e-6 * mean).argmax(axis=1)
        return _Decided(np.arange(p.shape[2]) == best[:, None], score)
    majority = share > 0.5
    found = np.where(scored, score >= cut, majority)
    none = ~found.any(axis=1)
    found[none] = majority[none]
    # More than half give some label, but no label has more than half: the one that comes closest.
    some = (given.any(axis=2) & voters).sum(axis=0) * 2 > voters.sum(axis=0)
    lost = np.flatnonzero(~found.any(axis=1) & some)
    margin = score - np.where(scored, cut, 0.0) + 1e-6 * mean
    found[lost, margin[lost].argmax(axis=1)] = True
    return _Decided(np.asarray(found, np.bool_), score)
