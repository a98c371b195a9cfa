"""quarantine: what could not be read. The raw bytes lie under `restricted/`, never here."""

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
            pa.field("raw_file", pa.string()),  # where the raw bytes are kept, under restricted/
        ]
    ),
)
