"""calls: what varies from run to run when a language model answers; a row for each question about a record."""

import pyarrow as pa

from schemas.datasets.base import KEYS, Dataset, required

CALLS = Dataset(
    name="calls",
    version=1,
    schema=pa.schema(
        [
            *KEYS,
            required("task", pa.string()),
            required("taxonomy", pa.string()),
            required("labeler", pa.string()),
            required("request_hash", pa.string()),  # keyed
            required("source", pa.string()),  # asked | cached | shared (with an equal question)
            required(
                "attempts", pa.int32()
            ),  # tries of all requests; 0: none was sent for this row
            required(
                "prompt_tokens", pa.int64()
            ),  # of a cached answer: what it took when it was asked
            required("cached_tokens", pa.int64()),  # of the prompt, that the server still knew
            required("completion_tokens", pa.int64()),
            pa.field("latency_ms", pa.float64()),
            pa.field("replica", pa.string()),
            pa.field("code_mass", pa.float64()),  # score mode: probability of all codes together
        ]
    ),
)
