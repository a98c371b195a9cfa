"""calls: what varies from run to run when a language model answers."""

import pyarrow as pa

from schemas.datasets.base import Dataset, required

CALLS = Dataset(
    name="calls",
    version=1,
    schema=pa.schema(
        [
            required("record_id", pa.string()),
            required("request_hash", pa.string()),  # keyed
            required("attempts", pa.int32()),
            pa.field("prompt_tokens", pa.int64()),
            pa.field("cached_tokens", pa.int64()),
            pa.field("completion_tokens", pa.int64()),
            pa.field("latency_ms", pa.float64()),
            pa.field("replica", pa.string()),
        ]
    ),
)
