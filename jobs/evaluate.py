"""Score a labeler against gold labels: `affectmine evaluate`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from schemas.errors import SourceError

if TYPE_CHECKING:
    import polars as pl

    from schemas.label_task import LabelTask
    from schemas.taxonomy import Taxonomy
    from transforms.evaluate.metrics import Scores
    from transforms.label.labeler import Labeler

_BATCH = 10_000


@dataclass(frozen=True)
class EvaluationResult:
    """What `evaluate` found. Figures count rows without an answer as empty predictions."""

    n: int
    statuses: dict[str, int]  # labeled, rejected, failed
    reasons: dict[str, int]  # of the rows without an answer
    scores: Scores
    intervals: dict[str, tuple[float, float]]
    about: dict[str, str]
    thresholds: dict[str, float] = field(default_factory=dict)
    interval_level: float = 0.95

    @property
    def coverage(self) -> float:
        """Share of rows that got an answer; 1.0 of no rows."""
        return self.statuses.get("labeled", 0) / self.n if self.n else 1.0

    def to_json(self) -> dict[str, Any]:
        """Plain values: n, coverage, macro_f1, micro_f1, subset_accuracy, intervals, per_label
        and more.

        A figure that does not exist is `{"undefined": reason}`.
        """
        per_label = {
            name: score.to_json()
            | ({"threshold": self.thresholds[name]} if name in self.thresholds else {})
            for name, score in self.scores.per_label.items()
        }
        return {
            **self.about,
            "n": self.n,
            "coverage": self.coverage,
            **self.scores.summary(),
            "intervals": {name: list(bounds) for name, bounds in self.intervals.items()},
            "interval_level": self.interval_level,
            "statuses": self.statuses,
            "reasons": self.reasons,
            "per_label": per_label,
        }


def evaluate(
    gold: pl.DataFrame,
    labeler: Labeler,
    task: LabelTask,
    taxonomy: Taxonomy,
    *,
    resamples: int = 1000,
    seed: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> EvaluationResult:
    """Label `gold["text"]` and compare with `gold["labels"]` (list of names, or one name).

    `lang`, `lang_confidence` and `lang_source` columns are passed on where present. `progress` gets
    the number of rows done. SourceError: a missing column, or a label outside the taxonomy.
    """
    import polars as pl

    from transforms.evaluate.bootstrap import bootstrap_f1
    from transforms.evaluate.metrics import count, indicator, scores_of

    missing = [name for name in ("text", "labels") if name not in gold.columns]
    if missing:
        raise SourceError(
            f"Gold needs the column(s) {', '.join(missing)}; found: {', '.join(gold.columns)}."
        )
    names = list(taxonomy.names)
    truth = indicator(gold["labels"], names)
    known = [name for name in ("lang", "lang_confidence", "lang_source") if name in gold.columns]
    batch = gold.select(pl.col("text").cast(pl.String).alias("text_clean"), *known)
    parts = []
    for first in range(0, max(1, len(batch)), _BATCH):
        parts.append(labeler.label(batch.slice(first, _BATCH), task, taxonomy))
        progress(min(first + _BATCH, len(batch)))
    answers = pl.concat(parts)
    given = indicator(answers["labels"], names)
    return EvaluationResult(
        n=len(gold),
        statuses=_tally(answers["status"]),
        reasons=_tally(answers["reason"].drop_nulls()),
        scores=scores_of(count(truth, given), names),
        intervals=bootstrap_f1(truth, given, resamples=resamples, seed=seed),
        about={
            "task": task.name, "taxonomy": taxonomy.name, "taxonomy_version": taxonomy.version,
            "labeler": labeler.name, "labeler_version": labeler.version,
        },
        thresholds=_thresholds(labeler, taxonomy),
    )  # fmt: skip


def _tally(values: pl.Series) -> dict[str, int]:
    counts = values.rename("value").value_counts().sort("value")
    return dict(zip(counts["value"].to_list(), counts["count"].to_list(), strict=True))


def _thresholds(labeler: Labeler, taxonomy: Taxonomy) -> dict[str, float]:
    """Thresholds per label, of labelers that have them."""
    found = getattr(labeler, "thresholds", None)
    return dict(found(taxonomy)) if callable(found) else {}
