"""How many rows each stratum gives, and what each of them then stands for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from schemas.errors import ConfigError


def allocate(sizes: Mapping[str, int], n: int) -> dict[str, int]:
    """Rows of each stratum in a sample of `n`, as equal as the strata allow; `sizes` are above 0.

    A stratum that is smaller than its share gives all its rows, and the others share what is left of it. Shares of the
    others differ by one at most; the larger strata get the odd ones. Equal allocation is what finds rare strata
    (Cochran 1977, Sampling Techniques, chapter 5); weights put the shares right again. The sum is the smaller of
    `n` and the population.

    ConfigError: fewer rows than strata, where some would get none, and nothing could be said of those.
    """
    if n < len(sizes):
        raise ConfigError(
            f"{n} rows cannot be drawn from {len(sizes)} strata: some would get none.",
            remedy=f"Raise --n to {len(sizes)} or more, or stratify by something else with --by.",
        )
    shares: dict[str, int] = {}
    left = n
    ordered = sorted(sizes, key=lambda name: (sizes[name], name))
    for place, name in enumerate(ordered):
        shares[name] = min(sizes[name], left // (len(ordered) - place))
        left -= shares[name]
    return shares


def inclusion(size: int, taken: int) -> Fraction:
    """The probability with which each of `size` rows is among the `taken`, every set being equally likely.

    Its reciprocal is the row's weight (Horvitz and Thompson 1952): the weights of the rows taken sum to `size`.
    """
    return Fraction(taken, size)
