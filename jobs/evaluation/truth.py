"""What gold of any kind offers to an evaluation."""

from __future__ import annotations

from typing import Protocol, TypeVar

from jobs.evaluation.answers import Answers
from jobs.evaluation.measured import Compared
from transforms.evaluate.annotations import Bools

_Self = TypeVar("_Self", bound="Truth")


class Truth(Protocol):
    """Gold of some rows."""

    @property
    def about(self) -> dict[str, str]:
        """What was asked: task, taxonomy and its version where there is one, and the kind of `answer`."""

    @property
    def annotated(self) -> Bools:
        """Which rows have gold."""

    @property
    def undecided(self) -> Bools:
        """Which rows are annotated, but no label has a majority."""

    def take(self: _Self, rows: Bools) -> _Self:
        """Some of the rows."""

    def compared(self, answers: Answers) -> Compared:
        """Gold beside the answers of a labeler to the same rows."""
