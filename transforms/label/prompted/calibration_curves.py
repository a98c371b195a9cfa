"""Fits the maps of a calibration to gold: Platt's logistic, isotonic regression, one temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from transforms.label.prompted.calibration_file import Kind
from transforms.label.prompted.calibration_maps import (
    EPSILON,
    AsIs,
    Floats,
    Isotonic,
    Map,
    Platt,
    apply_maps,
    apply_temperature,
    logit,
)
from transforms.label.student.calibration import fit_logits

Bools = NDArray[np.bool_]

_PENALTY: Final = 1.0  # of (scale - 1)²: with little gold a label stays close to where it was
_LOW, _HIGH, _STEPS = np.log(0.05), np.log(20.0), 60  # of the search for a temperature
_GOLDEN: Final = (np.sqrt(5.0) - 1) / 2


@dataclass(frozen=True)
class Curves:
    """A temperature, or a map of each label in order; what turns probabilities (rows, labels) into calibrated ones."""

    temperature: float | None
    maps: tuple[Map, ...]
    exclusive: bool

    def apply(self, p: Floats) -> Floats:
        """Calibrated probabilities (rows, labels)."""
        if self.temperature is not None:
            return apply_temperature(self.temperature, p)
        return apply_maps(self.maps, p, exclusive=self.exclusive)


def fit_curves(
    kind: Kind, p: Floats, holds: Bools, asked: Bools, few: Bools, *, exclusive: bool
) -> Curves:
    """Curves of a kind, from probabilities and gold (rows, labels). Labels with `few` gold (labels) are left as they
    are, but share the temperature of an exclusive taxonomy.
    """
    if kind == "temperature" and exclusive:
        return Curves(best_temperature(p, holds, asked), (), exclusive=True)
    fit = fit_platt if kind == "temperature" else fit_isotonic
    maps: list[Map] = []
    for label in range(p.shape[1]):
        rows = asked[:, label]
        truth = holds[rows, label]
        one_sided = truth.all() or not truth.any()  # in a fold, where gold as a whole is not
        maps.append(AsIs() if few[label] or one_sided else fit(p[rows, label], truth))
    return Curves(None, tuple(maps), exclusive=exclusive)


def best_temperature(p: Floats, holds: Bools, asked: Bools) -> float:
    """The temperature with the least log loss of rows with one gold label each; between .05 and 20."""
    rows = (holds & asked).sum(axis=1) == 1
    if not rows.any():
        return 1.0
    z = np.where(asked[rows], np.log(np.clip(p[rows], EPSILON, None)), -np.inf)
    true = z[holds[rows] & asked[rows]]
    z = z - z.max(axis=1, keepdims=True)
    true = true - np.log(np.clip(p[rows], EPSILON, None)).max(
        axis=1, where=asked[rows], initial=-np.inf
    )

    def loss(log_t: float) -> float:
        beta = np.exp(-log_t)
        return float((np.log(np.exp(beta * z).sum(axis=1)) - beta * true).sum())

    # Convex in 1 / T, so that there is one valley: golden section.
    low, high = _LOW, _HIGH
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    for _ in range(_STEPS):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = loss(right)
    return round(float(np.exp((low + high) / 2)), 6)


def fit_platt(p: Floats, truth: Bools) -> Platt:
    """Scale and bias on the logit, for one label (rows). A score that orders rows the wrong way round says nothing:
    scale 0, so that all get the base rate.
    """
    start = np.array([[1.0], [0.0]])
    found = fit_logits(logit(p)[:, None], truth[:, None], penalty=_PENALTY, start=start)
    scale, bias = float(found[0, 0]), float(found[1, 0])
    if scale <= 0:
        scale, bias = 0.0, float(logit(np.array([truth.mean()]))[0])
    return Platt(scale=round(scale, 6), bias=round(bias, 6))


def fit_isotonic(p: Floats, truth: Bools) -> Isotonic:
    """Pool adjacent violators, for one label (rows). No probability becomes 0 or 1: n rows cannot show that, so that
    ends are 1 / (n + 2) away.
    """
    x, place, weight = np.unique(p, return_inverse=True, return_counts=True)
    mean = np.bincount(place.reshape(-1), truth, len(x)) / weight
    first, last, y = pool(mean, weight.astype(np.float64))
    xs, ys = np.column_stack([x[first], x[last]]).reshape(-1), np.repeat(y, 2)
    keep = np.ones(len(xs), np.bool_)
    keep[1::2] = first < last  # a block of one point is one point
    margin = 1 / (len(p) + 2)
    inside = np.clip(ys[keep], margin, 1 - margin)
    return Isotonic(x=tuple(xs[keep].tolist()), y=tuple(inside.tolist()))


def pool(mean: Floats, weight: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """The closest rising sequence to `mean` by weighted least squares, as blocks: first, last, value of each.

    Ayer et al., An Empirical Distribution Function for Sampling with Incomplete Information, 1955.
    """
    firsts: list[int] = []
    values: list[float] = []
    weights: list[float] = []
    for at, (value, amount) in enumerate(zip(mean.tolist(), weight.tolist(), strict=True)):
        first = at
        while values and values[-1] >= value:
            before = weights.pop()
            value = (values.pop() * before + value * amount) / (before + amount)
            amount += before
            first = firsts.pop()
        firsts.append(first)
        values.append(value)
        weights.append(amount)
    starts = np.array(firsts, np.int64)
    return starts, np.append(starts[1:], len(mean)) - 1, np.array(values)
