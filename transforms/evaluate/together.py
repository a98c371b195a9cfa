"""Statistics of several labels or dimensions as one, so that one draw of rows serves all, and their means.

F1 of each label, and figures of each dimension, named as in `f1.anger` and `pearson.valence`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transforms.evaluate.sums import Exchange, Figures, Floats, Statistic, Sums, divide, nan_mean

_EXACT: Final = 2**23  # rows: counts of drawn rows stay where float32 sums of ones are exact


@dataclass(frozen=True)
class Together:
    """The figures of some statistics per name (`pearson.valence`), and the mean of each over the names (`pearson`).

    The mean is over the names for which the figure exists in a resample. All statistics must be of the same rows.
    """

    parts: Mapping[str, Sequence[Statistic[Any]]]

    @property
    def rows(self) -> int:
        """How many rows."""
        return next(iter(self.parts.values()))[0].rows

    def drawn(self, times: NDArray[np.int64]) -> Figures:
        """See Statistic."""
        return _named({n: [part.drawn(times) for part in of] for n, of in self.parts.items()})

    def against(self, other: Together) -> Exchange:
        """See Statistic."""
        exchanges: dict[str, list[Exchange]] = {
            name: [mine.against(theirs) for mine, theirs in zip(of, other.parts[name], strict=True)]
            for name, of in self.parts.items()
        }

        def exchange(swap: NDArray[np.bool_]) -> tuple[Figures, Figures]:
            both = {n: [each(swap) for each in of] for n, of in exchanges.items()}
            first, second = (
                _named({n: [sides[side] for sides in of] for n, of in both.items()})
                for side in (0, 1)
            )
            return first, second

        return exchange


def each_label(
    gold: NDArray[np.bool_],
    given: NDArray[np.bool_],
    names: Sequence[str],
    asked: NDArray[np.bool_] | None = None,
) -> Sums:
    """f1, precision and recall of each label (rows, labels), named f1.anger; cells not asked do not count."""
    if asked is not None:
        gold, given = gold & asked, given & asked
    number = len(names)

    def figures(sums: Floats) -> Figures:
        both, held, answered = (sums[:, n * number : (n + 1) * number] for n in range(3))
        of_all = {
            "f1": divide(2 * both, held + answered),
            "precision": divide(both, answered),
            "recall": divide(both, held),
        }
        return {
            f"{figure}.{name}": values[:, place]
            for figure, values in of_all.items()
            for place, name in enumerate(names)
        }

    kind = np.float32 if len(gold) < _EXACT else np.float64
    return Sums(np.hstack([gold & given, gold, given]).astype(kind), figures)


def _named(of_names: Mapping[str, Sequence[Figures]]) -> Figures:
    merged = {name: {k: v for part in of for k, v in part.items()} for name, of in of_names.items()}
    figures = list(next(iter(merged.values())))
    named = {
        f"{key}.{name}": values for name, part in merged.items() for key, values in part.items()
    }
    means = {
        key: nan_mean(np.stack([part[key] for part in merged.values()], axis=1)) for key in figures
    }
    return means | named
