"""The label stage: kept records of clean become labels, one row per record, never a guessed one."""

from typing import Any

import polars as pl

from pipelines.stages.row import RowStage
from schemas.datasets import LABELS
from schemas.datasets.base import KEYS
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.label.registry import load_labeler

VERSION = 1

_KEYS = [field.name for field in KEYS]


def build(settings: dict[str, Any]) -> RowStage:
    """The stage for one label config; settings also pin the versions of task, taxonomy, labeler."""
    task = load_task(settings["task"])
    taxonomy = load_taxonomy(settings["taxonomy"])
    labeler = load_labeler(settings["labeler"], task, taxonomy)
    constants = [
        pl.lit(task.name).alias("task"),
        pl.lit(task.version).alias("task_version"),
        pl.lit(taxonomy.name).alias("taxonomy"),
        pl.lit(taxonomy.version).alias("taxonomy_version"),
        pl.lit(labeler.name).alias("labeler"),
        pl.lit(labeler.version).alias("labeler_version"),
    ]

    def transform(batch: pl.DataFrame) -> pl.DataFrame:
        answers = labeler.label(batch, task, taxonomy)
        keys = batch.select(_KEYS).with_columns(constants)
        return keys.hstack(answers).select(LABELS.schema.names)

    return RowStage(
        name="label",
        version=VERSION,
        dataset="labels",
        columns=[*_KEYS, "text_clean", "lang", "lang_confidence", "lang_source", "outcome"],
        outcome="status",
        outcomes=("labeled", "rejected", "failed"),
        transform=transform,
        only=pl.col("outcome") == "kept",
    )


def settings(task: str, taxonomy: str, labeler: str) -> dict[str, Any]:
    """What determines the answers: names and versions, for the fingerprint and the workers."""
    loaded_task, loaded_taxonomy = load_task(task), load_taxonomy(taxonomy)
    version = load_labeler(labeler, loaded_task, loaded_taxonomy).version
    return {
        "task": task,
        "task_version": loaded_task.version,
        "taxonomy": taxonomy,
        "taxonomy_version": loaded_taxonomy.version,
        "labeler": labeler,
        "labeler_version": version,
    }
