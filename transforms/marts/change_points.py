"""Where the daily share of a label changes for good: series of shares are cut into segments of constant mean.

Cut exactly, by PELT (Killick, Fearnhead, Eckley. Optimal Detection of Changepoints with a Linear Computational Cost.
Journal of the American Statistical Association 107, 2012) as `ruptures` has it (Truong, Oudre, Vayatis. Selective
review of offline change point detection methods. Signal Processing 167, 2020): the segments that minimize
sum((share - mean of the segment)^2) + penalty * changes, the model "l2".

penalty = 3 ln(days) * variance of the noise. 3 ln n is the leading term of the modified BIC for changes of a mean
(Zhang, Siegmund. A Modified Bayes Information Criterion with Applications to the Analysis of Comparative Genomic
Hybridization Data. Biometrics 63, 2007), stricter than the 2 ln n of BIC, as daily shares are not quite independent.
The noise is half the mean squared difference of successive days: unlike the variance of the series, a change of level
hardly raises it.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from schemas.errors import MissingExtraError

MIN_SIZE: Final = 7  # days of the shortest segment: less than a week would find weekends
_KEYS: Final = ["corpus", "task", "taxonomy", "labeler", "label"]
CHANGE_POINTS: Final = pa.schema(
    [
        *((name, pa.string()) for name in _KEYS),
        ("period", pa.date32()),
        ("days", pa.int32()),
        ("before", pa.float64()),
        ("after", pa.float64()),
        ("change", pa.float64()),
    ]
)

Floats = NDArray[np.float64]


def change_points(series: pa.Table, min_size: int = MIN_SIZE) -> pa.Table:
    """The rows of the mart (`CHANGE_POINTS`), of the table that its SQL gives: corpus, task, taxonomy, labeler, label,
    day, share, in any order.

    A row for each change: its first day, the days of the whole series, the mean share in the segments before and after
    it. Rows without a day or a share are left out. A series of fewer than 2 `min_size` days, and one that does not
    vary, has no changes. Days without rows are no points: the series goes on with the next one.
    Raises MissingExtraError where `ruptures` is not installed, and a series is long enough to need it.
    """
    points = pl.DataFrame(pl.from_arrow(series.select([*_KEYS, "day", "share"])))
    points = points.drop_nulls(["day", "share"]).sort([*_KEYS, "day"], nulls_last=True)
    rows: list[dict[str, Any]] = []
    for key, own in points.group_by(_KEYS, maintain_order=True):
        share = own["share"].to_numpy()
        days = own["day"].to_list()
        cuts = changes(share, min_size)
        bounds = [0, *cuts, len(share)]
        means = [float(share[a:b].mean()) for a, b in pairwise(bounds)]
        for cut, before, after in zip(cuts, means[:-1], means[1:], strict=True):
            found = dict(zip(_KEYS, key, strict=True))
            found |= {"period": days[cut], "days": len(days), "before": before, "after": after}
            rows.append(found | {"change": after - before})
    return pa.Table.from_pylist(rows, schema=CHANGE_POINTS)


def changes(share: Floats, min_size: int = MIN_SIZE) -> list[int]:
    """Where segments after the first one start in `share` (one value a day, in order)."""
    limit = penalty(share)
    if len(share) < 2 * min_size or limit == 0:
        return []
    try:
        import ruptures
    except ImportError:
        raise MissingExtraError("report", "Finding change points") from None
    # With a linear kernel this is Pelt(model="l2", jump=1), the same sum of squares, in C instead of Python.
    search = ruptures.KernelCPD(kernel="linear", min_size=min_size).fit(share.reshape(-1, 1))
    return [int(end) for end in search.predict(pen=limit)[:-1]]


def penalty(share: Floats) -> float:
    """What a change must save in squared deviations: 3 ln(days) * mean((difference of successive days)^2) / 2."""
    if len(share) < 2:
        return 0.0
    return 3 * math.log(len(share)) * float(np.mean(np.diff(share) ** 2)) / 2
