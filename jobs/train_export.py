"""A training corpus that `affectmine export` made, as what a student is trained on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import ConfigError, SourceError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy, taxonomy_names

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Corpus:
    """The examples of the split train, and what their labels are of. `taxonomy` is None where a file named it."""

    rows: pl.DataFrame
    task: str
    taxonomy: str | None

    def gold(self, task: LabelTask, taxonomy: Taxonomy) -> pl.DataFrame:
        """The rows as gold. Numbers are brought into the range of gold: an export has them in that of answers."""
        import polars as pl

        if task.answer != "scalars" or taxonomy.gold_range is None:
            return self.rows
        (low, high), (least, most) = taxonomy.range or (0.0, 1.0), taxonomy.gold_range
        return self.rows.with_columns(
            (pl.col(name) - low) / (high - low) * (most - least) + least
            for name in taxonomy.names
            if name in self.rows.columns
        )


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
    known = taxonomy if taxonomy in taxonomy_names() else None
    return Corpus(rows, task, known)
