"""labels: one row per record, task, taxonomy and labeler. No row is ever guessed.

Files are kept apart by task, taxonomy and labeler; those of tasks that are answered by numbers have one more column,
`answer`, null unless labeled: a struct with a field for each name of the taxonomy.
"""

from collections.abc import Sequence
from typing import Literal

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

_ANSWERS = {"scalars": pa.float32(), "ordinals": pa.int8()}


def labels_schema(
    answer: Literal["labels", "scalars", "ordinals", "words", "fields"], names: Sequence[str]
) -> pa.Schema:
    """The columns of the files of a task that is answered so, in a taxonomy with these names."""
    if answer not in _ANSWERS:
        return LABELS.schema
    fields = [pa.field(name, _ANSWERS[answer]) for name in names]
    return LABELS.schema.append(pa.field("answer", pa.struct(fields)))


def labels_schema_of(kind: pa.StructType | None, *, voted: bool = False) -> pa.Schema:
    """The columns of the files of a task whose typed answer is of this kind (None: it has none).

    Answers that were `voted` on have one more: `agreement`, the share of the voters who say what was voted.
    """
    schema = LABELS.schema if kind is None else LABELS.schema.append(pa.field("answer", kind))
    return schema.append(pa.field("agreement", pa.float64())) if voted else schema
