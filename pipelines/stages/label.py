"""The label stage: kept records of clean become labels, one row per record, never a guessed one."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import xxhash
from pydantic import BaseModel

from pipelines.stages.row import OPERATIONAL, RowStage
from schemas.config.run import LabelConfig
from schemas.datasets import LABELS
from schemas.datasets.base import KEYS
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.label.registry import WEIGHTS, load_labeler

VERSION = 1

_KEYS = [field.name for field in KEYS]


def build(settings: dict[str, Any]) -> RowStage:
    """The stage for one label config, as `settings` describes it."""
    where = settings[OPERATIONAL]
    task, taxonomy = load_task(where["task"]), load_taxonomy(where["taxonomy"])
    labeler = load_labeler(where["labeler"], task, taxonomy)
    constants = [
        pl.lit(task.name).alias("task"),
        pl.lit(task.version).alias("task_version"),
        pl.lit(taxonomy.name).alias("taxonomy"),
        pl.lit(taxonomy.version).alias("taxonomy_version"),
        pl.lit(settings["labeler"]).alias("labeler"),
        pl.lit(labeler.version).alias("labeler_version"),
    ]

    def transform(batch: pl.DataFrame) -> pl.DataFrame:
        answers = labeler.label(batch, task, taxonomy)
        keys = batch.select(_KEYS).with_columns(constants)
        return keys.hstack(answers).select(LABELS.schema.names)

    return RowStage(
        name="label",
        dataset="labels",
        columns=[*_KEYS, "text_clean", "lang", "lang_confidence", "lang_source", "outcome"],
        outcome="status",
        outcomes=("labeled", "rejected", "failed"),
        transform=transform,
        only=pl.col("outcome") == "kept",
    )


def settings(config: LabelConfig, base: Path) -> dict[str, Any]:
    """What determines the answers, for the fingerprint; and, under `where`, whence to load it.

    Files of the user's own (task, taxonomy, weights) are looked for beside the config, in `base`.
    """
    where = {
        "task": _place(config.task, base, ".yaml", ".yml"),
        "taxonomy": _place(config.taxonomy, base, ".yaml", ".yml"),
        "labeler": _place(config.labeler, base, WEIGHTS),
    }
    task, taxonomy = load_task(where["task"]), load_taxonomy(where["taxonomy"])
    return {
        "task": [task.name, task.version, _content(task)],
        "taxonomy": [taxonomy.name, taxonomy.version, _content(taxonomy)],
        "labeler": _name(config.labeler),
        "labeler_version": load_labeler(where["labeler"], task, taxonomy).version,
        OPERATIONAL: where,
    }


def variant(wanted: dict[str, Any]) -> str:
    """The folder of a label stage's files below labels/."""
    return f"{wanted['task'][0]}/{wanted['taxonomy'][0]}/{wanted['labeler']}"


def _place(name: str, base: Path, *suffixes: str) -> str:
    return str(base / name) if name.endswith(suffixes) else name


def _name(labeler: str) -> str:
    # Weights of the user's own are another labeler than the shipped student, whatever their file is called.
    if not labeler.endswith(WEIGHTS):
        return labeler
    return "own_" + re.sub(r"[^A-Za-z0-9_-]", "_", Path(labeler).stem)


def _content(spec: BaseModel) -> str:
    # A file of the user's own may change without a new version: its content counts.
    return xxhash.xxh3_128_hexdigest(spec.model_dump_json().encode())[:16]
