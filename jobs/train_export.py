"""A training corpus that `affectmine export` made, as what a student is trained on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import ConfigError, SourceError
from schemas.taxonomy import taxonomy_names

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Corpus:
    """The examples of the split train, and what their labels are of. `taxonomy` is None where a file named it."""

    rows: pl.DataFrame
    task: str
    taxonomy: str | None


def read_export(folder: Path) -> Corpus:
    """Reads an export of the format classification. Raises ConfigError or SourceError: it is none, or has no train."""
    import polars as pl

    try:
        spec = json.loads((folder / "export.json").read_bytes())["spec"]
        kind, task, taxonomy = (str(spec[name]) for name in ("format", "task", "taxonomy"))
    except (OSError, ValueError, KeyError, TypeError):
        raise SourceError(
            f"{folder} is no training corpus: it has no export.json that can be read.",
            remedy="Give a file with texts and labels, or a folder that affectmine export made.",
        ) from None
    if kind != "classification":
        raise ConfigError(
            f"{folder} has the format {kind}; a student learns from texts with labels.",
            remedy="Export with format: classification.",
        )
    files = sorted((folder / "data").glob("train-*.parquet"))
    if not files:
        raise SourceError(
            f"{folder} has no examples in the split train.",
            remedy="Look at its README.md: what was left out?",
        )
    try:
        rows = pl.concat([pl.read_parquet(file) for file in files])
    except (OSError, pl.exceptions.PolarsError):
        raise SourceError(
            f"{files[0]} cannot be read as Parquet.",
            remedy="Make it again: affectmine export --replace.",
        ) from None
    return Corpus(rows, task, taxonomy if taxonomy in taxonomy_names() else None)
