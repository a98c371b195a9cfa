"""The clean stage: records become clean, one outcome per record."""

from typing import Any

from pipelines.stages.row import RowStage
from schemas.config.clean import CleanConfig
from schemas.datasets import RECORDS
from schemas.errors import TerminalError
from transforms.clean.clean import clean
from transforms.clean.ner import recognizer

NER_VERSION = "ner_version"
"""The key under which a task's settings may carry the version of the recognizer: it belongs to their meaning."""


def ner_version(config: CleanConfig) -> str | None:
    """The version of the configured recognizer, loaded for it; None without one."""
    return None if config.ner is None else str(recognizer(config.ner).version)


def build(settings: dict[str, Any]) -> RowStage:
    """The stage for a semantic clean config, which may hold NER_VERSION beside its keys."""
    settings = dict(settings)
    wanted = settings.pop(NER_VERSION, None)
    config = CleanConfig.model_validate(settings)
    if wanted is not None and ner_version(config) != wanted:
        raise TerminalError(
            f"This machine has another version of the recognizer {config.ner!r} than the run was planned with.",
            remedy="Install the same version everywhere, or start the run anew.",
        )
    return RowStage(
        name="clean",
        dataset="clean",
        columns=[name for name in RECORDS.schema.names if name != "source"],
        outcome="outcome",
        outcomes=("kept", "dropped"),
        transform=lambda batch: clean(batch, config),
    )
