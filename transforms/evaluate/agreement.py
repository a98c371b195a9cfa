"""Do annotators (or labelers) agree with one another?

Cohen's kappa for two, Krippendorff's alpha for any number with gaps. What a model could reach by
these annotators is in ceiling.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import SourceError
from transforms.evaluate.alpha import AlphaLevel, alpha_of, set_alpha
from transforms.evaluate.annotations import Bools, LabelAnnotations, ValueAnnotations
from transforms.evaluate.figures import Figure, Undefined, figure_json, finite, mean_figure
from transforms.evaluate.kappa import KappaWeights, kappa_of
from transforms.evaluate.pairwise import category_kappa, label_kappas, value_kappa

_NONE = "no label has one"


def cohen_kappa(
    a: NDArray[Any],
    b: NDArray[Any],
    weights: KappaWeights = None,
    values: Sequence[Any] | None = None,
) -> Figure:
    """Kappa of two annotators' values of the same units (units), NaN or None where there is none.

    With `weights`, values are as far apart as their steps in `values` (None: those that occur, sorted,
    as in scikit-learn; name all levels where one may not occur). SourceError: a value not in `values`.
    """
    there = _known(a) & _known(b)
    if not there.any():
        return Undefined("no unit has values of both")
    a, b = a[there], b[there]
    domain = sorted(set(a.tolist()) | set(b.tolist())) if values is None else list(values)
    place = {value: at for at, value in enumerate(domain)}
    strange = (set(a.tolist()) | set(b.tolist())) - set(domain)
    if strange:
        raise SourceError(
            f"{len(strange)} different values are none of the {len(domain)} that could be given.",
            remedy=f"They are: {', '.join(map(str, domain))}.",
        )
    codes = [np.array([place[value] for value in x.tolist()]) for x in (a, b)]
    size = len(domain)
    table = np.bincount(codes[0] * size + codes[1], minlength=size * size).reshape(size, size)
    return finite(float(kappa_of(table.astype(np.float64), weights)), "both never varied")


def krippendorff_alpha(ratings: NDArray[Any], level: AlphaLevel = "nominal") -> Figure:
    """Alpha of numbers (annotators, units), NaN or None where there is none.

    MissingExtraError without the library krippendorff.
    """
    numbers = np.asarray(ratings, np.float64)
    _, unit = there = np.nonzero(np.isfinite(numbers))
    return alpha_of(unit, numbers[there], level)


@dataclass(frozen=True)
class Agreement:
    """How far annotators agree.

    Per name (label or dimension) `alpha` and `kappa`, with their means; kappa is the mean over the
    pairs of annotators, weighted by the units that they share. `sets`: alpha between label sets by
    the MASI distance; `category_*`: of an exclusive taxonomy, one of its labels as one nominal value.
    """

    annotators: int
    units: int
    shared_units: int  # annotated by two or more
    alpha: dict[str, Figure]
    kappa: dict[str, Figure]
    mean_alpha: Figure
    mean_kappa: Figure
    sets: Figure | None = None
    category_alpha: Figure | None = None
    category_kappa: Figure | None = None

    def to_json(self) -> dict[str, Any]:
        """All fields; those that do not apply are left out."""
        single = {
            "mean_alpha": self.mean_alpha,
            "mean_kappa": self.mean_kappa,
            "sets_alpha": self.sets,
            "category_alpha": self.category_alpha,
            "category_kappa": self.category_kappa,
        }
        counts: dict[str, Any] = {
            "annotators": self.annotators,
            "units": self.units,
            "shared_units": self.shared_units,
        }
        return (
            counts
            | {name: figure_json(figure) for name, figure in single.items() if figure is not None}
            | {
                "alpha": {name: figure_json(figure) for name, figure in self.alpha.items()},
                "kappa": {name: figure_json(figure) for name, figure in self.kappa.items()},
            }
        )


def annotator_agreement(
    annotations: LabelAnnotations, names: Sequence[str], *, exclusive: bool = False
) -> Agreement:
    """Agreement on labels: per label (nominal), and on whole sets. MissingExtraError: see alpha."""
    given, asked = annotations.given, annotations.asked_cells
    alpha = {
        name: alpha_of(
            annotations.unit[asked[:, i]], given[asked[:, i], i].astype(float), "nominal"
        )
        for i, name in enumerate(names)
    }
    kappa = dict(zip(names, label_kappas(annotations), strict=True))
    one = (given & asked).sum(axis=1) == 1  # exactly one label: a category
    return Agreement(
        **_counts(annotations),
        alpha=alpha,
        kappa=kappa,
        mean_alpha=mean_figure(list(alpha.values()), _NONE),
        mean_kappa=mean_figure(list(kappa.values()), _NONE),
        sets=set_alpha(annotations),
        category_alpha=alpha_of(
            annotations.unit[one], (given & asked)[one].argmax(axis=1).astype(float), "nominal"
        )
        if exclusive
        else None,
        category_kappa=category_kappa(annotations) if exclusive else None,
    )


def value_agreement(
    annotations: dict[str, ValueAnnotations], levels: Sequence[int] | None = None
) -> Agreement:
    """Agreement on numbers per dimension: interval alpha; with `levels`, ordinal alpha and quadratic
    kappa (without them there is no kappa, which is for values that repeat).
    """
    known = {name: each.known() for name, each in annotations.items()}
    level: AlphaLevel = "interval" if levels is None else "ordinal"
    alpha = {name: alpha_of(each.unit, each.value, level) for name, each in known.items()}
    kappa: dict[str, Figure] = {
        name: value_kappa(each, levels)
        if levels is not None
        else Undefined("kappa is for labels and levels")
        for name, each in known.items()
    }
    return Agreement(
        **_counts(*known.values()),
        alpha=alpha,
        kappa=kappa,
        mean_alpha=mean_figure(list(alpha.values()), _NONE),
        mean_kappa=mean_figure(list(kappa.values()), _NONE),
    )


def _counts(*annotations: LabelAnnotations | ValueAnnotations) -> dict[str, Any]:
    unit = np.concatenate([np.empty(0, np.int64), *(each.unit for each in annotations)])
    people = np.concatenate([np.empty(0, np.int64), *(each.annotator for each in annotations)])
    both = np.unique(np.stack([unit, people]), axis=1)  # the same annotator in several dimensions
    _, size = np.unique(both[0], return_counts=True)
    return {
        "annotators": len(np.unique(people)),
        "units": len(size),
        "shared_units": int((size > 1).sum()),
    }


def _known(values: NDArray[Any]) -> Bools:
    """Which values are there: neither NaN nor None."""
    equal: Bools = values == values  # NaN is not equal to itself
    return equal if values.dtype != object else equal & np.array([v is not None for v in values])
