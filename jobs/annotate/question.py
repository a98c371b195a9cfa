"""What a sample is asked for: which rows, how they are chosen, and what annotators see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jobs.annotate.allocate import Allocation
from schemas.config.corpus import Domain
from schemas.errors import ConfigError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy

Strategy = Literal["random", "stratified", "uncertain"]
Measure = Literal["margin", "entropy"]
BY = ("label", "corpus", "lang", "role")


@dataclass(frozen=True)
class Question:
    """The task and taxonomy that rows were labeled for, and will be again; `labeler` as it is named there."""

    task: LabelTask
    taxonomy: Taxonomy
    labeler: str


@dataclass(frozen=True)
class Choice:
    """How rows are chosen.

    `by`: what strata are made of. `share`: of an uncertain sample, the part that is drawn at random. `rejected`: rows
    that the labeler did not answer are among those to choose from. `excluded`: ids that were sampled before.
    """

    rows: int = 200
    strategy: Strategy = "random"
    seed: int = 0
    by: tuple[str, ...] = ("label",)
    allocation: Allocation = "equal"
    measure: Measure = "margin"
    share: float = 0.2
    corpora: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    rejected: bool = False
    allow_clinical: bool = False
    excluded: frozenset[str] = frozenset()

    def check(self, question: Question) -> None:
        """Raises ConfigError for what cannot be."""
        if strange := [name for name in self.by if name not in BY]:
            raise ConfigError(
                f"There are no strata by {', '.join(strange)}.",
                remedy=f"Choose among: {', '.join(BY)}.",
            )
        if self.strategy == "stratified" and not self.by:
            raise ConfigError("Strata of what?", remedy=f"Choose --by among: {', '.join(BY)}.")
        if self.strategy == "uncertain" and question.task.answer == "scalars":
            raise ConfigError(
                f"Answers of {question.task.name} are numbers without a probability: none is more uncertain.",
                remedy="Choose --strategy stratified (by label: the far ends of each dimension) or random.",
            )


@dataclass(frozen=True)
class Shown:
    """What goes to whom. `blind`: without predictions. `overlap`: rows that all annotators get."""

    formats: tuple[str, ...] = ("label-studio",)
    annotators: tuple[str, ...] = ()
    overlap: int = 0
    blind: bool = False
    domain: Domain = "social"
    keep_ids: bool = False

    def check(self, rows: int) -> None:
        """Raises ConfigError for what cannot be."""
        if self.overlap and len(self.annotators) < 2:
            raise ConfigError(
                "Rows for every annotator need two annotators.",
                remedy="Name them: --annotators ann,bob. Within one project Label Studio's own overlap does it.",
            )
        if self.overlap > rows:
            raise ConfigError(
                f"{self.overlap:,} rows for every annotator are more than the {rows:,} of the sample.",
                remedy="Lower --overlap or raise --rows.",
            )
        for name in self.annotators:
            if not name or any(character in name for character in "/\\\0") or name.startswith("."):
                raise ConfigError(
                    f"{name!r} cannot be part of a file's name.", remedy="Use letters and digits."
                )
