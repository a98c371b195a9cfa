"""Multinomial logistic regression on dense inputs, for heads whose labels exclude one another (training only)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from schemas.errors import MissingExtraError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def fit_softmax(
    inputs: NDArray[np.float64],
    targets: NDArray[np.bool_],
    *,
    penalty: float,
    counts: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Coefficients, then the intercept: (inputs + 1, labels).

    targets: (rows, labels), one true a row; counts: (rows) for how many rows each stands. The squared coefficients are
    penalized, the intercepts are not. By L-BFGS (scipy). Raises MissingExtraError without scipy.
    """
    try:
        from scipy.optimize import minimize
    except ModuleNotFoundError:
        raise MissingExtraError("evaluate", "Training on labels that exclude one another") from None

    columns = np.hstack([inputs, np.ones((len(inputs), 1))])
    truth = targets.astype(np.float64)
    shape = (columns.shape[1], truth.shape[1])
    ridge = np.full((shape[0], 1), penalty)
    ridge[-1] = 1e-6

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        w = flat.reshape(shape)
        z = columns @ w
        z -= z.max(axis=1, keepdims=True)
        exp = np.exp(z)
        total = exp.sum(axis=1, keepdims=True)
        each = np.log(total[:, 0]) - (truth * z).sum(axis=1)
        value = float((counts * each).sum() + 0.5 * (ridge * w * w).sum())
        gradient = columns.T @ (counts[:, None] * (exp / total - truth)) + ridge * w
        return value, gradient.ravel()

    start = np.zeros(shape)
    start[-1] = np.log(np.clip(np.average(truth, axis=0, weights=counts), 1e-6, 1))
    options: dict[str, Any] = {"maxiter": 200}
    found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options=options)
    result: NDArray[np.float64] = found.x.reshape(shape)
    return result
