"""What a dataset is, and the columns that several of them share."""

from dataclasses import dataclass

import pyarrow as pa

TIMESTAMP = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Dataset:
    """A named table of the lake.

    `version` goes up when a column is added, removed or changes its meaning; manifests and snapshots carry it.
    A `restricted` dataset holds raw text and lies under `restricted/`.
    """

    name: str
    version: int
    schema: pa.Schema
    restricted: bool = False


def required(name: str, kind: pa.DataType) -> pa.Field:
    """A column that is never null."""
    return pa.field(name, kind, nullable=False)


GOLD = pa.list_(
    pa.struct(
        [
            pa.field("task", pa.string()),
            pa.field("taxonomy", pa.string()),
            pa.field("label_set", pa.string()),
            pa.field("split", pa.string()),
            pa.field("annotator", pa.string()),
            pa.field("labels", pa.list_(pa.string())),
            pa.field("value", pa.float64()),
        ]
    )
)
CUES = pa.list_(
    pa.struct(
        [
            pa.field("channel", pa.string()),
            pa.field("value", pa.string()),
            pa.field("start_ms", pa.int64()),
            pa.field("end_ms", pa.int64()),
        ]
    )
)
META = pa.list_(pa.struct([pa.field("key", pa.string()), pa.field("value", pa.string())]))
SOURCE = pa.struct([pa.field("file", pa.string()), pa.field("position", pa.int64())])
SCORES = pa.list_(
    pa.struct([pa.field("label", pa.string()), pa.field("probability", pa.float32())])
)

# Who said it, where and when: the columns that go from dataset to dataset.
KEYS: list[pa.Field] = [
    required("record_id", pa.string()),
    required("sample_key", pa.uint64()),
    required("corpus", pa.string()),
    required("domain", pa.string()),
    required("partition", pa.string()),
    pa.field("conversation_id", pa.string()),
    pa.field("turn", pa.int32()),
    pa.field("speaker", pa.string()),
    pa.field("role", pa.string()),
    pa.field("created_at", TIMESTAMP),
]
