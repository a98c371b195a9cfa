"""What variants answer to rows of gold while they are tuned: asked once, judged on any number of first rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np
import polars as pl

from jobs.calibrate import judged_of
from jobs.evaluation.answers import Answers, ask
from jobs.evaluation.gold import Gold
from jobs.evaluation.labels import Labels
from jobs.evaluation.measured import Compared
from jobs.tune_variants import Arm
from schemas.errors import ConfigError, SourceError
from schemas.language_model import LanguageModel
from transforms.label.labeler import Labeler
from transforms.label.prompted.calibration import decide
from transforms.label.prompted.calibration_file import hash_of
from transforms.label.prompted.calibration_fit import Fitted, fit_calibration

Load = Callable[[LanguageModel], Labeler]


@dataclass(frozen=True)
class Part:
    """Rows of gold that are asked about, and their gold."""

    rows: pl.DataFrame
    gold: Gold

    def first(self, n: int) -> Part:
        """The first rows."""
        there = np.arange(self.rows.height) < n
        return Part(self.rows.head(n), self.gold.take(there))

    @property
    def groups(self) -> np.ndarray | None:
        """What is drawn together; a row without a group is one of its own. None: every row is."""
        named = self.rows["group"]
        if named.null_count() == len(named):
            return None
        own = pl.format("row {}", pl.int_range(pl.len()))
        frame = named.cast(pl.String).alias("g").to_frame()
        return (
            frame.select(pl.coalesce("group " + pl.col("g"), own).rank("dense"))
            .to_series()
            .to_numpy()
        )


@dataclass
class Cost:
    """Requests that were sent, and tokens of prompts and answers."""

    requests: int = 0
    tokens: int = 0


@dataclass
class Asking:
    """Asks labelers, each question once. Variants that ask the same (key_of) share answers."""

    load: Load
    tune: Part
    report: Part
    progress: Callable[[str], None] = lambda _: None
    costs: dict[str, Cost] = field(default_factory=dict)
    _labelers: dict[str, Labeler] = field(default_factory=dict)
    _answers: dict[str, list[Answers]] = field(default_factory=dict)
    _reported: dict[str, Answers] = field(default_factory=dict)

    def upto(self, arm: Arm, n: int) -> int:
        """Has the first n rows answered; the number of requests that were sent."""
        key = key_of(arm)
        done = sum(each.frame.height for each in self._answers.get(key, []))
        if n <= done:
            return 0
        self.progress(f"{arm.name}: rows {done + 1:,} to {n:,}")
        found, sent = self._ask(arm, self.tune.rows.slice(done, n - done))
        self._answers.setdefault(key, []).append(found)
        return sent

    def labeler(self, arm: Arm) -> Labeler:
        """Who answers for a variant."""
        key = key_of(arm)
        if key not in self._labelers:
            self._labelers[key] = self.load(arm.model)
        return self._labelers[key]

    def compared(self, arm: Arm, n: int) -> Compared:
        """The variant beside gold, on the first n rows: calibrated by a fit that has not seen the row."""
        part, answers = self.tune.first(n), self._first(arm, n)
        compared = part.gold.compared(answers)
        if not arm.calibrated or not isinstance(compared, Labels):
            return compared
        try:
            fitted, there = self.fitted(arm, n)
        except (ConfigError, SourceError):  # too little gold so far: as it is
            return compared
        given, p = compared.given.copy(), compared.probability.copy()
        given[there], p[there] = fitted.given, fitted.unseen
        return replace(compared, given=given, probability=p)

    def fitted(self, arm: Arm, n: int) -> tuple[Fitted, np.ndarray]:
        """The calibration of a variant by the first n rows, and which of them have probabilities."""
        part = self.tune.first(n)
        judged, there = judged_of(part.gold, self._first(arm, n), part.rows["group"])
        return fit_calibration(judged), there

    def reported(self, arm: Arm, n: int, of: int) -> Compared:
        """The variant beside gold on the first n rows that were kept back; calibrated by the first `of` tuning rows."""
        key = key_of(arm)
        part = self.report.first(n)
        if key not in self._reported:
            self.progress(f"{arm.name}: {n:,} rows that were kept back")
            self._reported[key] = self._ask(arm, part.rows)[0]
        compared = part.gold.compared(self._reported[key])
        if not arm.calibrated or not isinstance(compared, Labels):
            return compared
        try:
            fitted, _ = self.fitted(arm, of)
        except (ConfigError, SourceError):
            return compared
        p = compared.probability
        there = np.isfinite(p).all(axis=1)
        after, given = p.copy(), compared.given.copy()
        after[there] = fitted.curves.apply(p[there])
        cut = np.array([fitted.thresholds[name] for name in compared.names])
        given[there] = decide(after[there], cut, exclusive=compared.exclusive, empty=fitted.empty)
        return replace(compared, given=given, probability=after)

    def _first(self, arm: Arm, n: int) -> Answers:
        parts = self._answers[key_of(arm)]
        frame = reduce(lambda a, b: a.vstack(b), (each.frame for each in parts)).head(n)
        return replace(parts[0], frame=frame, seen=None)

    def _ask(self, arm: Arm, rows: pl.DataFrame) -> tuple[Answers, int]:
        labeler, cost = self.labeler(arm), self.costs.setdefault(key_of(arm), Cost())
        before = _spent(labeler)
        answers = ask(labeler, rows, self.tune.gold.task, self.tune.gold.taxonomy)
        after = _spent(labeler)
        if before is None or after is None:
            sent, tokens = rows.height, 0  # no language model: a row is a request
        else:
            sent, tokens = after[0] - before[0], after[1] - before[1]
        cost.requests += sent
        cost.tokens += tokens
        return answers, sent


def key_of(arm: Arm) -> str:
    """Variants with the same key ask the same questions."""
    meaning = arm.model.meaning()
    return hash_of({name: value for name, value in meaning.items() if name != "calibration"})


def _spent(labeler: Labeler) -> tuple[int, int] | None:
    spent = getattr(labeler, "spent", None)
    if spent is None:
        return None
    return int(spent.requests), int(spent.prompt_tokens + spent.completion_tokens)
