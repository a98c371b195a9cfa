"""Keyed hashes: what stands for ids, speakers and paths in the lake.

HMAC-SHA256 (RFC 2104). Without the key nobody can test whether a name is in the lake; with it the same name
gives the same pseudonym on every machine.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
import polars as pl

ID_BYTES = 16
_BLOCK = 64


class KeyedHasher:
    """HMAC-SHA256 under one key, with a separate space for each kind of thing and corpus."""

    def __init__(self, key: bytes) -> None:
        if len(key) > _BLOCK:
            key = hashlib.sha256(key).digest()
        padded = key.ljust(_BLOCK, b"\0")
        # Hashing the two pads once and copying the states halves the time per id of hmac.digest.
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def digest(self, message: bytes) -> bytes:
        """The 32 bytes of HMAC-SHA256(key, message)."""
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()

    def token(self, kind: str, corpus: str, value: str) -> str:
        """The hexadecimal pseudonym (32 digits) of one value."""
        message = _prefix(kind, corpus) + value.encode("utf-8", "surrogatepass")
        return self.digest(message)[:ID_BYTES].hex()

    def key_id(self) -> str:
        """Tells keys apart without giving the key away."""
        return self.digest(b"affectmine key id")[:8].hex()

    def digests(self, kind: str, corpus: str, values: Iterable[str]) -> np.ndarray:
        """One row of 32 bytes a value: uint8 array of shape (n, 32)."""
        prefix = _prefix(kind, corpus)
        inner = self._inner.copy()
        inner.update(prefix)
        copy_inner, copy_outer = inner.copy, self._outer.copy
        out: list[bytes] = []
        for value in values:
            state = copy_inner()
            state.update(value.encode("utf-8", "surrogatepass"))
            final = copy_outer()
            final.update(state.digest())
            out.append(final.digest())
        return np.frombuffer(b"".join(out), dtype=np.uint8).reshape(-1, 32)

    def tokens(self, kind: str, corpus: str, values: pl.Series) -> pl.Series:
        """The pseudonyms of a string column; null stays null. Repeated values are hashed once."""
        distinct = values.drop_nulls().unique(maintain_order=True)
        hashed = hex_ids(self.digests(kind, corpus, distinct.to_list()))
        return values.replace_strict(distinct, hashed, default=None, return_dtype=pl.String)


def hex_ids(digests: np.ndarray) -> pl.Series:
    """The first 16 bytes of each row of a (n, 32) array, as 32 hexadecimal digits."""
    if len(digests) == 0:
        return pl.Series([], dtype=pl.String)
    text = np.ascontiguousarray(digests[:, :ID_BYTES]).tobytes().hex()
    width = 2 * ID_BYTES
    return pl.Series([text[at : at + width] for at in range(0, len(text), width)], dtype=pl.String)


def sample_keys(digests: np.ndarray) -> pl.Series:
    """Eight other bytes of each row as uint64: uniform, stable, independent of the id's digits."""
    part = np.ascontiguousarray(digests[:, ID_BYTES : ID_BYTES + 8])
    return pl.Series(part.view("<u8").ravel().astype(np.uint64), dtype=pl.UInt64)


def _prefix(kind: str, corpus: str) -> bytes:
    return f"{kind}\0{corpus}\0".encode()
