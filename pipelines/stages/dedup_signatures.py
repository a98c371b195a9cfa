"""The signatures stage: kept rows of clean become what the dedup stage compares."""

from typing import Any

import polars as pl

from pipelines.stages.row import RowStage
from schemas.config.dedup import DedupConfig
from schemas.datasets.base import KEYS
from transforms.dedup.layout import Layout, layout
from transforms.dedup.signatures import algorithm, signatures


def settings(config: DedupConfig) -> dict[str, Any]:
    """What determines signatures."""
    if not config.near:
        return {"layout": None, "algorithm": None}
    chosen = layout(config.threshold)
    return {"layout": [chosen.bands, chosen.rows], "algorithm": algorithm()}


def build(settings: dict[str, Any]) -> RowStage:
    """The stage for such settings."""
    bands = Layout(*settings["layout"]) if settings["layout"] else None

    def transform(batch: pl.DataFrame) -> pl.DataFrame:
        made = signatures(batch, bands)
        # Every row has a signature: its outcome is for the counts only.
        return made.with_columns(
            pl.lit("kept").alias("outcome"), pl.lit(None, dtype=pl.String).alias("reason")
        )

    return RowStage(
        name="signatures",
        dataset="signatures",
        columns=[*(field.name for field in KEYS), "text_clean", "reply_to", "gold", "outcome"],
        outcome="outcome",
        outcomes=("kept",),
        transform=transform,
        only=pl.col("outcome") == "kept",
    )
