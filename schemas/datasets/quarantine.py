"""quarantine: what could not be read. The raw bytes lie in quarantine_raw, which is restricted."""

import pyarrow as pa

from schemas.datasets.base import Dataset, required

QUARANTINE = Dataset(
    name="quarantine",
    version=1,
    schema=pa.schema(
        [
            required("stage", pa.string()),
            required("corpus", pa.string()),
            required("source_file", pa.string()),  # keyed file id
            required("position", pa.int64()),  # native unit in the file, from 0
            required("byte_offset", pa.int64()),  # in the decompressed stream; -1 where unknown
            required("byte_length", pa.int64()),
            required("error_class", pa.string()),
            required("message", pa.string()),  # without content
        ]
    ),
)

# Not written for clinical corpora: there the place in the source is all that is kept.
QUARANTINE_RAW = Dataset(
    name="quarantine_raw",
    version=1,
    restricted=True,
    schema=pa.schema(
        [
            required("corpus", pa.string()),
            required("source_file", pa.string()),
            required("position", pa.int64()),
            required("byte_offset", pa.int64()),
            required("raw", pa.binary()),  # the first 64 KiB
        ]
    ),
)
