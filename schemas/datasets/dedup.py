"""dedup: clusters of equal and nearly equal records (stage dedup)."""

import pyarrow as pa

from schemas.datasets.base import KEYS, Dataset, required

DEDUP = Dataset(
    name="dedup",
    version=1,
    schema=pa.schema(
        [
            *KEYS,
            required("cluster", pa.string()),
            required("representative", pa.bool_()),
            pa.field("similarity", pa.float64()),
            required("outcome", pa.string()),  # kept | dropped
            pa.field("reason", pa.string()),
        ]
    ),
)
