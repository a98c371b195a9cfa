"""Gold of the compared rows, from the entries that their annotators (or a source) made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from jobs.evaluation.answers import Answers
from jobs.evaluation.labels import Labels
from jobs.evaluation.measured import Compared
from jobs.evaluation.numbers import Numbers
from schemas.errors import ConfigError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.evaluate.annotation_matrix import (
    by_people,
    gold_entries,
    label_entries,
    label_majority,
    value_entries,
    value_mean,
    values_by_people,
)  # fmt: skip
from transforms.evaluate.annotations import Bools, LabelAnnotations, ValueAnnotations
from transforms.evaluate.sums import Floats

People = LabelAnnotations | dict[str, ValueAnnotations]


@dataclass(frozen=True)
class LabelGold:
    """Which labels hold and which were asked for (rows, labels)."""

    holds: Bools
    asked: Bools


@dataclass(frozen=True)
class Gold:
    """Gold of some rows: labels, or numbers (rows, dimensions); and what single `people` gave, by row.

    `everyone`: the same, and the annotations of rows that were left out because people do not agree on them: agreement
    without those would be none. Its units are numbers of their own. `undecided` (rows): annotated, but no label has a
    majority. Of an exclusive taxonomy such a row has no gold.
    """

    task: LabelTask
    taxonomy: Taxonomy
    truth: LabelGold | Floats
    people: People
    undecided: Bools
    everyone: People

    @property
    def about(self) -> dict[str, str]:
        """What was asked: task, taxonomy and its version, and what the answers are."""
        return {
            "task": self.task.name, "taxonomy": self.taxonomy.name,
            "taxonomy_version": self.taxonomy.version, "answer": self.task.answer,
        }  # fmt: skip

    @property
    def annotated(self) -> Bools:
        """Which rows have gold."""
        if isinstance(self.truth, LabelGold):
            return np.asarray(self.truth.asked.any(axis=1))
        return np.asarray(np.isfinite(self.truth).any(axis=1))

    @property
    def levels(self) -> range | None:
        """Levels that could be given; None for labels and scalars."""
        return levels_of(self.task, self.taxonomy)

    def take(self, rows: Bools, judged: Bools | None = None) -> Gold:
        """Some of the rows. `judged`: those whose annotators are asked for agreement; else these and the undecided."""
        truth = self.truth
        judged = rows | self.undecided if judged is None else judged
        kept: LabelGold | Floats = (
            LabelGold(truth.holds[rows], truth.asked[rows])
            if isinstance(truth, LabelGold)
            else truth[rows]
        )
        number = np.cumsum(rows) - 1
        return Gold(
            self.task,
            self.taxonomy,
            kept,
            _people_of(self.people, rows, number),
            self.undecided[rows],
            _people_of(self.everyone, judged, np.cumsum(judged) - 1),
        )

    def compared(self, answers: Answers) -> Compared:
        """Gold beside the answers of a labeler to the same rows."""
        names = list(self.taxonomy.names)
        probability, labeled = answers.probabilities(names), answers.labeled
        if isinstance(self.truth, LabelGold):
            return Labels(
                names, self.taxonomy.exclusive, self.truth.holds, self.truth.asked,
                answers.given(names), probability, labeled,
            )  # fmt: skip
        return Numbers(names, self.levels, self.truth, answers.numbers(names), probability, labeled)


def gold_of(column: pl.Series, task: LabelTask, taxonomy: Taxonomy) -> Gold:
    """Gold from a column of `gold` lists (see schemas.datasets). SourceError: labels outside the taxonomy."""
    rows, entries = len(column), gold_entries(column, task, taxonomy)
    nothing: Bools = np.zeros(rows, np.bool_)
    if task.answer != "labels":
        values = value_entries(entries, task, taxonomy)
        truth = value_mean(values, rows, levels=task.answer == "ordinals")
        numbers = values_by_people(values)
        return Gold(task, taxonomy, truth, numbers, nothing, numbers)
    matrix = label_entries(entries, taxonomy)
    holds, asked = label_majority(matrix, rows)
    voted = nothing.copy()
    voted[matrix.row[matrix.given.any(axis=1)]] = True
    undecided = voted & asked.any(axis=1) & ~(holds & asked).any(axis=1)
    if taxonomy.exclusive:
        asked[~(holds & asked).any(axis=1)] = False
    people = by_people(matrix)
    return Gold(task, taxonomy, LabelGold(holds, asked), people, undecided, people)


def levels_of(task: LabelTask, taxonomy: Taxonomy) -> range | None:
    """Levels of a task with ordinals. ConfigError: the taxonomy does not tell them."""
    if task.answer != "ordinals":
        return None
    if taxonomy.range is None:
        raise ConfigError(
            f"The taxonomy {taxonomy.name} has no range, so that its levels are unknown.",
            remedy="Write it there, such as: range: [0, 3]",
        )
    low, high = taxonomy.range
    return range(int(low), int(high) + 1)


def _people_of(people: People, rows: Bools, number: np.ndarray) -> People:
    if isinstance(people, LabelAnnotations):
        kept = rows[people.unit]
        asked = None if people.asked is None else people.asked[kept]
        return LabelAnnotations(
            number[people.unit[kept]], people.annotator[kept], people.given[kept], asked
        )
    found = {}
    for name, each in people.items():
        kept = rows[each.unit]
        found[name] = ValueAnnotations(
            number[each.unit[kept]], each.annotator[kept], each.value[kept]
        )
    return found
