"""Fitting heads (head.py) on out-of-fold scores, one function a kind. Training only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from transforms.label.student.calibration import best_threshold, expand, fit_logits
from transforms.label.student.decide import best_cuts, best_weights
from transforms.label.student.head import Head, Kind
from transforms.label.student.softmax import fit_softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from schemas.taxonomy import Taxonomy

KNOTS: Final = np.array(
    [0.0, 0.0, 1.0, 2.0, 3.0]
)  # in standard deviations; the first stands for the score itself
PENALTY: Final = 100.0
LANGUAGE_PENALTY: Final = 10.0  # of a language's distance from all
TRUST: Final = 10.0  # positives at which a language's own threshold counts as much as that of all
_NEVER: Final = -9.0  # logit
_MANY: Final = 32  # columns; a head over more is linear, else its inputs were too many


@dataclass(frozen=True)
class Truth:
    """What gold says of the rows, as a head needs it.

    values: labels and exclusive: bool (rows, labels); scalars: float (rows, dimensions); ordinals: levels
    (rows, labels). asked: (rows, labels), what was annotated. place: (rows) index of a row's language among
    `languages`, from 1; 0 for any other. counts: (rows) for how many rows each stands; labels and exclusive only.
    """

    values: NDArray[np.generic]
    asked: NDArray[np.bool_]
    place: NDArray[np.int64]
    languages: tuple[str, ...]
    counts: NDArray[np.float64]
    levels: int = 1  # of ordinals, the highest in all of gold

    def of(self, rows: NDArray[np.bool_]) -> Truth:
        """The same of some rows."""
        return Truth(
            self.values[rows],
            self.asked[rows],
            self.place[rows],
            self.languages,
            self.counts[rows],
            self.levels,
        )


def fit_head(
    scores: NDArray[np.float64], truth: Truth, task: str, taxonomy: Taxonomy, *, own: bool
) -> Head:
    """Fit on scores (rows, columns) what they say; thresholds are neutral still: see `with_thresholds`.

    `own`: column i is the score of label i, so that a label starts from its own calibrated score; a label of a mapped
    taxonomy has no score of its own and starts from nothing.
    """
    kind = kind_of(truth, taxonomy)
    knots = KNOTS if scores.shape[1] <= _MANY else KNOTS[:1]
    inputs = expand(scores, knots)
    if kind == "exclusive":
        given = truth.values.astype(np.bool_)
        fitted = [fit_softmax(inputs, given, penalty=PENALTY / 10, counts=truth.counts)]
    elif kind == "scalars":
        fitted = [_least_squares(inputs, truth.values.astype(np.float64), truth.asked)]
    else:
        targets, asked = _binary(truth, kind)
        counts = asked * truth.counts[:, None]
        start = _platt(scores, targets, counts, len(knots)) if own else None
        everyone = fit_logits(inputs, targets, penalty=PENALTY, start=start, counts=counts)
        fitted = [everyone]
        for number in range(1, len(truth.languages) + 1):
            mine = truth.place == number
            if not mine.any():  # all its texts are held out
                fitted.append(everyone)
                continue
            fitted.append(
                fit_logits(
                    inputs[mine],
                    targets[mine],
                    penalty=LANGUAGE_PENALTY,
                    start=everyone,
                    counts=counts[mine],
                )
            )
    stack = np.stack(fitted)  # (places, inputs + 1, outputs)
    places, outputs = len(stack), stack.shape[2]
    matrix = stack[:, :-1].reshape(places, len(knots), scores.shape[1], outputs)
    low, high = taxonomy.range or (0.0, 1.0)
    return Head(
        task=task, labels=taxonomy.names, kind=kind,
        matrix=np.ascontiguousarray(matrix, np.float32), knots=knots.astype(np.float32),
        offset=np.ascontiguousarray(stack[:, -1], np.float32),
        threshold=np.full((places, outputs), 0.5, np.float32),
        languages=truth.languages if places > 1 else (),
        empty=kind == "labels" and bool((~(truth.values.astype(np.bool_)).any(axis=1)).any()),
        low=float(low), high=float(high),
    )  # fmt: skip


def kind_of(truth: Truth, taxonomy: Taxonomy) -> Kind:
    """The kind of head that fits a taxonomy and its gold."""
    if truth.values.dtype == np.bool_:
        return "exclusive" if taxonomy.exclusive else "labels"
    return "ordinals" if np.issubdtype(truth.values.dtype, np.integer) else "scalars"


def probabilities(
    scores: NDArray[np.float64], place: NDArray[np.int64], head: Head
) -> NDArray[np.float64]:
    """What the head makes of scores: probabilities, or values of scalars; (rows, outputs)."""
    inputs = expand(scores, head.knots.astype(np.float64))
    where = place if head.languages else np.zeros(len(scores), np.int64)
    z = np.empty((len(scores), head.offset.shape[1]))
    for number in range(len(head.offset)):
        mine = where == number
        matrix = head.matrix[number].reshape(inputs.shape[1], -1).astype(np.float64)
        z[mine] = inputs[mine] @ matrix + head.offset[number]
    if head.kind == "scalars":
        return np.clip(z, head.low, head.high)
    if head.kind == "exclusive":
        z = np.exp(z - z.max(axis=1, keepdims=True))
        share: NDArray[np.float64] = z / z.sum(axis=1, keepdims=True)
        return share
    p: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(z, -700, 700)))
    if head.kind == "ordinals":
        shape = (len(p), len(head.labels), head.levels)
        p = np.minimum.accumulate(p.reshape(shape), axis=2).reshape(p.shape)
    return p


def thresholds(head: Head, held_out: NDArray[np.float64], truth: Truth) -> NDArray[np.float64]:
    """Thresholds (places, outputs) from held-out probabilities: a head is a little too sure of the rows that it was
    fitted on.
    """
    if head.kind == "exclusive":
        return best_weights(held_out, truth.values.astype(np.bool_), truth.counts)[None]
    if head.kind == "scalars":
        return np.full(head.offset.shape, 0.5)
    if head.kind == "ordinals":
        return _cuts(head, held_out, truth)
    values = truth.values.astype(np.bool_)
    found = np.empty(head.offset.shape)
    for label in range(values.shape[1]):
        asked = truth.asked[:, label]
        found[:, label] = best_threshold(
            held_out[asked, label], values[asked, label], truth.counts[asked]
        )
        for number in range(1, len(found)):
            mine = asked & (truth.place == number)
            found[number, label] = _language_threshold(
                held_out[mine, label], values[mine, label], truth.counts[mine], found[0, label]
            )
    return found


def _language_threshold(
    probability: NDArray[np.float64],
    target: NDArray[np.bool_],
    counts: NDArray[np.float64],
    everyone: float,
) -> float:
    """A language's own threshold, drawn to that of all the more, the fewer positives it has."""
    support = float(counts[target].sum())
    if support == 0:
        return everyone
    own = best_threshold(probability, target, counts)
    trust = support / (support + TRUST)
    odds = trust * np.log(own / (1 - own)) + (1 - trust) * np.log(everyone / (1 - everyone))
    return float(np.clip(np.round(1 / (1 + np.exp(-odds)), 4), 0.0001, 0.9999))


