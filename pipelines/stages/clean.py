"""The clean stage: records become clean, one outcome per record."""

from typing import Any

from pipelines.stages.row import RowStage
from schemas.config.clean import CleanConfig
from schemas.datasets import RECORDS
from transforms.clean.clean import VERSION, clean


def build(settings: dict[str, Any]) -> RowStage:
    """The stage for a semantic clean config."""
    config = CleanConfig.model_validate(settings)
    return RowStage(
        name="clean",
        version=VERSION,
        dataset="clean",
        columns=[name for name in RECORDS.schema.names if name != "source"],
        outcome="outcome",
        outcomes=("kept", "dropped"),
        transform=lambda batch: clean(batch, config),
    )
