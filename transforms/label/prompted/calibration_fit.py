"""Fits a calibration on gold: which kind, its curves, its thresholds, and what it is worth on rows it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from schemas.errors import SourceError
from transforms.evaluate.calibration import reliability, reliability_per_label
from transforms.evaluate.figures import Figure, Undefined
from transforms.evaluate.metrics import count, scores_of
from transforms.label.prompted.calibration import decide
from transforms.label.prompted.calibration_curves import Bools, Curves, fit_curves
from transforms.label.prompted.calibration_file import Fit, Kind
from transforms.label.prompted.calibration_maps import EPSILON, Floats
from transforms.label.student.calibration import best_threshold
from transforms.label.student.decide import best_weights

MIN_GOLD: Final = 10  # rows in which a label holds, and in which it does not
_FOLDS: Final = 5
_KINDS: Final[tuple[Kind, ...]] = ("temperature", "isotonic")


@dataclass(frozen=True)
class Judged:
    """Probabilities, gold (`holds`, `asked`) and the labels `given` so far, all (rows, labels); every row answered.

    `thresholds` (labels) of the labeler as it is; `groups` (rows): rows with equal values stay in one fold.
    """

    names: Sequence[str]
    exclusive: bool
    probability: Floats
    holds: Bools
    asked: Bools
    given: Bools
    thresholds: Floats
    groups: NDArray[Any] | None = None

    @property
    def few(self) -> Bools:
        """Labels with too little gold for a curve of their own."""
        there = (self.holds & self.asked).sum(axis=0)
        absent = (~self.holds & self.asked).sum(axis=0)
        return np.asarray((there < MIN_GOLD) | (absent < MIN_GOLD))


@dataclass(frozen=True)
class Fitted:
    """A calibration without its address: curves, thresholds (labels), and how well it fits.

    `per_label`: gold, ECE before and after; `kept`: labels that are as they were. `unseen` and `given` (rows, labels):
    probabilities and labels of each row by a fit that has not seen it.
    """

    kind: Kind
    curves: Curves
    thresholds: dict[str, float]
    empty: bool
    kept: tuple[str, ...]
    fit: Fit
    per_label: dict[str, tuple[int, Figure, Figure]]
    unseen: Floats
    given: Bools


def fit_calibration(
    gold: Judged, kind: Kind | Literal["auto"] = "auto", *, folds: int = _FOLDS, seed: int = 0
) -> Fitted:
    """Fit on all rows; `auto`: the kind with the least log loss on rows that its folds have not seen.

    Raises SourceError when there is too little gold for anything.
    """
    fold = _folds(gold, folds, seed)
    kinds = _KINDS if kind == "auto" else (kind,)
    few = gold.few
    if few.all():
        raise SourceError(
            f"Too little gold to calibrate: no label holds in {MIN_GOLD} rows and fails to hold in {MIN_GOLD}.",
            remedy="Annotate more rows (affectmine annotate sample), or calibrate on a larger split.",
        )
    tried = {each: _unseen(each, gold, few, fold) for each in kinds}
    best = min(kinds, key=lambda each: log_loss(tried[each], gold))
    after, empty = tried[best], _may_be_empty(gold)
    given = np.zeros(gold.holds.shape, np.bool_)
    for number in range(int(fold.max()) + 1):
        rows, held = fold != number, fold == number
        cut = _thresholds(after[rows], gold, rows, few)
        given[held] = decide(after[held], cut, exclusive=gold.exclusive, empty=empty)
    names = list(gold.names)
    thresholds = _thresholds(after, gold, np.ones(len(fold), np.bool_), few)
    before_each, after_each = (
        reliability_per_label(p, gold.holds, names, asked=gold.asked)
        for p in (gold.probability, after)
    )
    shared = best == "temperature" and gold.exclusive
    return Fitted(
        kind=best,
        curves=fit_curves(
            best, gold.probability, gold.holds, gold.asked, few, exclusive=gold.exclusive
        ),
        thresholds=dict(zip(names, thresholds.tolist(), strict=True)),
        empty=empty,
        kept=() if shared else tuple(np.array(names)[few].tolist()),
        fit=Fit(
            ece_before=_ece(gold.probability, gold),
            ece_after=_ece(after, gold),
            log_loss_before=log_loss(gold.probability, gold),
            log_loss_after=log_loss(after, gold),
            macro_f1_before=_macro_f1(gold.given, gold),
            macro_f1_after=_macro_f1(given, gold),
        ),
        per_label={
            name: (int((gold.holds & gold.asked)[:, at].sum()), before_each[name].ece, after_each[name].ece)
            for at, name in enumerate(names)
        },
        unseen=after,
        given=given,
    )  # fmt: skip


def log_loss(p: Floats, gold: Judged) -> float:
    """Mean of -log of the probability of what is true: of cells; of rows, in an exclusive taxonomy."""
    inside = np.clip(p, EPSILON, 1 - EPSILON)
    if gold.exclusive:
        return float(-np.log(inside[gold.holds & gold.asked]).mean())
    truth = np.where(gold.holds, inside, 1 - inside)
    return float(-np.log(truth[gold.asked]).mean())


def own_thresholds(names: Sequence[str], known: Mapping[str, float]) -> Floats:
    """The thresholds (labels) of a labeler that tells them, else .5."""
    cuts = np.array([known.get(name, 0.5) for name in names], np.float64)
    return np.asarray(np.clip(cuts, 0.0001, 0.9999), np.float64)


def _folds(gold: Judged, folds: int, seed: int) -> NDArray[np.int64]:
    rows = len(gold.probability)
    groups = np.arange(rows) if gold.groups is None else gold.groups
    codes = np.unique(groups, return_inverse=True)[1].reshape(-1)
    units = int(codes.max(initial=-1)) + 1
    if units < max(2, folds):
        raise SourceError(
            f"Too little gold to calibrate: {rows:,} rows with an answer and gold, in {units:,} groups.",
            remedy=f"Give at least {max(2, folds)} groups (conversations), better some hundred rows.",
        )
    return np.asarray((np.random.default_rng(seed).permutation(units) % folds)[codes], np.int64)


def _unseen(kind: Kind, gold: Judged, few: Bools, fold: NDArray[np.int64]) -> Floats:
    """Calibrated probabilities (rows, labels), each row by curves from the other folds."""
    found = np.empty(gold.probability.shape)
    for number in range(int(fold.max()) + 1):
        rows, held = fold != number, fold == number
        curves = fit_curves(
            kind, gold.probability[rows], gold.holds[rows], gold.asked[rows], few,
            exclusive=gold.exclusive,
        )  # fmt: skip
        found[held] = curves.apply(gold.probability[held])
    return found


def _thresholds(p: Floats, gold: Judged, rows: Bools, few: Bools) -> Floats:
    """Thresholds (labels) with the best F1 on `p`, which is of these rows. With few gold: the labeler's own."""
    holds, asked = gold.holds[rows], gold.asked[rows]
    if gold.exclusive:
        one = (holds & asked).sum(axis=1) == 1
        weight = np.where(few, 1.0, best_weights(p[one], holds[one]))
        cut = 1 / weight
        return np.asarray(np.round(0.5 * cut / cut.max(), 4), np.float64)
    return np.array(
        [
            gold.thresholds[label]
            if few[label]
            else best_threshold(p[asked[:, label], label], holds[asked[:, label], label])
            for label in range(p.shape[1])
        ]
    )


def _may_be_empty(gold: Judged) -> bool:
    """Whether some row that was asked for all labels has none."""
    whole = gold.asked.all(axis=1)
    return not gold.exclusive and bool((~gold.holds[whole].any(axis=1)).any())


def _ece(p: Floats, gold: Judged) -> float | None:
    return _number(reliability(np.clip(p, 0, 1), gold.holds, asked=gold.asked).ece)


def _macro_f1(given: Bools, gold: Judged) -> float | None:
    counts = count(gold.holds, given, gold.asked)
    scores = scores_of(counts, list(gold.names), exclusive=gold.exclusive)
    return _number(scores.figures["macro_f1"])


def _number(figure: Figure) -> float | None:
    return None if isinstance(figure, Undefined) else float(figure)
