"""selection: which rows of a cascade go on to its second labeler (stage select).

One row for each kept row of clean, in its order. `labeler` has answered first, `cascade` is the labeler that is asked
about the rows that are kept. `audit` marks the random sample of all rows that it is asked about in any case; `reason`
says why a row is asked about (margin, unanswered; audit: for the sample alone) or not (confident, over_budget,
no_margin; dedup: the row was not labeled at all).
"""

import pyarrow as pa

from schemas.datasets.base import KEYS, Dataset, required

SELECTION = Dataset(
    name="selection",
    version=1,
    schema=pa.schema(
        [
            *KEYS,
            required("task", pa.string()),
            required("taxonomy", pa.string()),
            required("labeler", pa.string()),
            required("cascade", pa.string()),
            pa.field("margin", pa.float64()),  # null where there is none: not answered
            required("audit", pa.bool_()),
            required("outcome", pa.string()),  # kept | dropped
            required("reason", pa.string()),
        ]
    ),
)
