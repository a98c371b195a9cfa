"""Members of groups exchanged at random: what differences would be if groups did not matter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.audit.measured import Draw

Ints = NDArray[np.int64]


def memberships(code: Ints, draw: Draw, units: NDArray[Any] | None, cells: int) -> Iterator[Ints]:
    """Groups of rows drawn anew (some resamples, rows), so many cells at a time.

    Rows of a unit (a conversation) depend on each other. Units that lie in one group change groups as a whole, with
    each other; in a unit that lies in several, rows change places, so that it keeps its share of every group.
    """
    rng = np.random.default_rng([draw.seed, 2])
    step = max(1, cells // max(1, len(code)))
    member = np.arange(len(code)) if units is None else np.unique(units, return_inverse=True)[1]
    member = member.reshape(-1)
    low, high = _bounds(code, member)
    whole = np.flatnonzero(low == high)
    row_is_whole = (low == high)[member]
    place = np.cumsum(low == high) - 1
    mixed = np.flatnonzero(~row_is_whole)
    home = mixed[np.argsort(member[mixed], kind="stable")]
    for at in range(0, draw.resamples, step):
        number = min(step, draw.resamples - at)
        moved = np.tile(code, (number, 1))
        drawn = rng.permuted(np.tile(low[whole], (number, 1)), axis=1)
        moved[:, row_is_whole] = drawn[:, place[member[row_is_whole]]]
        if len(mixed):
            order = np.argsort(member[home] + rng.random((number, len(home))), axis=1)
            moved[:, home] = code[home][order]
        yield moved


def _bounds(code: Ints, member: Ints) -> tuple[Ints, Ints]:
    """The first and the last group of each unit."""
    number = int(member.max(initial=-1)) + 1
    low, high = np.full(number, np.iinfo(np.int64).max), np.full(number, -1)
    np.minimum.at(low, member, code)
    np.maximum.at(high, member, code)
    return low, high
