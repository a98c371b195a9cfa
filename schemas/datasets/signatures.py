"""signatures: what the dedup stage compares, one row for each kept row of clean, in its order.

Restricted: the hashes are not keyed, so whoever guesses a text can test whether it is there.
"""

import pyarrow as pa

from schemas.datasets.base import KEYS, Dataset, required

SIGNATURES = Dataset(
    name="signatures",
    version=1,
    restricted=True,
    schema=pa.schema(
        [
            *KEYS,
            required("exact_high", pa.uint64()),  # xxh3_128 of the normalized text
            required("exact_low", pa.uint64()),
            required("bands", pa.list_(pa.uint32())),  # LSH buckets; empty for short texts
            required("grams", pa.int32()),  # different character 5-grams; 0 for short texts
            required("retweet", pa.bool_()),
            required("reply", pa.bool_()),  # answers another record
            required("has_gold", pa.bool_()),
        ]
    ),
)
