"""A pseudo-random number for each row, from its `sample_key` and a seed, in SQL that every engine reads alike.

The key goes through a Feistel network of four rounds (Luby, Rackoff. How to construct pseudorandom permutations from
pseudorandom functions. SIAM J. Computing 17, 1988), the round function being the finalizer of MurmurHash3: integer
arithmetic only, a permutation of the 64-bit numbers, another one for each seed and purpose. Rows that the smallest
numbers fall to are a simple random sample; the same seed chooses the same rows, whatever the order of the files.
"""

from __future__ import annotations

import hashlib
from typing import Final

_LOW: Final = 0xFFFFFFFF
_FIRST, _SECOND = 0x85EBCA6B, 0xC2B2AE35
_ROUNDS: Final = 4


def round_keys(seed: int, purpose: str) -> list[int]:
    """Four 32-bit numbers, the keys of the rounds."""
    digest = hashlib.sha256(f"{purpose}\0{seed}".encode()).digest()
    return [int.from_bytes(digest[4 * n : 4 * n + 4], "little") for n in range(_ROUNDS)]


def with_draw(relation: str, keys: list[int]) -> str:
    """SQL: the rows of a relation (which has `sample_key`, UBIGINT), with their number in `draw` (UBIGINT)."""
    made = f"SELECT *, sample_key >> 32 AS _l, sample_key & {_LOW} AS _r FROM ({relation})"
    for key in keys:
        made = f"SELECT *, (xor(_r, {key}) * {_FIRST}) & {_LOW} AS _t FROM ({made})"
        made = f"SELECT * REPLACE ((xor(_t, _t >> 13) * {_SECOND}) & {_LOW} AS _t) FROM ({made})"
        made = (
            "SELECT * EXCLUDE (_t) REPLACE (_r AS _l, xor(_l, xor(_t, _t >> 16)) AS _r) "
            f"FROM ({made})"
        )
    return f"SELECT * EXCLUDE (_l, _r), (_l << 32) | _r AS draw FROM ({made})"


def shuffled(ids: list[str], seed: int, purpose: str) -> list[str]:
    """Ids in an order that depends on the seed and purpose only."""

    def place(one: str) -> bytes:
        return hashlib.sha256(f"{purpose}\0{seed}\0{one}".encode()).digest()

    return sorted(ids, key=place)
