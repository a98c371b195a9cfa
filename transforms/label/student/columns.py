"""Arrays as columns of lists. From buffers and without a copy: rows are many, and so are the heads that answer."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


def label_lists(
    labels: tuple[str, ...],
    given: NDArray[np.uint32],
    bounds: NDArray[np.int64],
    valid: NDArray[np.bool_] | None,
) -> pl.Series:
    """list<string> of the labels at positions `given`, those of row i from bounds[i] to bounds[i + 1]; null where not
    `valid` (rows).
    """
    names = _arrow(pl.Series(labels, dtype=pl.String).gather(given))
    return _lists(names, bounds, valid)


def positions(
    given: NDArray[np.bool_], valid: NDArray[np.bool_] | None
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Positions and bounds of the labels given (rows, labels), none in rows that are not `valid`."""
    if valid is not None:
        given = given & valid[:, None]
    rows, places = np.nonzero(given)
    bounds = np.searchsorted(rows, np.arange(len(given) + 1)).astype(np.int64)
    return places.astype(np.uint32), bounds


def score_lists(
    labels: tuple[str, ...], probabilities: NDArray[np.float32], valid: NDArray[np.bool_] | None
) -> pl.Series:
    """list<struct<label, probability>> of probabilities (rows, labels); null where not `valid` (rows)."""
    import pyarrow as pa

    rows, width = probabilities.shape
    tile = _tile(labels, 1 << max(0, rows - 1).bit_length()).slice(0, rows * width)
    numbers = pa.Array.from_buffers(
        pa.float32(), rows * width, [None, pa.py_buffer(probabilities.reshape(-1))]
    )
    cells = pa.StructArray.from_arrays([tile, numbers], ["label", "probability"])
    return _lists(cells, np.arange(rows + 1, dtype=np.int64) * width, valid)


def _lists(
    cells: pa.Array, bounds: NDArray[np.int64], valid: NDArray[np.bool_] | None
) -> pl.Series:
    # pa.array would import pandas where it is installed: .3 s before the first label.
    import pyarrow as pa

    known = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))
    lists = pa.Array.from_buffers(
        pa.large_list(cells.type), len(bounds) - 1, [known, pa.py_buffer(bounds)], children=[cells]
    )
    series = pl.from_arrow(lists)
    assert isinstance(series, pl.Series)
    return series


@lru_cache(maxsize=32)
def _tile(labels: tuple[str, ...], rows: int) -> pa.Array:
    """The labels, `rows` times."""
    positions = np.tile(np.arange(len(labels), dtype=np.uint32), rows)
    return _arrow(pl.Series(labels, dtype=pl.String).gather(positions))


def _arrow(series: pl.Series) -> Any:
    # The newest layout, string views: Polars takes it back as it is.
    return series.to_arrow(compat_level=pl.CompatLevel.newest())
