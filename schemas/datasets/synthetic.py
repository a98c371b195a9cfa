"""synthetic: generated rows with their provenance; and drafts: what was generated, before all of it is compared."""

import pyarrow as pa

from schemas.datasets.base import KEYS, META, Dataset, required

MODELS = pa.list_(
    pa.struct(
        [
            pa.field("role", pa.string()),
            pa.field("model", pa.string()),
            pa.field("revision", pa.string()),
        ]
    )
)
JUDGE_SCORES = pa.list_(
    pa.struct(
        [
            pa.field("rubric", pa.string()),
            pa.field("score", pa.float32()),  # expected value under the probabilities
            pa.field("probabilities", pa.list_(pa.float32())),  # of the levels, the lowest first
        ]
    )
)

_SCHEMA = pa.schema(
    [
        *KEYS,  # corpus is the name of the synthesis; domain that of its seeds, else synthetic
        pa.field("text_clean", pa.string()),  # null where nothing was generated
        pa.field("lang", pa.string()),
        required("recipe", pa.string()),
        required("recipe_version", pa.int32()),
        required("item", pa.string()),  # all pieces that were made together share it
        required("part", pa.string()),  # utterance, turn, prompt, chosen, rejected …
        pa.field("task", pa.string()),
        pa.field("taxonomy", pa.string()),
        pa.field("target", pa.list_(pa.string())),  # labels that it was asked to show
        required("seed_record_ids", pa.list_(pa.string())),
        required("generator", pa.string()),
        pa.field("models", MODELS),
        pa.field("parameters", META),
        pa.field("judge_scores", JUDGE_SCORES),
        pa.field("checker", pa.string()),  # labeler of the label check; null: not checked
        pa.field("checked_labels", pa.list_(pa.string())),
        pa.field("agreed", pa.bool_()),
        pa.field("score", pa.float64()),  # reward, where the recipe gives one
        required("outcome", pa.string()),  # kept | dropped
        pa.field("reason", pa.string()),
    ]
)
SYNTHETIC = Dataset(name="synthetic", version=2, schema=_SCHEMA)
DRAFTS = Dataset(name="drafts", version=1, schema=_SCHEMA)
