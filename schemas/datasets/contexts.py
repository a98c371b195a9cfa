"""contexts: the earlier turns of each record's conversation (stage windows)."""

import pyarrow as pa

from schemas.datasets.base import KEYS, Dataset, required

CONTEXTS = Dataset(
    name="contexts",
    version=1,
    schema=pa.schema(
        [
            *KEYS,
            required(
                "context",
                pa.list_(
                    pa.struct(
                        [
                            pa.field("record_id", pa.string()),
                            pa.field("role", pa.string()),
                            pa.field("text", pa.string()),
                        ]
                    )
                ),
            ),
        ]
    ),
)
