"""Which rows of a file of gold are compared, and how many are left out for which reason."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from jobs.evaluation.gold_file import GoldRows
from jobs.evaluation.truth import Truth
from transforms.evaluate.annotations import Bools


def choose(truth: Truth, rows: GoldRows, splits: Sequence[str]) -> tuple[Bools, dict[str, int]]:
    """The rows with gold, of the `splits` where given; and the others, by why they are left out."""
    chosen = truth.annotated
    undecided = truth.undecided & ~chosen
    left_out = {
        "unreadable": rows.unreadable,
        "unannotated": int((~chosen & ~undecided).sum()),
        "undecided_left_out": int(undecided.sum()),
    }
    if not splits:
        return chosen, left_out
    inside = rows.frame["split"].is_in(list(splits)).fill_null(value=False).to_numpy()
    left_out["other_splits"] = int((chosen & ~inside).sum())
    return chosen & inside, left_out


def judged_rows(truth: Truth, rows: GoldRows, splits: Sequence[str]) -> Bools:
    """The rows whose annotators count for agreement: also those that are left out because they do not agree."""
    told: Bools = truth.annotated | truth.undecided
    if not splits:
        return told
    inside: Bools = rows.frame["split"].is_in(list(splits)).fill_null(value=False).to_numpy()
    return np.logical_and(told, inside)


def other_splits(rows: GoldRows, annotated: Bools) -> str:
    """That rows have gold, but of no split that was asked for."""
    splits = rows.frame.filter(pl.Series(annotated))["split"].fill_null("(none)")
    return f"No row with gold is of the splits asked for; there are: {', '.join(splits.unique().sort())}."
