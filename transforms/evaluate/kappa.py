"""Cohen's kappa from a confusion table.

Cohen 1960 (Educational and Psychological Measurement 20); weighted: Cohen 1968 (Psychological
Bulletin 70). One minus the observed disagreement over the one expected by chance.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from transforms.evaluate.sums import Floats, divide

KappaWeights = Literal["linear", "quadratic"] | None


def kappa_of(confusion: Floats, weights: KappaWeights = None) -> Floats:
    """Kappa of tables (..., values, values) of counts; NaN where chance leaves no disagreement."""
    rows, columns = confusion.sum(axis=-1), confusion.sum(axis=-2)
    distance = distances(confusion.shape[-1], weights)
    expected = np.einsum("...i,ij,...j->...", rows, distance, columns)
    observed = (confusion * distance).sum(axis=(-1, -2)) * rows.sum(axis=-1)
    return 1.0 - divide(observed, expected)


def distances(values: int, weights: KappaWeights) -> Floats:
    """How far apart two values are (values, values): 0 or 1, or their steps, or steps squared."""
    steps = np.abs(np.subtract.outer(np.arange(values), np.arange(values))).astype(np.float64)
    return (
        (steps > 0).astype(np.float64)
        if weights is None
        else steps
        if weights == "linear"
        else steps**2
    )
