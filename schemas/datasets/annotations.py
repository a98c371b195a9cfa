"""annotations: what people answered about records of the lake (`affectmine annotate import`).

One row per record, annotator, task, taxonomy and label_set. As in gold entries, `label_set` is the labels that could be
given (joined by blanks, sorted; null: all of the taxonomy), or the dimension of a `value`. An annotator is a keyed
pseudonym; null where the file told none: then the row stands for what all agreed on.
"""

import pyarrow as pa

from schemas.datasets.base import KEYS, TIMESTAMP, Dataset, required

ANNOTATIONS = Dataset(
    name="annotations",
    version=1,
    schema=pa.schema(
        [
            *KEYS,
            required("task", pa.string()),
            required("taxonomy", pa.string()),
            pa.field("label_set", pa.string()),
            pa.field("annotator", pa.string()),  # keyed
            pa.field("labels", pa.list_(pa.string())),  # null for numbers; empty: none applies
            pa.field("value", pa.float64()),  # on the scale of gold
            pa.field("weight", pa.float64()),
            pa.field("annotated_at", TIMESTAMP),
            required("file", pa.string()),  # keyed
        ]
    ),
)
