"""The label stage: kept records of clean become labels, one row per record, never a guessed one."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import xxhash
from pydantic import BaseModel

from pipelines.stages.row import OPERATIONAL, RowStage
from schemas.config.run import LabelConfig
from schemas.datasets import LABELS
from schemas.datasets.base import KEYS
from schemas.datasets.labels import labels_schema
from schemas.label_task import LabelTask, load_task
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.label.labeler import Labeler
from transforms.label.registry import MODEL, WEIGHTS, is_student, load_labeler

VERSION = 1

_KEYS = [field.name for field in KEYS]


def build(settings: dict[str, Any]) -> RowStage:
    """The stage for one label config, as `settings` describes it."""
    task, taxonomy, labeler = _asked(settings)

    def transform(batch: pl.DataFrame) -> pl.DataFrame:
        return _rows(batch, labeler.label(batch, task, taxonomy), settings)

    return RowStage(
        name="label",
        dataset="labels",
        columns=[*_KEYS, "text_clean", "lang", "lang_confidence", "lang_source", "outcome"],
        outcome="status",
        outcomes=("labeled", "rejected", "failed"),
        transform=transform,
        only=pl.col("outcome") == "kept",
        schema=labels_schema(task.answer, taxonomy.names),
    )


def together(settings: list[dict[str, Any]]) -> Callable[[pl.DataFrame], list[pl.DataFrame]]:
    """The transforms of several label configs, all of students: each text is read once."""
    from transforms.label.student.student import StudentLabeler
    from transforms.label.student.together import label_together

    questions = []
    for each in settings:
        task, taxonomy, labeler = _asked(each)
        assert isinstance(labeler, StudentLabeler)
        questions.append(labeler.question(task, taxonomy))

    def transform(batch: pl.DataFrame) -> list[pl.DataFrame]:
        answers = label_together(batch, questions)
        return [_rows(batch, *pair) for pair in zip(answers, settings, strict=True)]

    return transform


def shared(config: LabelConfig) -> bool:
    """Whether the labeler of a config can answer in one pass with others of which this holds."""
    return is_student(config.labeler)


def _asked(settings: dict[str, Any]) -> tuple[LabelTask, Taxonomy, Labeler]:
    where = settings[OPERATIONAL]
    task, taxonomy = load_task(where["task"]), load_taxonomy(where["taxonomy"])
    return task, taxonomy, load_labeler(where["labeler"], task, taxonomy)


def _rows(batch: pl.DataFrame, answers: pl.DataFrame, settings: dict[str, Any]) -> pl.DataFrame:
    constants = {
        "task": settings["task"][0],
        "task_version": settings["task"][1],
        "taxonomy": settings["taxonomy"][0],
        "taxonomy_version": settings["taxonomy"][1],
        "labeler": settings["labeler"],
        "labeler_version": settings["labeler_version"],
    }
    told = [pl.lit(value).alias(name) for name, value in constants.items()]
    found = batch.select(_KEYS).with_columns(told).hstack(answers)
    return found.select(
        [*LABELS.schema.names, *(["answer"] if "answer" in answers.columns else [])]
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
        return labeler.replace(MODEL, "student_")
    return "own_" + re.sub(r"[^A-Za-z0-9_-]", "_", Path(labeler).stem)


def _content(spec: BaseModel) -> str:
    # A file of the user's own may change without a new version: its content counts.
    return xxhash.xxh3_128_hexdigest(spec.model_dump_json().encode())[:16]
