"""Training of the student: two linear models, folded into one table of int8 weights.

Members (trials in docs/student.md): logistic regression with the positives of rare labels weighted
up by the square root of their odds, and logistic regression whose prior variance per feature and
label is the squared Naive-Bayes log ratio. Each member's scores are standardized by its out-of-fold
scores and added; being linear, the sum is one matrix. Calibration and thresholds are fitted on the
out-of-fold scores; the figures reported take thresholds from the other folds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from transforms.label.student.calibration import assign, best_threshold, expand, fit_logits
from transforms.label.student.features import FeatureSpec, RowFeatures, extract
from transforms.label.student.solver import SparseRows, column_sums, fit_logistic, predict
from transforms.label.student.weights import MAX_FEATURES, Head, StudentWeights

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from schemas.taxonomy import Taxonomy


KNOTS: Final = np.array(
    [0.0, 0.0, 1.0, 2.0, 3.0]
)  # in standard deviations; the first stands for the score itself
HEAD_PENALTY: Final = 100.0


@dataclass(frozen=True)
class TrainingOptions:
    """What a training depends on besides its rows."""

    folds: int = 5
    seed: int = 0
    epochs: int = 8
    cost: float = 0.3
    min_rows_word: int = 2
    min_rows_char: int = 3
    max_features: int = 200_000
    spec: FeatureSpec = field(default_factory=FeatureSpec)


@dataclass(frozen=True)
class Trained:
    """Weights, and the out-of-fold outcome per head: targets and given labels, both (rows,
    labels).
    """

    weights: StudentWeights
    held_out: dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]]


def train_student(
    texts: pl.Series,
    targets: NDArray[np.bool_],
    groups: NDArray[np.int64],
    taxonomy: Taxonomy,
    mapped: Mapping[str, Taxonomy],
    task: str,
    options: TrainingOptions,
    progress: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train on texts with targets (rows, labels of the taxonomy); rows of one group share a fold.

    `mapped` are taxonomies that `taxonomy` maps to; each gets a head. The same input gives the same
    weights on the same machine.
    """
    progress(f"features of {len(texts)} texts")
    rows, hashes, idf = _features(extract(texts, options.spec), options)
    fold = _folds(groups, options)
    scores = np.zeros(targets.shape)
    weights = np.zeros((rows.width + 1, targets.shape[1]))
    members = _members(rows, targets, options)
    for name, fit in members.items():
        held_out = np.zeros(targets.shape, np.float32)
        for number in range(options.folds):
            progress(f"{name}: fold {number + 1} of {options.folds}")
            held_out[fold == number] = predict(rows, fit(fold != number))[fold == number]
        progress(f"{name}: all rows")
        final = fit(np.ones(len(texts), np.bool_)).astype(np.float64)
        center, spread = (
            held_out.mean(axis=0, dtype=np.float64),
            held_out.std(axis=0, dtype=np.float64) + 1e-9,
        )
        scores += (held_out - center) / spread / len(members)
        final[-1] -= center
        weights += final / spread / len(members)
    heads, outcomes = {}, {}
    for target_taxonomy in (taxonomy, *mapped.values()):
        progress(f"calibration: {target_taxonomy.name}")
        wanted = _mapped_targets(targets, taxonomy, target_taxonomy)
        own = target_taxonomy is taxonomy
        held_out_p = np.zeros(wanted.shape)
        for number in range(options.folds):
            other, here = fold != number, fold == number
            held_out_p[here] = _probability(
                scores[here], _head(scores[other], wanted[other], target_taxonomy, own=own)
            )
        # Thresholds from held-out probabilities: a head is a little too sure of the rows it was
        # fitted on.
        threshold = _thresholds(held_out_p, wanted)
        heads[target_taxonomy.name] = replace(
            _head(scores, wanted, target_taxonomy, own=own), threshold=threshold.astype(np.float32)
        )
        given = np.zeros(wanted.shape, np.bool_)
        for number in range(options.folds):
            other, here = fold != number, fold == number
            given[here] = assign(held_out_p[here], _thresholds(held_out_p[other], wanted[other]))
        outcomes[target_taxonomy.name] = (wanted, given)
    values, scale = _quantize(weights[:-1])
    about: dict[str, Any] = {
        "rows": len(texts),
        "features": rows.width,
        "seed": options.seed,
        "folds": options.folds,
    }
    stored = StudentWeights(
        options.spec, hashes, values, (scale * idf).astype(np.float32),
        (idf * idf).astype(np.float32),
        weights[-1].astype(np.float32), heads, task=task, about=about,
    )  # fmt: skip
    return Trained(stored, outcomes)


