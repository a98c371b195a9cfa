"""The vote on words, and on answers that are fields: no probabilities, no list of labels that is known before."""

from __future__ import annotations

import numpy as np
import polars as pl

from transforms.label.labeler import SCORES_TYPE
from transforms.label.prompted.ballots import Ballots


def word_vote(ballots: Ballots) -> dict[str, pl.Series]:
    """labels, scores (shares of votes), answer and agreement: the words that more than half give, most votes first."""
    said = [frame["labels"].to_list() for frame in ballots.members]
    labels: list[list[str] | None] = []
    scores: list[list[dict[str, object]] | None] = []
    equal = np.zeros(ballots.labeled.shape, np.bool_)
    for row in range(ballots.labeled.shape[1]):
        voters = np.flatnonzero(ballots.labeled[:, row]).tolist()
        if not voters:
            labels.append(None)
            scores.append(None)
            continue
        told = {voter: list(dict.fromkeys(said[voter][row] or [])) for voter in voters}
        votes: dict[str, int] = {}
        for words in told.values():
            for word in words:
                votes[word] = votes.get(word, 0) + 1
        kept = sorted(
            votes, key=lambda word: -votes[word]
        )  # stable: then in the order of the members
        kept = [word for word in kept if 2 * votes[word] > len(voters)]
        labels.append(kept)
        scores.append([{"label": word, "probability": votes[word] / len(voters)} for word in kept])
        for voter, words in told.items():
            equal[voter, row] = set(words) == set(kept)
    columns = {
        "labels": pl.Series("labels", labels, dtype=pl.List(pl.String)),
        "scores": pl.Series("scores", scores, dtype=SCORES_TYPE),
        "agreement": ballots.share(equal),
    }
    return columns | ballots.answers(equal)
