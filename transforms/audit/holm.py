"""Several tests at once: p-values that stay honest (Holm, A simple sequentially rejective multiple test procedure,
Scandinavian Journal of Statistics 6, 1979).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transforms.evaluate.figures import Figure, Undefined


def holm(p: Sequence[Figure]) -> list[Figure]:
    """Corrected p-values in the same order; those that do not exist stay so and are not counted as tests."""
    known = [(place, each) for place, each in enumerate(p) if not isinstance(each, Undefined)]
    result: list[Figure] = list(p)
    largest = 0.0
    for rank, (place, each) in enumerate(sorted(known, key=lambda pair: pair[1])):
        largest = max(largest, min(1.0, (len(known) - rank) * each))
        result[place] = float(np.float64(largest))
    return result
