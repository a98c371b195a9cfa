"""A probe: can a student tell classes of texts apart? Cross-validated, by the training of our own students.

One logistic regression a class over hashed n-grams (features.py, solver.py), classes weighted to count alike. What is
told of a text is told by models that never saw its group; folds hold every class in equal shares. Vocabulary and
document frequencies are counted over all texts, classes unseen. Several splits into folds are averaged, so that no
figure hangs on one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from transforms.evaluate.sums import Floats
from transforms.label.student.features import FeatureSpec, extract
from transforms.label.student.solver import SparseRows, fit_logistic, predict
from transforms.label.student.vocabulary import make_vocabulary

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Told:
    """What a probe tells of rows that it has not seen: log odds (rows, classes), and the class it decides on (rows)."""

    scores: Floats
    decided: NDArray[np.int64]


@dataclass(frozen=True)
class ProbeOptions:
    """What a probe depends on besides its texts."""

    folds: int = 5
    repeats: int = 3
    cost: float = 1.0
    epochs: int = 12
    min_rows: int = 2
    max_features: int = 200_000
    seed: int = 0


def probe(
    texts: pl.Series,
    classes: NDArray[np.int64],
    options: ProbeOptions,
    groups: NDArray[Any] | None = None,
) -> Told:
    """Classes (0, 1, …) of texts by models of the other folds. `groups`: rows of one group are in one fold."""
    rows, _ = make_vocabulary(
        extract(texts, FeatureSpec()),
        min_rows_word=options.min_rows, min_rows_char=options.min_rows, max_share_char=1.0,
        max_features=options.max_features,
    )  # fmt: skip
    targets = classes[:, None] == np.arange(int(classes.max(initial=0)) + 1)
    scores = np.zeros(targets.shape)
    splits = [
        stratified_folds(classes, options.folds, [options.seed, repeat], groups)
        for repeat in range(options.repeats)
    ]
    for fold in splits:
        for left_out in range(options.folds):
            mine = fold == left_out
            if mine.any() and not mine.all():
                scores[mine] += predict(rows, _fit(rows, targets, ~mine, options))[mine]
    scores /= options.repeats
    return Told(scores, _decide(scores, targets, splits[0]))


def stratified_folds(
    classes: NDArray[np.int64], folds: int, seed: list[int], groups: NDArray[Any] | None = None
) -> NDArray[np.int64]:
    """The fold of each row: groups whole, and of each class (of a group: its first row's) equally many a fold."""
    codes = np.arange(len(classes)) if groups is None else np.unique(groups, return_inverse=True)[1]
    units, first = np.unique(codes, return_index=True)
    order = np.random.default_rng(seed).permutation(len(units))
    order = order[np.argsort(classes[first][order], kind="stable")]
    fold = np.empty(len(units), np.int64)
    fold[order] = np.arange(len(units)) % folds  # dealt out, class after class
    return fold[codes.reshape(-1)]


def _decide(
    scores: Floats, targets: NDArray[np.bool_], fold: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The class with the highest score, after each class's scores are shifted so that, in the other folds, it is above
    zero as often as it holds: a rare class would else never be decided on.
    """
    decided = np.zeros(len(scores), np.int64)
    for left_out in np.unique(fold):
        mine = fold == left_out
        others = scores[~mine] if not mine.all() else scores
        shares = targets[~mine].mean(axis=0) if not mine.all() else targets.mean(axis=0)
        shift = [np.quantile(others[:, k], 1 - share) for k, share in enumerate(shares)]
        decided[mine] = (scores[mine] - shift).argmax(axis=1)
    return decided


def _fit(
    rows: SparseRows, targets: NDArray[np.bool_], used: NDArray[np.bool_], options: ProbeOptions
) -> NDArray[np.float32]:
    rate = np.clip(targets[used].mean(axis=0), 1e-6, 1 - 1e-6)
    positive, negative = (options.cost * np.sqrt(r) for r in ((1 - rate) / rate, rate / (1 - rate)))
    return fit_logistic(
        rows, targets, used, positive.astype(np.float32), negative.astype(np.float32),
        np.ones((1, targets.shape[1]), np.float32),
        asked=np.ones((1, targets.shape[1]), np.bool_), epochs=options.epochs, seed=options.seed,
    )  # fmt: skip
