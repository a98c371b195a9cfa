"""annotations: what people said of records when asked (`affectmine annotate import`), one entry a row.

`task` to `value` are those of an entry of `gold` (schemas.datasets.base): labels of a text stand in `labels`; numbers
and levels have a row for each dimension, which `label_set` names. A row without an annotator is what was declared right
(Label Studio's ground truth). Files are kept apart by task and taxonomy.
"""

import pyarrow as pa

from schemas.datasets.base import KEYS, TIMESTAMP, Dataset, required

ANNOTATIONS = Dataset(
    name="annotations",
    version=1,
    schema=pa.schema(
        [
            *KEYS,
            required("revision", pa.int64()),  # of the text that was shown
            required("task", pa.string()),
            required("taxonomy", pa.string()),
            pa.field("label_set", pa.string()),
            pa.field("split", pa.string()),
            pa.field("annotator", pa.string()),  # keyed pseudonym
            pa.field("labels", pa.list_(pa.string())),
            pa.field("value", pa.float64()),
            pa.field("weight", pa.float64()),  # 1 / probability of having been sampled
            pa.field("annotated_at", TIMESTAMP),
            required("version", pa.int32()),  # 2: this annotator's second answer, and so on
            required("source", pa.string()),  # keyed id of the import
        ]
    ),
)
