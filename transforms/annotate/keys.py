"""The order in which rows are drawn: by a mix of their stored key and a seed. Pure; the SQL runs in DuckDB.

The stored `sample_key` is uniform, but the same for every sample; mixing it with a seed gives each seed an order of its
own. The mix is the finalizer of SplitMix64 (Steele, Lea and Flood 2014, Fast splittable pseudorandom number
generators): a bijection of 64 bits, written in plain arithmetic, so that the order depends on no engine's hash.
"""

from __future__ import annotations

from typing import Final

import xxhash

_MODULUS: Final = 1 << 64
_GAMMA: Final = 0x9E3779B97F4A7C15
_FIRST: Final = 0xBF58476D1CE4E5B9
_SECOND: Final = 0x94D049BB133111EB

MACROS: Final = (
    "CREATE TEMP MACRO wrapped(a) AS CAST(a % 18446744073709551616::UHUGEINT AS UBIGINT)",
    "CREATE TEMP MACRO mixed_last(z) AS xor(z, z >> 31)",
    f"CREATE TEMP MACRO mixed_third(z) AS mixed_last(wrapped(xor(z, z >> 27)::UHUGEINT * {_SECOND}::UHUGEINT))",
    f"CREATE TEMP MACRO mixed_second(z) AS mixed_third(wrapped(xor(z, z >> 30)::UHUGEINT * {_FIRST}::UHUGEINT))",
    "CREATE TEMP MACRO mixed(key, salt) AS mixed_second(wrapped(key::UHUGEINT + salt::UHUGEINT))",
)
"""Make `mixed(key UBIGINT, salt UBIGINT)`, which is `mix` of their sum."""


def mix(value: int) -> int:
    """The finalizer of SplitMix64 for a value below 2**64 (larger ones wrap)."""
    z = value % _MODULUS
    z = (z ^ (z >> 30)) * _FIRST % _MODULUS
    z = (z ^ (z >> 27)) * _SECOND % _MODULUS
    return z ^ (z >> 31)


def salt(seed: int, stream: int = 0) -> int:
    """What is added to keys for a seed; each `stream` of a seed gives another order."""
    return mix(mix(seed * _GAMMA) + (stream + 1) * _GAMMA)


def key_of(name: str) -> int:
    """The key of a row that has none stored, by its id: xxh3, 64 bits."""
    return xxhash.xxh3_64_intdigest(name.encode("utf-8", "surrogatepass"))
