"""Labeler files that are not there yet, because a server that will be started writes them."""

from pathlib import Path

from schemas.config.run import LabelConfig, RunConfig
from schemas.language_model import is_language_model


def unserved(config: RunConfig, stage: LabelConfig, base: Path) -> bool:
    """Whether the labeler file of a label stage is still to be written by the DAG's task `serve` (airflow.serve)."""
    serve = config.airflow.serve if config.airflow is not None else None
    if serve is None or not is_language_model(stage.labeler) or (base / stage.labeler).exists():
        return False
    asked = [each.labeler for each in config.label if is_language_model(each.labeler)]
    return base / (serve.labeler or asked[0]) == base / stage.labeler
