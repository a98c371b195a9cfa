"""Small tables of a user's own, such as gold: a file that is read whole."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from schemas.errors import SourceError

_KINDS = {".parquet": "Parquet", ".csv": "CSV", ".jsonl": "JSON lines", ".ndjson": "JSON lines"}


def read_small_table(path: Path, noun: str = "") -> pl.DataFrame:
    """The rows of a Parquet, CSV, JSON lines or (any other ending) TSV file; cells of CSV and TSV are strings.

    `noun` names the file in messages. Raises SourceError when it cannot be read.
    """
    kind = _KINDS.get(path.suffix, "TSV")
    try:
        if kind == "Parquet":
            return pl.read_parquet(path)
        if kind == "JSON lines":
            return pl.read_ndjson(path, infer_schema_length=None)
        if kind == "CSV":
            return pl.read_csv(path, infer_schema=False)
        return pl.read_csv(path, separator="\t", quote_char=None, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        # What Polars says may hold a piece of the file.
        reason = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
        raise SourceError(
            f"{noun}{path} cannot be read as {kind}{reason}.",
            remedy="Give a Parquet, CSV (comma, quotes), JSON lines or TSV (tab, no quotes) file, in UTF-8.",
        ) from None
