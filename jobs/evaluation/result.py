"""What `evaluate` found, as values and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jobs.evaluation.breakdown import Part
from jobs.evaluation.comparison import Against
from jobs.evaluation.measured import Measured, plain_figures, plain_intervals
from jobs.evaluation.people import People
from transforms.evaluate.agreement import Agreement
from transforms.evaluate.bootstrap import Intervals
from transforms.evaluate.figures import Figure, Undefined


@dataclass(frozen=True)
class EvaluationResult:
    """Figures of a labeler against gold.

    For labels, rows without an answer (rejected, failed) count as empty predictions. For numbers they are left
    out of the figures, and `missing_as_mean` has those with the mean of gold in the place of each missing
    answer.
    """

    n: int
    statuses: dict[str, int]  # labeled, rejected, failed
    reasons: dict[str, int]  # of the rows without an answer
    measured: Measured
    about: dict[str, str]
    thresholds: dict[str, float] = field(default_factory=dict)
    interval_level: float = 0.95
    resamples: int = 1000
    drawn: str = "rows"  # what the bootstrap draws: rows, or groups of rows
    groups: int | None = None
    undecided: int = 0  # rows on which no label has a majority
    with_gold: Agreement | Undefined | None = None
    people: People | None = None
    against: Against | None = None
    breakdown: Mapping[str, list[Part]] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def coverage(self) -> float:
        """Share of rows that got an answer; 1.0 of no rows."""
        return self.statuses.get("labeled", 0) / self.n if self.n else 1.0

    @property
    def figures(self) -> dict[str, Figure]:
        """The overall figures."""
        return self.measured.figures

    @property
    def intervals(self) -> Intervals:
        """Intervals of the overall figures."""
        return self.measured.intervals

    def to_json(self) -> dict[str, Any]:
        """Plain values: n, coverage, the figures (macro_f1, micro_f1 … or pearson …), intervals, per_label or
        per_dimension, and more.

        A figure that does not exist is `{"undefined": reason}`.
        """
        each = {
            name: one.to_json()
            | ({"threshold": self.thresholds[name]} if name in self.thresholds else {})
            for name, one in self.measured.per_name.items()
        }
        content: dict[str, Any] = {
            **self.about,
            "n": self.n,
            "coverage": self.coverage,
            **plain_figures(self.measured.figures),
            **self.measured.more,
            "intervals": plain_intervals(self.measured.intervals),
            "interval_level": self.interval_level,
            "resamples": self.resamples,
            "drawn": self.drawn,
            "groups": self.groups,
            "statuses": self.statuses,
            "reasons": self.reasons,
            "undecided": self.undecided,
            self.measured.section: each,
        }
        if self.measured.calibration is not None:
            content["calibration"] = self.measured.calibration.to_json()
        for name in ("with_gold", "people", "against"):
            section: Any = getattr(self, name)
            if section is not None:
                content[name] = section.to_json()
        if self.breakdown:
            content["breakdown"] = {
                name: [part.to_json() for part in parts] for name, parts in self.breakdown.items()
            }
        return content | dict(self.left_out) | {"notes": list(self.notes)}
