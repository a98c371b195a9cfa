"""Training of a student: some linear models, folded into one table of int8 weights, and its heads.

Each member's scores (members.py) are standardized by its out-of-fold scores and added; being linear, the sum is one
matrix. Heads, calibration and thresholds (fitting.py) are fitted on the out-of-fold scores; the figures reported take
head and thresholds from the other folds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from transforms.label.student.calibration import assign
from transforms.label.student.decide import choose
from transforms.label.student.features import FeatureSpec, extract
from transforms.label.student.fitting import Truth, fit_head, kind_of, probabilities, thresholds
from transforms.label.student.lexicon import Columns, Lexicon
from transforms.label.student.members import Fit, label_members, value_members
from transforms.label.student.seen import marks_of
from transforms.label.student.solver import SparseRows, predict
from transforms.label.student.vocabulary import make_vocabulary
from transforms.label.student.weights import StudentWeights

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from schemas.taxonomy import Taxonomy
    from transforms.label.student.head import Head


@dataclass(frozen=True)
class TrainingOptions:
    """What a training depends on besides its rows."""

    folds: int = 5
    seed: int = 0
    epochs: int = 8
    cost: float = 0.3
    penalty: float = 1.0  # of ridge regression
    min_rows_word: int = 2
    min_rows_char: int = 3
    max_share_char: float = 1.0
    max_features: int = 200_000
    language_rows: int = 300  # a language with fewer rows has no place of its own in heads
    spec: FeatureSpec = field(default_factory=FeatureSpec)


@dataclass(frozen=True)
class Gold:
    """What there is to learn from.

    values: bool (rows, labels), float (rows, dimensions) or levels (rows, labels); asked: (rows, labels), what was
    annotated; groups: rows of one group share a fold; languages: ISO 639 codes, or null; counts: for how many rows each
    row stands (labels only); sources: who gave the labels of a row, where that is known.
    """

    texts: pl.Series
    values: NDArray[np.generic]
    asked: NDArray[np.bool_]
    groups: NDArray[np.int64]
    languages: pl.Series
    counts: NDArray[np.float64]
    sources: pl.Series | None = None


@dataclass(frozen=True)
class HeldOut:
    """The out-of-fold outcome of a head: gold, and what it answers; (rows, labels). `probability`: (rows, outputs)."""

    kind: str
    gold: NDArray[np.generic]
    asked: NDArray[np.bool_]
    given: NDArray[np.generic]
    probability: NDArray[np.float64]


@dataclass(frozen=True)
class Trained:
    """Weights, and what each head answers to rows that it has not seen."""

    weights: StudentWeights
    held_out: dict[str, HeldOut]


def train_student(
    gold: Gold,
    task: str,
    taxonomy: Taxonomy,
    mapped: Mapping[str, Taxonomy],
    options: TrainingOptions,
    progress: Callable[[str], None] = lambda _: None,
    lexicon: Lexicon | None = None,
) -> Trained:
    """Train on gold in a taxonomy.

    `mapped` are taxonomies that `taxonomy` maps to; each gets a head. `lexicon`: values of words. The same input gives
    the same weights on the same machine.
    """
    progress(f"features of {len(gold.texts)} texts")
    rows, vocabulary = make_vocabulary(
        extract(gold.texts, options.spec), min_rows_word=options.min_rows_word,
        min_rows_char=options.min_rows_char, max_share_char=options.max_share_char,
        max_features=options.max_features, wanted=lexicon.hashes if lexicon else None,
    )  # fmt: skip
    columns = Columns.of(lexicon, vocabulary.hashes, rows) if lexicon else None
    fold = _folds(gold.groups, options)
    scores, weights = _sum_of_members(rows, gold, fold, options, progress, columns)
    languages, place = _places(gold.languages, options)
    heads, outcomes = {}, {}
    for target in (taxonomy, *mapped.values()):
        progress(f"calibration: {target.name}")
        values, asked = _in_taxonomy(gold, taxonomy, target)
        truth = Truth(values, asked, place, languages, gold.counts, levels=_levels(values))
        heads[target.name], outcomes[target.name] = _calibrate(
            scores, truth, fold, task, target, own=target is taxonomy
        )
    values_, scale = _quantize(weights[:-1])
    about: dict[str, Any] = {
        "rows": len(gold.texts),
        "features": len(vocabulary.hashes),
        "seed": options.seed,
        "folds": options.folds,
    }
    stored = StudentWeights(
        options.spec, vocabulary.hashes, values_, (scale * vocabulary.idf).astype(np.float32),
        (vocabulary.idf * vocabulary.idf).astype(np.float32), weights[-1].astype(np.float32),
        heads, languages=tuple(sorted(set(gold.languages.drop_nulls()))) or ("en",), about=about,
        seen=np.unique(marks_of(gold.texts)),
    )  # fmt: skip
    return Trained(stored, outcomes)


def _sum_of_members(
    rows: SparseRows,
    gold: Gold,
    fold: NDArray[np.int64],
    options: TrainingOptions,
    progress: Callable[[str], None],
    columns: Columns | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Out-of-fold scores (rows, columns) and weights (width + 1, columns) of the standardized sum."""
    rows = columns.beside(rows) if columns is not None else rows
    members = _members(rows, gold, options, 0 if columns is None else columns.values.shape[1])
    scores = np.zeros(gold.values.shape)
    weights = np.zeros((rows.width + 1, gold.values.shape[1]))
    for name, fit in members.items():
        held_out = np.zeros(scores.shape, np.float32)
        for number in range(options.folds):
            progress(f"{name}: fold {number + 1} of {options.folds}")
            held_out[fold == number] = predict(rows, fit(fold != number))[fold == number]
        progress(f"{name}: all rows")
        final = fit(np.ones(len(rows), np.bool_)).astype(np.float64)
        center = held_out.mean(axis=0, dtype=np.float64)
        spread = held_out.std(axis=0, dtype=np.float64) + 1e-9
        scores += (held_out - center) / spread / len(members)
        final[-1] -= center
        weights += final / spread / len(members)
    return scores, weights if columns is None else columns.fold(weights)


