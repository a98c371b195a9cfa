"""Signatures of texts: a hash of the whole, and LSH bands of MinHash over character 5-grams."""

import os
from collections.abc import Iterator

import numpy as np
import polars as pl
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from schemas.datasets.base import KEYS
from transforms.dedup.comparable import comparable
from transforms.dedup.layout import PERMUTATIONS, Layout
from transforms.label.student.features import string_buffers

VERSION = 1
"""The stage version: raise it when the same clean rows give other signatures."""

_SEED = 42
_LONGEST = 1 << 20  # bytes; a longer text is compared as a whole only
_PIECE = 4 << 20  # bytes of text hashed at once: their grams take eight times as much


def algorithm() -> str:
    """What else determines signatures: the library's algorithm. Digests of two of them do not compare."""
    from rensa import RMinHash

    return f"rensa RMinHash {RMinHash.ALGORITHM_VERSION}"


def signatures(batch: pl.DataFrame, layout: Layout | None) -> pl.DataFrame:
    """The rows of the dataset `signatures` for rows of clean; without a layout no bands."""
    text = comparable(batch["text_clean"])
    high, low = exact_hashes(text["text"])
    return batch.select(
        *(field.name for field in KEYS),
        pl.lit(high).alias("exact_high"),
        pl.lit(low).alias("exact_low"),
        *map(pl.lit, lsh_bands(text["text"], layout).get_columns()),
        pl.lit(text["retweet"]).alias("retweet"),
        pl.col("reply_to").is_not_null().alias("reply"),
        (pl.col("gold").list.len().fill_null(0) > 0).alias("has_gold"),
    )


def exact_hashes(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The high and low half of xxh3_128 of each text."""
    digest = xxhash.xxh3_128_digest
    raw = b"".join([digest(each) for each in text.cast(pl.Binary).to_list()])
    halves = np.frombuffer(raw, dtype=">u8").reshape(-1, 2).astype(np.uint64)
    high, low = np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1])
    return pl.Series("exact_high", high), pl.Series("exact_low", low)


def lsh_bands(text: pl.Series, layout: Layout | None) -> pl.DataFrame:
    """Columns `bands`, List(UInt32): equal in a place where two texts share a bucket of that band; and `grams`, Int32:
    how many different character 5-grams a text has.

    Empty and 0 for texts of fewer than 5 characters, for those longer than 1 MiB, and without a layout.
    """
    if layout is None or text.is_empty():
        nothing = pl.Series("bands", [[]] * len(text), dtype=pl.List(pl.UInt32))
        return pl.DataFrame(
            [nothing, pl.zeros(len(text), dtype=pl.Int32, eager=True).alias("grams")]
        )
    long = text.str.len_bytes() > _LONGEST
    short = text.set(long, "") if long.any() else text
    made = [_bands(piece, layout) for piece in _pieces(short)]
    grams = np.concatenate([counts for _, counts in made])
    ends = np.concatenate(([0], np.cumsum(np.where(grams > 0, layout.bands, 0)))).astype(np.int32)
    values = np.concatenate([bands for bands, _ in made])[grams > 0].ravel()
    bands = pa.ListArray.from_arrays(pa.array(ends), pa.array(values))
    return pl.DataFrame([pl.Series("bands", bands), pl.Series("grams", grams)])


def _pieces(text: pl.Series) -> Iterator[pl.Series]:
    ends = text.str.len_bytes().cast(pl.Int64).cum_sum().to_numpy()
    start = 0
    while start < len(text):
        before = int(ends[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(ends, before + _PIECE, side="right")))
        yield text.slice(start, end - start)
        start = end


def _bands(text: pl.Series, layout: Layout) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Bands, shape (rows, bands), and numbers of grams, shape (rows,)."""
    # Compiled code: only who makes signatures loads it.
    from transforms.dedup.kernel import gram_sets

    hashes, bounds = gram_sets(*string_buffers(text))
    digests = minhash(hashes, bounds)
    used = digests[:, : layout.bands * layout.rows].reshape(len(text), layout.bands, layout.rows)
    mixed = np.zeros(used.shape[:2], np.uint64)
    with np.errstate(over="ignore"):
        for place in range(layout.rows):
            mixed = (mixed ^ used[:, :, place]) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(32)
        mixed *= np.uint64(0xD6E8FEB86659FD93)
    return (mixed >> np.uint64(32)).astype(np.uint32), np.diff(bounds).astype(np.int32)


def minhash(hashes: NDArray[np.uint64], bounds: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """MinHash signatures of sets of hashes (row i owns hashes[bounds[i]:bounds[i + 1]]), shape (rows, 64)."""
    os.environ.setdefault("RAYON_NUM_THREADS", "1")  # the pool of workers is the parallelism
    from rensa import RMinHash

    matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, bounds, PERMUTATIONS, _SEED)
    return np.array(matrix.to_rows(), dtype=np.uint32).reshape(-1, PERMUTATIONS)