def _cuts(head: Head, held_out: NDArray[np.float64], truth: Truth) -> NDArray[np.float64]:
    levels = head.levels
    expected = held_out.reshape(len(held_out), len(head.labels), levels).sum(axis=2)
    found = np.empty((len(head.offset), len(head.labels), levels))
    for label in range(len(head.labels)):
        asked = truth.asked[:, label]
        gold = truth.values[:, label].astype(np.int64)
        found[:, label] = best_cuts(expected[asked, label], gold[asked], levels)
        for number in range(1, len(found)):
            mine = asked & (truth.place == number)
            if (gold[mine] > 0).sum() >= 50:
                found[number, label] = best_cuts(expected[mine, label], gold[mine], levels)
    return found.reshape(len(head.offset), -1)


def _binary(truth: Truth, kind: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    if kind != "ordinals":
        return truth.values.astype(np.bool_), truth.asked
    levels = truth.levels
    reached = truth.values[:, :, None].astype(np.int64) >= np.arange(1, levels + 1)
    return reached.reshape(len(reached), -1), np.repeat(truth.asked, levels, axis=1)


def _platt(
    scores: NDArray[np.float64],
    targets: NDArray[np.bool_],
    counts: NDArray[np.float64],
    knots: int,
) -> NDArray[np.float64]:
    """Each output by its own column: Platt, Probabilistic outputs for support vector machines, 1999."""
    columns, outputs = scores.shape[1], targets.shape[1]
    start = np.zeros((knots * columns + 1, outputs))
    for output in range(outputs):
        column = output * columns // outputs
        mine = counts[:, output] > 0
        if not mine.any():  # nothing is known of it: never given
            start[-1, output] = _NEVER
            continue
        fitted = fit_logits(
            scores[mine][:, [column]],
            targets[mine][:, [output]],
            penalty=1.0,
            counts=counts[mine][:, [output]],
        )
        start[[column, -1], output] = fitted[:, 0]
    return start


def _least_squares(
    inputs: NDArray[np.float64], values: NDArray[np.float64], asked: NDArray[np.bool_]
) -> NDArray[np.float64]:
    columns = np.hstack([inputs, np.ones((len(inputs), 1))])
    ridge = np.diag([*np.ones(inputs.shape[1]), 1e-9])
    found = np.empty((columns.shape[1], values.shape[1]))
    for dimension in range(values.shape[1]):
        mine = columns[asked[:, dimension]]
        right = mine.T @ values[asked[:, dimension], dimension]
        found[:, dimension] = np.linalg.solve(mine.T @ mine + ridge, right)
    return found
