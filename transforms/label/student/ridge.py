"""Ridge regression of several values at once over sparse rows, by conjugate gradients (training only)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from transforms.label.student.solver import SparseRows, multiply_transposed, predict

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEPS: Final = 60
_TOLERANCE: Final = 1e-5  # of the first residual
_INTERCEPT: Final = 1e-3  # its penalty, lighter than any weight's


def fit_ridge(
    rows: SparseRows,
    values: NDArray[np.float32],
    used: NDArray[np.bool_],
    *,
    penalty: float,
    prior: NDArray[np.float64] | None = None,
) -> NDArray[np.float32]:
    """Weights (width + 1, values); the last row is the intercept.

    values: (rows, values); used: rows to learn from. Minimizes squared errors plus `penalty` times the squared
    weights, each divided by its prior variance (width, values; default ones). Hestenes and Stiefel, Methods of
    conjugate gradients for solving linear systems, 1952: in the weights divided by the root of their prior variance.
    """
    scale = np.ones((rows.width + 1, values.shape[1]))
    if prior is not None:
        scale[:-1] = np.sqrt(prior)
    ridge = np.full((rows.width + 1, 1), penalty)
    ridge[-1] = _INTERCEPT

    def product(w: NDArray[np.float64]) -> NDArray[np.float64]:
        fitted = predict(rows, (scale * w).astype(np.float32))
        return scale * multiply_transposed(rows, fitted, used) + ridge * w

    weights = np.zeros_like(scale)
    residual = scale * multiply_transposed(rows, values.astype(np.float32), used)
    direction = residual.copy()
    size = (residual * residual).sum(axis=0)
    enough = size * _TOLERANCE**2
    for _ in range(_STEPS):
        if (size <= enough).all():
            break
        image = product(direction)
        step = np.divide(
            size, (direction * image).sum(axis=0), where=size > 0, out=np.zeros_like(size)
        )
        weights += step * direction
        residual -= step * image
        grown = (residual * residual).sum(axis=0)
        direction = (
            residual + np.divide(grown, size, where=size > 0, out=np.zeros_like(size)) * direction
        )
        size = grown
    return (scale * weights).astype(np.float32)
