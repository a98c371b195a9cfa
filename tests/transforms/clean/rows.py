"""Records made from texts."""

from typing import Any

import polars as pl


def records(
    texts: list[str], domain: str | list[str] = "social", **columns: list[Any]
) -> pl.DataFrame:
    """Records with these texts and, where given, these other columns."""
    height = len(texts)
    return pl.DataFrame(
        {
            "record_id": [f"r{row}" for row in range(height)],
            "sample_key": pl.Series(range(height), dtype=pl.UInt64),
            "corpus": ["made"] * height,
            "domain": [domain] * height if isinstance(domain, str) else domain,
            "partition": ["2026-03-02"] * height,
            "revision": [0] * height,
            "text": texts,
        }
        | columns,
        schema_overrides={
            "text": pl.String,
            "corpus": pl.String,
            "domain": pl.String,
            "revision": pl.Int64,
        },
    )
