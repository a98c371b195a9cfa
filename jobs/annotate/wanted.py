"""What a sample is asked for, and that it can be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from schemas.errors import ConfigError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy

Strategy = Literal["random", "stratified", "uncertain"]
STRATEGIES: Final = ("random", "stratified", "uncertain")
BY: Final = ("label", "corpus", "lang", "role")
_NAME: Final = re.compile(r"\w[\w.@-]*")


@dataclass(frozen=True)
class Wanted:
    """How many rows, chosen how, from which, and for whom.

    `by`: what strata are made of. `random_share`: of an uncertain sample, the part that is drawn at random.
    `overlap`: rows that all `annotators` get; the others are dealt out evenly.
    """

    n: int
    strategy: str = "random"
    by: str = "label"
    random_share: float = 0.2
    seed: int = 0
    corpora: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    annotators: tuple[str, ...] = ()
    overlap: int = 0
    allow_clinical: bool = False
    predictions: bool = False

    def check(self, task: LabelTask, taxonomy: Taxonomy) -> None:
        """Raises ConfigError for what cannot be."""
        if self.strategy not in STRATEGIES:
            raise ConfigError(
                f"There is no strategy {self.strategy!r}.",
                remedy=f"Choose {', '.join(STRATEGIES)}.",
            )
        if self.by not in BY:
            raise ConfigError(
                f"There are no strata by {self.by!r}.", remedy=f"Choose {', '.join(BY)}."
            )
        if task.answer == "scalars" and self.strategy == "stratified" and self.by == "label":
            raise ConfigError(
                f"The task {task.name} is answered by numbers: there are no strata by label.",
                remedy="Use --by corpus, lang or role, or --strategy random.",
            )
        if task.answer == "scalars" and self.strategy == "uncertain":
            raise ConfigError(
                f"The task {task.name} is answered by numbers without probabilities: no row is known to be uncertain.",
                remedy="Use --strategy random or stratified.",
            )
        if len(taxonomy.names) < 2 and taxonomy.exclusive and self.strategy == "uncertain":
            raise ConfigError(
                f"The taxonomy {taxonomy.name} has one label, which always holds.",
                remedy="Choose another one with --taxonomy.",
            )
        self._check_annotators()

    def _check_annotators(self) -> None:
        if wrong := [name for name in self.annotators if not _NAME.fullmatch(name)]:
            raise ConfigError(
                f"{', '.join(map(repr, wrong))} cannot be part of a file's name.",
                remedy="Name annotators with letters, digits and . _ - @ only.",
            )
        if len({name.casefold() for name in self.annotators}) < len(self.annotators):
            raise ConfigError("An annotator is named twice.", remedy="Name each once.")
        if self.overlap and len(self.annotators) < 2:
            raise ConfigError(
                "Rows for every annotator need two annotators or more.",
                remedy="Name them, such as --annotators ann,ben, or leave --overlap out.",
            )
        if self.overlap > self.n:
            raise ConfigError(
                f"{self.overlap} rows for every annotator are more than the {self.n} of the sample.",
                remedy="Lower --overlap, or raise --n.",
            )
