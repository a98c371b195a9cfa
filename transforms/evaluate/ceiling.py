"""The human ceiling: each annotator scored against the majority of the others, as if it were a model.

By the figures that the model gets, so that the two can stand side by side. All annotators together
give the figure; with few annotators per unit the majority of the others is a harsher judge than the
gold that all of them made, so a model may well score higher on gold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from transforms.evaluate.annotations import (
    Ints,
    LabelAnnotations,
    ValueAnnotations,
    majority_of_others,
    mean_of_others,
)
from transforms.evaluate.bootstrap import Intervals, bootstrap_f1
from transforms.evaluate.figures import Figure, figure_json
from transforms.evaluate.metrics import LabelScore, count, scores_of
from transforms.evaluate.ordinals import bootstrap_ordinals, ordinal_figures
from transforms.evaluate.scalars import bootstrap_scalars, scalar_figures


@dataclass(frozen=True)
class Ceiling:
    """Figures of annotators against the others: all pooled, with intervals over units, and of each.

    `annotations`: how many had another annotator to be compared with; `by_annotator` by number.
    """

    annotations: int
    units: int
    figures: dict[str, Figure]
    intervals: Intervals
    by_annotator: dict[int, dict[str, Figure]]
    per_label: dict[str, LabelScore] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Counts, figures and intervals; of the annotators only how many there are."""
        return {
            "annotations": self.annotations,
            "units": self.units,
            "annotators": len(self.by_annotator),
            **{name: figure_json(figure) for name, figure in self.figures.items()},
            "intervals": {name: list(bounds) for name, bounds in self.intervals.items()},
            "per_label": {name: score.to_json() for name, score in self.per_label.items()},
        }


def human_ceiling(
    annotations: LabelAnnotations,
    names: list[str],
    *,
    exclusive: bool = False,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Ceiling:
    """Ceiling for labels: macro_f1, micro_f1, subset_accuracy, accuracy (if exclusive)."""
    gold, judged = majority_of_others(annotations)
    asked = annotations.asked_cells & judged
    kept = asked.any(axis=1)
    if exclusive:  # where the others do not agree on one label, there is nothing to compare with
        kept &= gold.any(axis=1)
    gold, asked, given = gold[kept], asked[kept], annotations.given[kept]

    def scores(rows: Ints | slice) -> dict[str, Figure]:
        counts = count(gold[rows], given[rows], asked[rows])
        return scores_of(counts, names, exclusive=exclusive).figures

    unit = annotations.unit[kept]
    return Ceiling(
        annotations=len(unit),
        units=len(np.unique(unit)),
        figures=scores(slice(None)),
        intervals=bootstrap_f1(
            gold, given, asked,
            exclusive=exclusive, groups=unit, resamples=resamples, level=level, seed=seed,
        ),
        by_annotator=_each(annotations.annotator[kept], scores),
        per_label=scores_of(count(gold, given, asked), names).per_label,
    )  # fmt: skip


def human_ceiling_values(
    annotations: ValueAnnotations,
    levels: Sequence[int] | None = None,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Ceiling:
    """Ceiling for one dimension of numbers, against the mean of the others: `scalar_figures`.

    With `levels`: `ordinal_figures`, against that mean rounded half up.
    """
    known = annotations.known()
    others = mean_of_others(known)
    kept = np.isfinite(others)
    gold, value, unit = others[kept], known.value[kept], known.unit[kept]
    draw: dict[str, Any] = {"groups": unit, "resamples": resamples, "level": level, "seed": seed}
    if levels is None:
        intervals = bootstrap_scalars(gold, value, **draw)
    else:
        gold = np.floor(gold + 0.5)
        intervals = bootstrap_ordinals(gold, value, levels, **draw)

    def scores(rows: Ints | slice) -> dict[str, Figure]:
        if levels is None:
            return scalar_figures(gold[rows], value[rows])
        return ordinal_figures(gold[rows], value[rows], levels)

    return Ceiling(
        annotations=len(unit),
        units=len(np.unique(unit)),
        figures=scores(slice(None)),
        intervals=intervals,
        by_annotator=_each(known.annotator[kept], scores),
    )


def _each(
    annotator: Ints, scores: Callable[[Ints], dict[str, Figure]]
) -> dict[int, dict[str, Figure]]:
    order = np.argsort(annotator, kind="stable")
    people, starts = np.unique(annotator[order], return_index=True)
    rows = np.split(order, starts[1:]) if len(people) else []
    return {int(person): scores(of) for person, of in zip(people, rows, strict=True)}
