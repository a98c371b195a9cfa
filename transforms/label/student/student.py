"""The student: the labeler that is always there. No server, no download, some µs per short text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from schemas.errors import ConfigError
from transforms.label.student.catalog import SHIPPED, answered, shipped, shipped_for
from transforms.label.student.engine import engine_of
from transforms.label.student.seen import seen_texts
from transforms.label.student.together import Question, label_together
from transforms.label.student.weights import StudentWeights, load_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from schemas.label_task import LabelTask
    from schemas.taxonomy import Taxonomy

NAME: Final = "student"


class StudentLabeler:
    """Linear models over hashed n-grams (weights.py), scored by a compiled kernel (kernel.py).

    The same text gets the same answer whatever its batch, thread or machine. Instances may be
    shared between threads; scoring releases the GIL. Of several models, a row goes to the first that
    knows its language.
    """

    name = NAME

    def __init__(self, *models: StudentWeights) -> None:
        self.models = models
        self.version = "+".join(model.version for model in models)
        self.languages = frozenset(code for model in models for code in model.languages)

    @property
    def weights(self) -> StudentWeights:
        """The weights of the first model."""
        return self.models[0]

    @classmethod
    def load(cls, path: str | Path | None = None) -> StudentLabeler:
        """Load one model: the shipped one of the emotion task (once per process), or one that `affectmine train`
        wrote.
        """
        return cls(shipped(SHIPPED) if path is None else load_weights(Path(path)))

    @classmethod
    def load_for(cls, task: LabelTask, taxonomy: Taxonomy) -> StudentLabeler:
        """Load the shipped models that answer a task in a taxonomy.

        Raises ConfigError when none does, and says what is answered.
        """
        models = shipped_for(task.name, taxonomy)
        if not models:
            known = ", ".join(f"{name} in {' or '.join(all_)}" for name, all_ in answered().items())
            raise ConfigError(
                f"No student that ships answers the task {task.name!r} in the taxonomy {taxonomy.name!r} "
                f"with these labels; there are: {known}.",
                remedy="Choose one of those, or train a student of your own (affectmine train).",
            )
        return cls(*models)

    def label(self, batch: pl.DataFrame, task: LabelTask, taxonomy: Taxonomy) -> pl.DataFrame:
        """One answer per row, in order: see `Labeler.label`.

        Rejected: `empty_text`, `too_long` (over 4 MiB), `language:<code>`, and `no_known_feature`
        for a text in which the model knows nothing (its answer would be the prior: a guess).
        """
        return label_together(batch, [self.question(task, taxonomy)])[0]

    def question(self, task: LabelTask, taxonomy: Taxonomy) -> Question:
        """What `label` asks its models, for `label_together` with those of other students.

        Raises ConfigError when this student cannot answer the task in the taxonomy.
        """
        for model in self.models:
            _require(model, task, taxonomy)
        return Question(taxonomy.name, self.models)

    def thresholds(self, taxonomy: Taxonomy) -> dict[str, float]:
        """Probability from which each label of a taxonomy is given, where the head gives labels so.

        Empty where one answer is the best of several, where there are several models, or languages have thresholds of
        their own.
        """
        head = self.weights.heads.get(taxonomy.name)
        if head is None or head.kind != "labels" or len(self.models) > 1 or head.languages:
            return {}
        return dict(zip(head.labels, (round(float(t), 4) for t in head.threshold[0]), strict=True))

    def seen(self, texts: pl.Series) -> NDArray[np.bool_]:
        """Whether each text was among those that one of the models was trained on (rows)."""
        found = np.zeros(len(texts), np.bool_)
        for model in self.models:
            found |= seen_texts(texts, model.seen)
        return found

    def scores(self, texts: pl.Series) -> NDArray[np.float32]:
        """Linear scores of the first model before any head, (rows, columns); for training and tests."""
        found, _ = engine_of(self.models[:1]).score(texts, np.ones(len(texts), np.uint32))
        return found[:, : len(self.weights.bias)]


def _require(model: StudentWeights, task: LabelTask, taxonomy: Taxonomy) -> None:
    tasks = {head.task for head in model.heads.values()}
    if task.name not in tasks:
        raise ConfigError(
            f"The student {model.version} answers the task {', '.join(map(repr, sorted(tasks)))}, "
            f"not {task.name!r}.",
            remedy="Train one for it (affectmine train) or choose another labeler.",
        )
    head = model.heads.get(taxonomy.name)
    if head is None or head.task != task.name or head.labels != taxonomy.names:
        known = ", ".join(sorted(n for n, h in model.heads.items() if h.task == task.name))
        what = "is unknown to it" if head is None else "has other labels (or another order) there"
        raise ConfigError(
            f"The student {model.version} answers in the taxonomies {known}; "
            f"{taxonomy.name!r} {what}.",
            remedy="Choose one of those, or train a student for it.",
        )
