"""The order in which rows are drawn: by a mix of their stored key and a seed. Pure.

The stored `sample_key` is uniform, but the same for every sample; mixing it with a seed gives each seed an order of its
own. The mix is the finalizer of SplitMix64 (Steele, Lea and Flood 2014, Fast splittable pseudorandom number
generators): a bijection of 64 bits, so that two keys never become one, and the order depends on no engine's hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import xxhash

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MASK: Final = (1 << 64) - 1
_GAMMA: Final = 0x9E3779B97F4A7C15
_FIRST: Final = 0xBF58476D1CE4E5B9
_SECOND: Final = 0x94D049BB133111EB


def mixed(keys: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    """The finalizer of SplitMix64 of each key plus `salt`, modulo 2**64 (rows)."""
    z = keys + np.uint64(salt & _MASK)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(_FIRST)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(_SECOND)
    return z ^ (z >> np.uint64(31))


def salt_of(seed: int, stream: int = 0) -> int:
    """What is added to the keys for a seed; each `stream` of a seed gives an order of its own."""
    one = mixed(np.array([seed * _GAMMA & _MASK], np.uint64), _GAMMA)
    return int(mixed(one, (stream + 1) * _GAMMA)[0])


def keys_of(names: Sequence[str]) -> NDArray[np.uint64]:
    """The keys of rows that have none stored, by what they are called: xxh3, 64 bits (rows)."""
    told = (xxhash.xxh3_64_intdigest(name.encode("utf-8", "surrogatepass")) for name in names)
    return np.fromiter(told, np.uint64, len(names))
