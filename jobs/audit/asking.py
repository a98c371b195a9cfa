"""Asks a labeler for the answers that an audit compares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from jobs.evaluation.answers import Answers as Frame
from pipelines.labelers import load_labeler
from schemas.errors import ConfigError
from schemas.label_task import LabelTask, load_task
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.audit.answers import Answers
from transforms.label.labeler import Labeler

BATCH = 10_000
Named = tuple[LabelTask, Taxonomy, str]  # a task, a taxonomy and the name of a labeler


@dataclass(frozen=True)
class Asked:
    """A labeler and what it is asked."""

    labeler: Labeler
    task: LabelTask
    taxonomy: Taxonomy

    @property
    def names(self) -> list[str]:
        """The labels, or dimensions."""
        return list(self.taxonomy.names)

    @property
    def about(self) -> dict[str, str]:
        """What was asked, and of whom."""
        return {
            "task": self.task.name,
            "taxonomy": self.taxonomy.name,
            "labeler": self.labeler.name,
            "labeler_version": self.labeler.version,
        }

    def ask(
        self,
        frame: pl.DataFrame,
        texts: pl.Series | None = None,
        *,
        size: int = BATCH,
        order: NDArray[np.int64] | None = None,
        taxonomy: Taxonomy | None = None,
    ) -> Answers:
        """Answers to the rows of `frame` (text_clean, lang …), or to other `texts` in their place.

        `size`: rows a batch; `order`: in which the rows are asked (the answers are put back); `taxonomy`: the same
        labels in another order (the answers are in ours).
        """
        batch = frame if texts is None else frame.with_columns(texts.alias("text_clean"))
        if order is not None:
            batch = batch[order]
        starts = range(0, max(1, len(batch)), size)
        asked = taxonomy or self.taxonomy
        parts = [self.labeler.label(batch.slice(start, size), self.task, asked) for start in starts]
        answers = pl.concat(parts)
        if order is not None:
            answers = answers[np.argsort(order)]
        return matrices(answers, self.task, self.taxonomy)


def named(labeler: str, task: str, taxonomy: str | None) -> Named:
    """A task, a taxonomy and the name of a labeler that need not be loaded. ConfigError: one is not known."""
    asked = load_task(task)
    return asked, load_taxonomy(taxonomy or asked.taxonomy), labeler


def who(labeler: str, task: str, taxonomy: str | None) -> Asked:
    """A labeler bound to a task and taxonomy, by their names. ConfigError: one of them is not known."""
    asked = load_task(task)
    labels = load_taxonomy(taxonomy or asked.taxonomy)
    return Asked(load_labeler(labeler, asked, labels), asked, labels)


def matrices(answers: pl.DataFrame, task: LabelTask, taxonomy: Taxonomy) -> Answers:
    """Matrices from the columns of a labeler's answers."""
    told, names = Frame("", "", answers), list(taxonomy.names)
    values = told.numbers(names) if task.answer == "scalars" else None
    return Answers(told.labeled, told.given(names), told.probabilities(names), values)


def require_labels(asked: Asked | LabelTask, audit: str) -> None:
    """ConfigError where a task is answered by numbers alone."""
    task = asked.task if isinstance(asked, Asked) else asked
    if task.answer == "scalars":
        raise ConfigError(
            f"The audit {audit} compares labels; {task.name} is answered by numbers.",
            remedy="Choose a task with labels, such as --task emotion.",
        )
