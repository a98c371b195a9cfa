"""Successive halving: few rows for all variants, then more rows for the better half, until one is left.

Jamieson and Talwalkar, Non-stochastic Best Arm Identification and Hyperparameter Optimization, AISTATS 2016. Every
variant of a round is judged on the same rows; what it was asked before is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, inf, log2
from typing import Final

from schemas.errors import ConfigError

PROBE: Final = 4  # rows that tell what a variant costs
FEW: Final = 20  # with fewer rows a variant, chance decides


@dataclass(frozen=True)
class Standing:
    """A variant after its last round: on so many rows; figure None: undefined."""

    name: str
    rows: int
    figure: float | None


@dataclass(frozen=True)
class Halving:
    """What halving needs to know. `ask(name, rows)`: has the variant answer the first rows, and gives the requests that
    were sent; `judge(name, rows)`: its figure there, the more the better. Variants with the same `key` share answers.
    """

    ask: Callable[[str, int], int]
    judge: Callable[[str, int], float | None]
    key: Callable[[str], str]
    rows: int


def halve(
    names: Sequence[str], how: Halving, budget: int
) -> tuple[list[Standing], dict[str, float]]:
    """The variants, the winner first; and what each costs a row, in requests.

    Ties go to the cheaper, then to the earlier. At most about `budget` requests are sent: what a row costs is known
    from the rows before. ConfigError: it is not enough to begin with.
    """
    keys = list(dict.fromkeys(how.key(name) for name in names))
    first = {how.key(name): name for name in reversed(names)}
    _check_budget(len(keys), budget, how.rows)
    probe = min(PROBE, how.rows)
    spent = 0
    cost: dict[str, float] = {}
    for key in keys:
        sent = how.ask(first[key], probe)
        spent += sent
        cost[key] = sent / max(1, probe)
        if spent > budget:
            raise ConfigError(
                f"The budget was spent on {probe} rows of {len(cost)} of {len(keys)} variants: {spent:,} requests.",
                remedy="Give a larger --budget, or name fewer variants with --variants.",
            )
    alive, done = list(names), dict.fromkeys(keys, probe)
    order = {name: place for place, name in enumerate(names)}
    out: list[Standing] = []
    rounds = max(1, ceil(log2(len(keys))))
    for turn in range(rounds):
        share = (budget - spent) / (rounds - turn)
        of = list(dict.fromkeys(how.key(name) for name in alive))
        rows = max(done[key] for key in of)
        a_row = sum(cost[key] for key in of)
        catching_up = sum(cost[key] * (rows - done[key]) for key in of)
        room = (share - catching_up) / a_row if a_row else inf
        rows = int(min(how.rows, rows + max(0, room)))
        for key in of:
            if rows > done[key]:
                spent += how.ask(first[key], rows)
                done[key] = rows
        standings = [Standing(name, rows, how.judge(name, rows)) for name in alive]
        standings.sort(
            key=lambda one: (
                inf if one.figure is None else -one.figure, cost[how.key(one.name)], order[one.name],
            )
        )  # fmt: skip
        if turn == rounds - 1:
            return standings + out, {name: cost[how.key(name)] for name in names}
        # What shares its answers with one that stays costs nothing: it stays too.
        ranked = list(dict.fromkeys(how.key(one.name) for one in standings))
        kept = set(ranked[: ceil(len(ranked) / 2)])
        out = [one for one in standings if how.key(one.name) not in kept] + out
        alive = [one.name for one in standings if how.key(one.name) in kept]
    raise AssertionError("There is at least one round.")


def _check_budget(keys: int, budget: int, rows: int) -> None:
    least = keys * min(FEW, rows)
    if budget < least:
        raise ConfigError(
            f"The budget leaves {budget:,} requests for tuning; {keys} variants need at least {least:,}.",
            remedy="Give a larger --budget, or name fewer variants with --variants.",
        )
