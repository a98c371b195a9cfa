"""Keyed ids as numbers: half the bytes of their 32 hexadecimal digits, of a fixed length, in the same order."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

DIGITS = 32
_NIBBLE = np.full(256, 255, np.uint8)  # 255: no digit
for _digit, _byte in enumerate(b"0123456789abcdef"):
    _NIBBLE[_byte] = _digit


def as_uuid(ids: pa.Array) -> pa.Array:
    """Strings of 32 lower-case hexadecimal digits, or null, as UUIDs.

    Raises ValueError for any other string.
    """
    values = ids.drop_null()
    if pa.types.is_large_string(values.type):
        values = values.cast(pa.string())
    offsets = (
        np.frombuffer(values.buffers()[1], np.int32)[
            values.offset : values.offset + len(values) + 1
        ]
        if len(values)
        else np.zeros(1, np.int32)
    )
    if np.any(np.diff(offsets) != DIGITS):
        raise ValueError("an id is not 32 hexadecimal digits")
    digits = (
        np.frombuffer(values.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
        if len(values)
        else np.zeros(0, np.uint8)
    )
    nibbles = _NIBBLE.take(digits)  # unlike an index, it leaves other threads free to work
    if (nibbles == 255).any():
        raise ValueError("an id is not 32 hexadecimal digits")
    packed = (nibbles[0::2] << 4) | nibbles[1::2]
    stored = np.zeros((len(ids), DIGITS // 2), np.uint8)
    known = np.asarray(ids.is_valid())
    stored[known] = packed.reshape(-1, DIGITS // 2)
    validity = None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
    storage = pa.Array.from_buffers(
        pa.binary(DIGITS // 2), len(ids), [validity, pa.py_buffer(stored)]
    )
    return pa.ExtensionArray.from_storage(pa.uuid(), storage)


def as_text(ids: pa.Array) -> pa.Array:
    """UUIDs, or null, as strings of 32 lower-case hexadecimal digits."""
    stored = pl.Series(ids.storage.cast(pa.binary()))
    return stored.bin.encode("hex").to_arrow().cast(pa.string())