def _features(
    found: RowFeatures, options: TrainingOptions
) -> tuple[SparseRows, NDArray[np.uint64], NDArray[np.float64]]:
    """Rows over the kept features (most frequent first), their hashes and idf; each block has
    length 1.
    """
    number = len(found.bounds) - 1
    owner = np.repeat(np.arange(number), np.diff(found.bounds))
    is_word = np.arange(len(found.hashes)) < found.split[owner]
    unique, position, frequency = np.unique(found.hashes, return_inverse=True, return_counts=True)
    word = np.zeros(len(unique), np.bool_)
    word[position[is_word]] = True
    kept = np.flatnonzero(frequency >= np.where(word, options.min_rows_word, options.min_rows_char))
    kept = kept[np.lexsort((unique[kept], -frequency[kept]))][
        : min(options.max_features, MAX_FEATURES)
    ]
    place = np.full(len(unique), -1, np.int64)
    place[kept] = np.arange(len(kept))
    column = place[position]
    known = column >= 0
    owner, column, is_word = owner[known], column[known], is_word[known]
    idf = np.log((1 + number) / (1 + frequency[kept])) + 1
    value = idf[column]
    block = owner * 2 + ~is_word
    length = np.sqrt(np.bincount(block, value * value, 2 * number))
    bounds = np.zeros(number + 1, np.int64)
    np.cumsum(np.bincount(owner, minlength=number), out=bounds[1:])
    rows = SparseRows(
        bounds, column.astype(np.int32), (value / length[block]).astype(np.float32), len(kept)
    )
    return rows, unique[kept], idf


def _folds(groups: NDArray[np.int64], options: TrainingOptions) -> NDArray[np.int64]:
    distinct, member = np.unique(groups, return_inverse=True)
    fold: NDArray[np.int64] = (
        np.random.default_rng(options.seed).permutation(len(distinct)) % options.folds
    )[member]
    return fold


Fit = Callable[["NDArray[np.bool_]"], "NDArray[np.float32]"]


def _members(
    rows: SparseRows, targets: NDArray[np.bool_], options: TrainingOptions
) -> dict[str, Fit]:
    labels = targets.shape[1]
    flat = np.full(labels, options.cost, np.float32)

    def balanced(used: NDArray[np.bool_]) -> NDArray[np.float32]:
        rate = np.clip(targets[used].mean(axis=0), 1e-6, 1 - 1e-6)
        raised = (options.cost * np.sqrt((1 - rate) / rate)).astype(np.float32)
        prior = np.ones((1, labels), np.float32)
        return fit_logistic(
            rows, targets, used, raised, flat, prior, epochs=options.epochs, seed=options.seed
        )

    def bayes(used: NDArray[np.bool_]) -> NDArray[np.float32]:
        prior = _bayes_ratio(rows, targets, used) ** 2
        return fit_logistic(
            rows, targets, used, flat, flat, prior, epochs=options.epochs, seed=options.seed
        )

    return {"balanced": balanced, "naive-bayes prior": bayes}


def _bayes_ratio(
    rows: SparseRows, targets: NDArray[np.bool_], used: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Naive-Bayes log ratio of each feature for each label, add-one smoothed; (width, labels)."""
    inside = column_sums(rows, targets, used) + 1
    outside = column_sums(rows, np.ones((len(rows), 1), np.bool_), used) + 2 - inside
    ratio: NDArray[np.float32] = np.log(inside / inside.sum(axis=0)) - np.log(
        outside / outside.sum(axis=0)
    )
    return ratio.astype(np.float32)


def _mapped_targets(
    targets: NDArray[np.bool_], source: Taxonomy, target: Taxonomy
) -> NDArray[np.bool_]:
    if target.name == source.name:
        return targets
    mapping = source.mappings[target.name]
    columns = [[mapping.get(name) == label for name in source.names] for label in target.names]
    return np.stack([targets[:, members].any(axis=1) for members in columns], axis=1)


def _head(
    scores: NDArray[np.float64], targets: NDArray[np.bool_], taxonomy: Taxonomy, *, own: bool
) -> Head:
    """Calibration on out-of-fold scores (the thresholds are set later).

    A label of the model's own taxonomy starts from its own calibrated score; a mapped one has no
    score of its own and starts from nothing.
    """
    labels, columns = targets.shape[1], scores.shape[1]
    inputs = expand(scores, KNOTS)
    start = None
    if own:
        start = np.zeros((inputs.shape[1] + 1, labels))
        for label in range(labels):  # Platt's calibration
            score, target = scores[:, [label]], targets[:, [label]]
            start[[label, -1], label] = fit_logits(score, target, penalty=1.0)[:, 0]
    fitted = fit_logits(inputs, targets, penalty=HEAD_PENALTY, start=start)
    matrix = fitted[:-1].reshape(len(KNOTS), columns, labels)
    return Head(
        taxonomy.names, np.ascontiguousarray(matrix, np.float32), KNOTS.astype(np.float32),
        fitted[-1].astype(np.float32), np.zeros(labels, np.float32),
    )  # fmt: skip


def _thresholds(
    probability: NDArray[np.float64], targets: NDArray[np.bool_]
) -> NDArray[np.float64]:
    return np.array([best_threshold(p, t) for p, t in zip(probability.T, targets.T, strict=True)])


def _probability(scores: NDArray[np.float64], head: Head) -> NDArray[np.float64]:
    inputs = expand(scores, head.knots.astype(np.float64))
    z = inputs @ head.matrix.reshape(inputs.shape[1], -1).astype(np.float64) + head.offset
    result: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(z, -700, 700)))
    return result


def _quantize(weights: NDArray[np.float64]) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """int8 values and one scale per feature, so that a rare feature's small weights keep their
    shape.
    """
    scale = np.abs(weights).max(axis=1) / 127
    scale[scale == 0] = 1
    return np.round(weights / scale[:, None]).astype(np.int8), scale
