"""labels: one row per record, task, taxonomy and labeler. No row is ever guessed."""

import pyarrow as pa

from schemas.datasets.base import KEYS, SCORES, Dataset, required

LABELS = Dataset(
    name="labels",
    version=1,
    schema=pa.schema(
        [
            *KEYS,
            required("task", pa.string()),
            required("task_version", pa.string()),
            required("taxonomy", pa.string()),
            required("taxonomy_version", pa.string()),
            required("labeler", pa.string()),
            required("labeler_version", pa.string()),
            required("status", pa.string()),  # labeled | rejected | failed
            pa.field("labels", pa.list_(pa.string())),
            pa.field("scores", SCORES),
            pa.field("reason", pa.string()),
        ]
    ),
)
