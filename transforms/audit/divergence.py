"""How far two sides differ in what labels they get: Jensen-Shannon divergence (Lin 1991), in bits.

0 where both have the same shares, 1 where they share no label. Two samples of the same are never quite equal, so what
chance alone makes of it (sides drawn at random) is told beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.audit.exchange import memberships
from transforms.audit.measured import Draw, Drawn, Measured, measure
from transforms.evaluate.annotations import Bools
from transforms.evaluate.figures import Undefined, finite
from transforms.evaluate.sums import Figures, Floats, divide

_CELLS = 4_000_000
_NONE = "a side has no label"


def jensen_shannon(first: Floats, second: Floats) -> Floats:
    """Divergence of counts (…, labels) of two sides; NaN where one has none."""
    p, q = (divide(side, side.sum(axis=-1, keepdims=True)) for side in (first, second))
    middle = (p + q) / 2

    def relative(of: Floats) -> Floats:
        logs = np.log2(np.where(of > 0, of / np.where(middle > 0, middle, 1), 1))
        sums: Floats = (of * logs).sum(axis=-1)
        return sums

    return np.maximum((relative(p) + relative(q)) / 2, 0.0)


def divergence(
    given: Bools, side: NDArray[np.bool_], draw: Draw, groups: NDArray[Any] | None = None
) -> dict[str, Measured]:
    """`divergence` of the labels given (rows, labels) to the two sides, with the p-value of none, and
    `chance_divergence`: the mean of what random sides differ.
    """
    cells = given.astype(np.float64)

    def figures(times: NDArray[np.int64]) -> Figures:
        drawn = times.astype(np.float64)
        sides = (drawn[:, of] @ cells[of] for of in (~side, side))
        return {"divergence": jensen_shannon(*sides)}

    found = measure(Drawn(len(given), figures), draw, because=_NONE, groups=groups)["divergence"]
    whole = cells.sum(axis=0)
    chance = []
    for codes in memberships(side.astype(np.int64), draw, groups, _CELLS):
        sums = codes.astype(np.float64) @ cells
        chance.append(jensen_shannon(whole - sums, sums))
    drawn = np.concatenate(chance)
    drawn = drawn[np.isfinite(drawn)]
    if isinstance(found.value, Undefined) or len(drawn) == 0:
        return {"divergence": found, "chance_divergence": Measured(Undefined(_NONE))}
    p = (1 + int((drawn >= found.value - 1e-12).sum())) / (1 + len(drawn))
    return {
        "divergence": Measured(found.value, found.interval, p),
        "chance_divergence": Measured(finite(float(drawn.mean()), _NONE)),
    }
