"""Figures of a labeler in groups of rows; gaps between them are in group_gaps.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transforms.audit.answers import Answers
from transforms.audit.measured import Draw, Drawn, Measured
from transforms.evaluate.annotations import Bools
from transforms.evaluate.bootstrap import bootstrap
from transforms.evaluate.calibration import calibration_sums
from transforms.evaluate.figures import Undefined, finite
from transforms.evaluate.label_sums import label_sums
from transforms.evaluate.sums import Figures, Floats, Sums, divide

QUALITY: Final = ("macro_f1", "micro_f1", "recall", "false_positive_rate", "ece", "unanswered")
_BINS: Final = 10
_CELLS: Final = 4_000_000  # of membership matrices held at a time


def quality(gold: Bools, asked: Bools, answers: Answers, shared: Bools) -> Sums:
    """macro_f1 over the `shared` labels (labels), micro_f1, recall, false_positive_rate, ece and unanswered of rows.

    Recall and false-positive rate pool all labels: given cells among those that hold, and among asked ones that do
    not. Calibration error counts rows with probabilities.
    """
    given, own = answers.given & asked, gold & asked
    macro = label_sums(own[:, shared], given[:, shared], asked[:, shared])
    micro = label_sums(own, given, asked)
    counts = np.stack(
        [
            (own & given).sum(axis=1), own.sum(axis=1),
            (given & ~own).sum(axis=1), (asked & ~own).sum(axis=1),
            ~answers.answered, np.ones(len(own)),
        ],
        axis=1,
    ).astype(np.float64)  # fmt: skip
    bins = calibration_sums(answers.probability, gold, _BINS, asked=asked)
    parts = [macro, micro, bins]
    ends = np.cumsum([counts.shape[1], *(part.terms.shape[1] for part in parts)])[:-1]

    def figures(sums: Floats) -> Figures:
        count, *others = np.split(sums, ends, axis=1)
        overall = [part.figures(each) for part, each in zip(parts, others, strict=True)]
        return {
            "macro_f1": overall[0]["macro_f1"],
            "micro_f1": overall[1]["micro_f1"],
            "recall": divide(count[:, 0], count[:, 1]),
            "false_positive_rate": divide(count[:, 2], count[:, 3]),
            "ece": overall[2]["ece"],
            "unanswered": divide(count[:, 4], count[:, 5]),
        }

    return Sums(np.hstack([counts, *(part.terms for part in parts)]).astype(np.float64), figures)


def shares(answers: Answers, names: list[str]) -> Sums:
    """The share of the answered rows that each label is given to, and `unanswered` of all rows."""
    terms = np.hstack(
        [answers.given, answers.answered[:, None], np.ones((len(answers.given), 1))]
    ).astype(np.float64)

    def figures(sums: Floats) -> Figures:
        found = {name: divide(sums[:, at], sums[:, -2]) for at, name in enumerate(names)}
        return found | {"unanswered": 1 - divide(sums[:, -2], sums[:, -1])}

    return Sums(terms, figures)


def in_groups(
    statistic: Sums,
    code: NDArray[np.int64],
    names: list[str],
    draw: Draw,
    *,
    because: Callable[[str], str],
    units: NDArray[Any] | None = None,
) -> dict[str, dict[str, Measured]]:
    """Figures of each group: by group, then figure. `code` (rows): the place of a row's group among the names."""
    drawn = by_group(statistic, code, len(names))
    intervals = bootstrap(
        drawn, len(code), groups=units, resamples=draw.resamples, level=draw.level, seed=draw.seed
    )
    once = drawn.drawn(np.ones((1, len(code)), np.int64))
    result: dict[str, dict[str, Measured]] = {}
    for key, values in once.items():
        place, _, figure = key.partition(".")
        value = finite(float(values[0]), because(figure))
        interval = None if isinstance(value, Undefined) else intervals.get(key)
        result.setdefault(names[int(place)], {})[figure] = Measured(value, interval)
    return result


def by_group(statistic: Sums, code: NDArray[np.int64], number: int) -> Drawn:
    """Figures `2.recall` of the third group and so on, drawn together."""
    members = [np.flatnonzero(code == place) for place in range(number)]

    def figures(times: NDArray[np.int64]) -> Figures:
        found: Figures = {}
        for place, rows in enumerate(members):
            sums = times[:, rows].astype(np.float64) @ statistic.terms[rows]
            found |= {f"{place}.{n}": v for n, v in statistic.figures(sums).items()}
        return found

    return Drawn(len(code), figures)
