"""records: what ingest read, raw text included. Restricted."""

import pyarrow as pa

from schemas.datasets.base import CUES, GOLD, KEYS, META, SOURCE, Dataset, required

RECORDS = Dataset(
    name="records",
    version=1,
    restricted=True,
    schema=pa.schema(
        [
            *KEYS,
            required("revision", pa.int64()),  # edited posts: the newest revision wins
            pa.field("reply_to", pa.string()),  # record_id of the parent
            required("text", pa.string()),
            pa.field("pii_hints", pa.list_(pa.string())),  # names only the reader can know
            pa.field("cues", CUES),
            pa.field("lang", pa.string()),  # as declared by the source, BCP 47
            pa.field("start_ms", pa.int64()),
            pa.field("end_ms", pa.int64()),
            pa.field("gold", GOLD),
            pa.field("meta", META),
            required("source", SOURCE),
        ]
    ),
)