def _members(
    rows: SparseRows, gold: Gold, options: TrainingOptions, columns: int
) -> dict[str, Fit]:
    if np.issubdtype(gold.values.dtype, np.floating):
        return value_members(
            rows,
            gold.values.astype(np.float64),
            gold.asked,
            penalty=options.penalty,
            columns=columns,
        )
    return label_members(
        rows, gold.values.astype(np.bool_), gold.asked, gold.counts, cost=options.cost,
        epochs=options.epochs, seed=options.seed, columns=columns,
    )  # fmt: skip


def _calibrate(
    scores: NDArray[np.float64],
    truth: Truth,
    fold: NDArray[np.int64],
    task: str,
    taxonomy: Taxonomy,
    *,
    own: bool,
) -> tuple[Head, HeldOut]:
    """The head on all rows, and what heads of the other folds answer to each fold."""
    numbers = range(int(fold.max()) + 1)
    head = fit_head(scores, truth, task, taxonomy, own=own)
    held_out = np.zeros((len(scores), head.offset.shape[1]))
    for number in numbers:
        here, other = fold == number, fold != number
        fitted = fit_head(scores[other], truth.of(other), task, taxonomy, own=own)
        held_out[here] = probabilities(scores[here], truth.place[here], fitted)
    given = np.zeros(truth.values.shape, truth.values.dtype)
    for number in numbers:
        here, other = fold == number, fold != number
        found = thresholds(head, held_out[other], truth.of(other))
        given[here] = _decide(head, held_out[here], found, truth.place[here])
    final = thresholds(head, held_out, truth).astype(np.float32)
    kind = kind_of(truth, taxonomy)
    outcome = HeldOut(kind, truth.values, truth.asked, given, held_out)
    return replace(head, threshold=final), outcome


def _decide(
    head: Head,
    probability: NDArray[np.float64],
    threshold: NDArray[np.float64],
    place: NDArray[np.int64],
) -> NDArray[np.generic]:
    mine = threshold[place if head.languages else np.zeros(len(place), np.int64)]
    if head.kind == "exclusive":
        return choose(probability, threshold[0])
    if head.kind == "scalars":
        return probability
    if head.kind == "ordinals":
        shape = (len(probability), len(head.labels), head.levels)
        expected = probability.reshape(shape).sum(axis=2)
        levels: NDArray[np.int64] = (expected[:, :, None] >= mine.reshape(shape)).sum(axis=2)
        return levels
    return assign(probability, mine, empty=head.empty)


def _levels(values: NDArray[np.generic]) -> int:
    """The highest level of ordinals, at least 1."""
    return max(1, int(values.max())) if np.issubdtype(values.dtype, np.integer) else 1


def _places(
    languages: pl.Series, options: TrainingOptions
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Languages with enough rows, where there are several; and each row's place among them, from 1, or 0."""
    import polars as pl

    counts = languages.drop_nulls().rename("code").value_counts(name="n")
    codes = counts.filter(pl.col("n") >= options.language_rows)["code"].sort().to_list()
    if len(counts) < 2:
        codes = []
    place = languages.replace_strict(
        codes, range(1, len(codes) + 1), default=0, return_dtype=pl.Int64
    )
    return tuple(codes), place.fill_null(0).to_numpy()


def _folds(groups: NDArray[np.int64], options: TrainingOptions) -> NDArray[np.int64]:
    distinct, member = np.unique(groups, return_inverse=True)
    fold: NDArray[np.int64] = (
        np.random.default_rng(options.seed).permutation(len(distinct)) % options.folds
    )[member]
    return fold


def _in_taxonomy(
    gold: Gold, source: Taxonomy, target: Taxonomy
) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """Values and what was asked, in a taxonomy that the gold's maps to; or as they are, in its own."""
    if target.name == source.name:
        return gold.values, gold.asked
    weights = source.weights(target.name)
    members = [
        [weights.get(name, {}).get(label, 0) >= 0.5 for name in source.names]
        for label in target.names
    ]
    values = gold.values.astype(np.bool_) & gold.asked
    mapped = np.stack([values[:, columns].any(axis=1) for columns in members], axis=1)
    asked = np.stack([gold.asked[:, columns].all(axis=1) for columns in members], axis=1)
    return mapped, asked


def _quantize(weights: NDArray[np.float64]) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """int8 values and one scale per feature, so that a rare feature's small weights keep their
    shape.
    """
    scale = np.abs(weights).max(axis=1) / 127
    scale[scale == 0] = 1
    return np.round(weights / scale[:, None]).astype(np.int8), scale
