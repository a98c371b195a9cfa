"""clean: redacted text, language, quality measures, and one outcome per record."""

import pyarrow as pa

from schemas.datasets.base import CUES, GOLD, KEYS, META, Dataset, required

PII = pa.list_(
    pa.struct(
        [
            pa.field("kind", pa.string()),
            pa.field("start", pa.int32()),  # code points into the raw text, half open
            pa.field("end", pa.int32()),
        ]
    )
)

CLEAN = Dataset(
    name="clean",
    version=1,
    schema=pa.schema(
        [
            *KEYS,
            required("revision", pa.int64()),
            pa.field("reply_to", pa.string()),
            pa.field("start_ms", pa.int64()),
            pa.field("end_ms", pa.int64()),
            pa.field("cues", CUES),
            pa.field("gold", GOLD),
            pa.field("meta", META),
            pa.field(
                "text_clean", pa.string()
            ),  # null where the text itself was the reason to drop
            pa.field("lang", pa.string()),  # declared, else detected, else null
            pa.field("lang_confidence", pa.float32()),
            required("lang_source", pa.string()),  # declared | detected | unknown
            required("n_chars", pa.int32()),
            required("n_words", pa.int32()),
            required("n_letters", pa.int32()),
            required("n_emoji", pa.int32()),
            required("n_urls", pa.int32()),
            required("n_mentions", pa.int32()),
            required("n_hashtags", pa.int32()),
            pa.field(
                "upper_ratio", pa.float32()
            ),  # upper-case letters per letter; null without letters
            pa.field(
                "symbol_ratio", pa.float32()
            ),  # neither letter, digit nor space, per character
            pa.field("pii", PII),
            required("outcome", pa.string()),  # kept | dropped
            pa.field("reason", pa.string()),
        ]
    ),
)
