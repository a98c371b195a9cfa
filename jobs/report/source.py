"""Where a report's numbers come from: the snapshot's views, marts and parts, and which question is the main one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Protocol

import polars as pl

from pipelines.lake.lake import Lake
from pipelines.lake.snapshots import State
from pipelines.query.views import literal
from schemas.errors import ConfigError
from schemas.label_task import load_task
from schemas.manifest import Snapshot
from schemas.mart import Mart, load_mart

MOST_CORPORA: Final = 12
MOST_LABELS: Final = 30
MOST_SHOWN: Final = 3  # corpora of a mart


class Frames(Protocol):
    """What answers SELECT statements: `pipelines.query.catalog.Catalog`."""

    def frame(self, sql: str) -> pl.DataFrame:
        """The rows of one SELECT."""


@dataclass(frozen=True)
class Question:
    """What was asked of records, with which labels, and who answered."""

    task: str
    taxonomy: str
    labeler: str

    @property
    def told(self) -> str:
        """In words."""
        return f"{self.task} ({self.taxonomy}) by {self.labeler}"


@dataclass(frozen=True)
class Focus:
    """The rows of a mart that a picture is about. `corpora`: how many there are in all."""

    question: Question | None
    corpus: str
    corpora: int = 1

    @property
    def where(self) -> str:
        """SQL: the condition."""
        told = f"corpus = {literal(self.corpus)}"
        if self.question is None:
            return told
        q = self.question
        asked = zip(("task", "taxonomy", "labeler"), (q.task, q.taxonomy, q.labeler), strict=True)
        return " AND ".join([told, *(f"{column} = {literal(value)}" for column, value in asked)])

    @property
    def told(self) -> str:
        """In words, for a caption."""
        return self.corpus if self.question is None else f"{self.corpus}: {self.question.told}"


@dataclass(frozen=True)
class Source:
    """A snapshot that is open for questions. `views`: the names that SQL can ask; `unbuilt`: marts that could not be
    built, and why.
    """

    frames: Frames
    views: frozenset[str]
    lake: Lake | None = None
    snapshot: Snapshot | None = None
    parts: State = field(default_factory=dict)
    unbuilt: Mapping[str, str] = field(default_factory=dict)

    def frame(self, sql: str) -> pl.DataFrame:
        """The rows of one SELECT."""
        return self.frames.frame(sql)

    def missing(self, mart: str) -> str | None:
        """Why the mart is not there; None where it is."""
        if f"mart_{mart}" in self.views:
            return None
        why = self.unbuilt.get(mart)
        return (
            f"This mart is not built and cannot be built here: {why}"
            if why
            else "This mart is not built in this lake."
        )

    @cached_property
    def questions(self) -> list[Question]:
        """All questions that are labeled: emotion before other tasks, then by rows, fewer labels first."""
        if "mart_label_counts" not in self.views:
            return []
        found = self.frame(
            "SELECT task, taxonomy, labeler, sum(n) AS n, count(DISTINCT label) AS labels FROM mart_label_counts "
            "GROUP BY task, taxonomy, labeler ORDER BY task <> 'emotion', abs(labels - 10), n DESC, 1, 2, 3"
        )
        return [Question(*row[:3]) for row in found.iter_rows()]

    @cached_property
    def uncounted(self) -> str:
        """Why there are no questions: nothing is labeled, or the answers are words or numbers."""
        told = "SELECT DISTINCT task FROM labels WHERE status = 'labeled' ORDER BY task"
        tasks = self.frame(told)["task"].to_list() if "labels" in self.views else []
        if not tasks:
            return "No record is labeled."
        kinds = {_ANSWERS[kind] for task in tasks if (kind := _answer(task)) in _ANSWERS}
        by = f" by {' and '.join(sorted(kinds))}" if kinds else ""
        return f"Answered{by}: no labels to count."

    @cached_property
    def _labeled(self) -> dict[str, int]:
        """Labels given in each corpus: how large it is."""
        if "mart_label_counts" not in self.views:
            return {}
        sql = "SELECT corpus, sum(n)::BIGINT AS n FROM mart_label_counts GROUP BY corpus"
        return dict(self.frame(sql).iter_rows())

    def focus(
        self, mart: str, *, prefer: Sequence[str] = (), limit: int = MOST_SHOWN
    ) -> list[Focus]:
        """What the pictures of a mart are about: its main question, in the corpora with most rows.

        `prefer`: tasks that come before the others. Marts of a question that has no rows in it are of the next one.
        """
        if mart not in self.views:
            return []
        rows = self.frame(
            f"SELECT task, taxonomy, labeler, corpus, count(*) AS n FROM {mart} "
            "GROUP BY task, taxonomy, labeler, corpus ORDER BY n DESC, corpus"
        )
        there = {Question(*row[:3]) for row in rows.iter_rows()}
        known = [question for question in self.questions if question in there]
        ordered = [*known, *sorted(there - set(known), key=lambda q: q.told)]
        ordered.sort(key=lambda q: prefer.index(q.task) if q.task in prefer else len(prefer))
        if not ordered:
            return []
        corpora = [row[3] for row in rows.iter_rows() if Question(*row[:3]) == ordered[0]]
        corpora.sort(key=lambda corpus: -self._labeled.get(corpus, 0))
        return [Focus(ordered[0], corpus, len(corpora)) for corpus in corpora[:limit]]


_ANSWERS: Final = {"words": "free words", "scalars": "numbers", "ordinals": "ratings"}


def _answer(task: str) -> str:
    """The kind of a task's answer; empty for a task that does not ship."""
    try:
        return load_task(task).answer
    except ConfigError:
        return ""


def mart(name: str) -> Mart | None:
    """What the mart of this name says of itself; None where it does not ship."""
    try:
        return load_mart(name)
    except ConfigError:
        return None
