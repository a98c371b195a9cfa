"""synthetic: generated rows with their provenance (stage synthesize)."""

import pyarrow as pa

from schemas.datasets.base import KEYS, META, Dataset, required

SYNTHETIC = Dataset(
    name="synthetic",
    version=1,
    schema=pa.schema(
        [
            *KEYS,
            pa.field("text_clean", pa.string()),
            pa.field("lang", pa.string()),
            required("recipe", pa.string()),
            required("recipe_version", pa.int32()),
            required("seed_record_ids", pa.list_(pa.string())),
            required("generator", pa.string()),
            pa.field("parameters", META),
            pa.field(
                "judge_scores",
                pa.list_(
                    pa.struct([pa.field("rubric", pa.string()), pa.field("score", pa.float32())])
                ),
            ),
            required("outcome", pa.string()),  # kept | dropped
            pa.field("reason", pa.string()),
        ]
    ),
)
