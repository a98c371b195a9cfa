"""The label stage: kept records of clean become labels, one row per record, never a guessed one."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import xxhash
from pydantic import BaseModel

from pipelines.labelers import load_labeler
from pipelines.stages.row import OPERATIONAL, RowStage
from schemas.config.run import LabelConfig
from schemas.datasets import LABELS
from schemas.datasets.base import KEYS
from schemas.datasets.labels import labels_schema
from schemas.label_task import LabelTask, load_task
from schemas.language_model import is_language_model
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.label.labeler import Labeler
from transforms.label.registry import MODEL, WEIGHTS, is_student

VERSION = 1

_KEYS = [field.name for field in KEYS]
_FURTHER = ("answer", "agreement")


def build(settings: dict[str, Any]) -> RowStage:
    """The stage for one label config, as `settings` describes it."""
    task, taxonomy, labeler = _asked(settings)

    def transform(batch: pl.DataFrame) -> pl.DataFrame:
        return labeled_rows(batch, labeler.label(batch, task, taxonomy), settings)

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
        return [labeled_rows(batch, *pair) for pair in zip(answers, settings, strict=True)]

    return transform


def shared(config: LabelConfig) -> bool:
    """Whether the labeler of a config can answer in one pass with others of which this holds."""
    return is_student(config.labeler)


def _asked(settings: dict[str, Any]) -> tuple[LabelTask, Taxonomy, Labeler]:
    where = settings[OPERATIONAL]
    task, taxonomy = load_task(where["task"]), load_taxonomy(where["taxonomy"])
    return task, taxonomy, load_labeler(where["labeler"], task, taxonomy)


def labeled_rows(
    batch: pl.DataFrame, answers: pl.DataFrame, settings: dict[str, Any]
) -> pl.DataFrame:
    """The rows of labels: who was asked what, and the answers (the labeler protocol) to a batch."""
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
        [*LABELS.schema.names, *(name for name in _FURTHER if name in answers.columns)]
    )


def settings(config: LabelConfig, base: Path, *, clinical: bool = False) -> dict[str, Any]:
    """What determines the answers, for the fingerprint; and, under `where`, whence to load it.

    Files of the user's own (task, taxonomy, weights) are looked for beside the config, in `base`. Of `clinical`
    corpora, the answers of language models keep no free text.
    """
    where = {
        "task": _place(config.task, base, ".yaml", ".yml"),
        "taxonomy": _place(config.taxonomy, base, ".yaml", ".yml"),
        "labeler": _place(config.labeler, base, WEIGHTS, ".yaml", ".yml"),
    }
    task, taxonomy = load_task(where["task"]), load_taxonomy(where["taxonomy"])
    if is_language_model(config.labeler):
        labeler = load_labeler(
            where["labeler"], task, taxonomy, options=config.options, free_text=not clinical
        )
        return {
            "task": [task.name, task.version, _content(task)],
            "taxonomy": [taxonomy.name, taxonomy.version, _content(taxonomy)],
            "labeler": labeler.name,
            "labeler_version": labeler.version,
            "options": config.options,
            "free_text": not clinical,
            OPERATIONAL: where,
        }
    return {
        "task": [task.name, task.version, _content(_of_students(task))],
        "taxonomy": [taxonomy.name, taxonomy.version, _content(taxonomy)],
        "labeler": _name(config.labeler),
        "labeler_version": load_labeler(
            where["labeler"], task, taxonomy, options=config.options
        ).version,
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


def _of_students(task: LabelTask) -> dict[str, Any]:
    # What is said to language models does not change what a student answers.
    return task.model_dump(
        mode="json",
        include={
            "name", "version", "description", "unit", "answer", "taxonomy", "multi_label", "source",
        },
    )  # fmt: skip


def _content(spec: BaseModel | dict[str, Any]) -> str:
    # A file of the user's own may change without a new version: its content counts.
    if isinstance(spec, BaseModel):
        text = spec.model_dump_json()
    else:
        text = json.dumps(spec, separators=(",", ":"), ensure_ascii=False)
    return xxhash.xxh3_128_hexdigest(text.encode())[:16]
