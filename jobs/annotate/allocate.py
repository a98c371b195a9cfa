"""How many rows each stratum gives. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Allocation = Literal["equal", "proportional"]


def allocate(sizes: Mapping[str, int], rows: int, how: Allocation) -> dict[str, int]:
    """Rows of each stratum: their sum is `rows`, or all there are; none gives more than it has.

    `equal`: the same number from each, and what a small stratum lacks from the others. `proportional`: to its size, by
    largest remainders (Hamilton), but one row at least. Where there are fewer rows than strata, the largest get one each.
    """
    wanted = min(rows, sum(sizes.values()))
    order = sorted(sizes, key=lambda name: (-sizes[name], name))
    if wanted <= len(order):
        return {name: int(place < wanted) for place, name in enumerate(order)}
    return _equal(sizes, order, wanted) if how == "equal" else _proportional(sizes, order, wanted)


def _equal(sizes: Mapping[str, int], order: list[str], wanted: int) -> dict[str, int]:
    given: dict[str, int] = {}
    left = wanted
    for place, name in enumerate(
        reversed(order)
    ):  # the smallest first: what it lacks the others give
        share = left // (len(order) - place)
        given[name] = min(sizes[name], share)
        left -= given[name]
    return {name: given[name] for name in order}


def _proportional(sizes: Mapping[str, int], order: list[str], wanted: int) -> dict[str, int]:
    total, more = sum(sizes.values()), wanted - len(order)
    spare = {name: sizes[name] - 1 for name in order}
    # One row each first; the others go where that leaves a stratum short of its share.
    due = {name: max(0, sizes[name] * wanted - total) for name in order}  # in units of 1 / total
    whole = sum(due.values()) or 1
    given = {name: min(spare[name], due[name] * more // whole) for name in order}
    rest = more - sum(given.values())
    by_remainder = sorted(order, key=lambda name: (-(due[name] * more % whole), name))
    while rest:
        for name in by_remainder:
            if rest and given[name] < spare[name]:
                given[name] += 1
                rest -= 1
    return {name: 1 + given[name] for name in order}
