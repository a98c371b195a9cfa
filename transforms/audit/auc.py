"""Area under the ROC curve as a statistic to resample.

The chance that a row of the class scores higher than one of another class, ties counting half (Hanley and McNeil 1982);
of several classes the mean of each against the rest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transforms.audit.measured import Drawn
from transforms.evaluate.annotations import Bools
from transforms.evaluate.label_sums import label_sums
from transforms.evaluate.sums import Figures, Floats, divide, nan_mean


def auc(score: Floats, truth: Bools) -> Drawn:
    """`auc` of scores (rows) for a class that holds or not (rows)."""
    order = np.argsort(score, kind="stable")
    ranked = score[order]
    starts = np.flatnonzero(np.diff(ranked, prepend=np.nan) != 0) if len(ranked) else order
    true = truth[order]

    def figures(times: NDArray[np.int64]) -> Figures:
        drawn = times[:, order].astype(np.float64)
        positive = np.add.reduceat(drawn * true, starts, axis=1)
        negative = np.add.reduceat(drawn * ~true, starts, axis=1)
        below = np.cumsum(negative, axis=1) - negative / 2
        top = (positive * below).sum(axis=1)
        return {"auc": divide(top, positive.sum(axis=1) * negative.sum(axis=1))}

    return Drawn(len(score), figures)


def class_figures(scores: Floats, decided: NDArray[np.int64], classes: NDArray[np.int64]) -> Drawn:
    """Auc of scores (rows, classes); macro_f1, accuracy and balanced_accuracy of the classes decided on (rows)."""
    number = scores.shape[1]
    truth = classes[:, None] == np.arange(number)
    given = decided[:, None] == np.arange(number)
    labels = label_sums(truth, given, exclusive=True)
    areas = [auc(scores[:, i], truth[:, i]) for i in range(number)]
    right = (truth & given).astype(np.float64)

    def figures(times: NDArray[np.int64]) -> Figures:
        overall = labels.drawn(times)
        drawn = times.astype(np.float64)
        recall = divide(drawn @ right, drawn @ truth.astype(np.float64))
        return {
            "auc": nan_mean(np.stack([area.drawn(times)["auc"] for area in areas], axis=1)),
            "macro_f1": overall["macro_f1"],
            "accuracy": overall["accuracy"],
            "balanced_accuracy": nan_mean(recall),
        }

    return Drawn(len(scores), figures)
