"""From a model's probabilities to true ones: the maps that a calibration is made of, and how each is applied."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

Floats = NDArray[np.float64]

EPSILON: Final = (
    1e-6  # probabilities of 0 and 1 have no logit: they are taken for this and 1 - this
)


class Platt(BaseModel):
    """Logistic: sigmoid(scale x logit(p) + bias); Platt, Probabilistic Outputs for Support Vector Machines, 1999."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["platt"] = "platt"
    scale: float = Field(ge=0)
    bias: float

    def apply(self, p: Floats) -> Floats:
        """Calibrated probabilities of (rows)."""
        return logistic(self.scale * logit(p) + self.bias)


class Isotonic(BaseModel):
    """A rising line through points; beyond the first and the last it is level.

    Zadrozny and Elkan, Transforming Classifier Scores into Accurate Multiclass Probability Estimates, KDD 2002.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["isotonic"] = "isotonic"
    x: tuple[float, ...] = Field(min_length=1)
    y: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rising(self) -> Isotonic:
        if len(self.x) != len(self.y):
            raise ValueError("x and y must have equally many points")
        if (np.diff(self.x) <= 0).any() or (np.diff(self.y) < 0).any():
            raise ValueError("x must rise, and y must not fall")
        return self

    def apply(self, p: Floats) -> Floats:
        """Calibrated probabilities of (rows)."""
        return np.interp(p, self.x, self.y)


class AsIs(BaseModel):
    """The probability as the model gave it: there was too little gold of the label."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["as_is"] = "as_is"

    def apply(self, p: Floats) -> Floats:
        """The probabilities of (rows)."""
        return p


Map = Annotated[Platt | Isotonic | AsIs, Field(discriminator="kind")]


def apply_maps(maps: tuple[Map, ...], p: Floats, *, exclusive: bool) -> Floats:
    """Each column of `p` (rows, labels) by its map; rows of an exclusive taxonomy are brought back to a sum of 1."""
    found = np.column_stack([each.apply(column) for each, column in zip(maps, p.T, strict=True)])
    return _shares(found) if exclusive else found


def apply_temperature(temperature: float, p: Floats) -> Floats:
    """softmax(log p / T) of `p` (rows, labels); Guo et al., On Calibration of Modern Neural Networks, ICML 2017."""
    z = np.log(np.clip(p, EPSILON, None)) / temperature
    return _shares(np.exp(z - z.max(axis=1, keepdims=True)))


def logit(p: Floats) -> Floats:
    """Logit of probabilities, of 0 and 1 too."""
    inside = np.clip(p, EPSILON, 1 - EPSILON)
    return np.asarray(np.log(inside) - np.log1p(-inside), np.float64)


def logistic(z: Floats) -> Floats:
    """The inverse of `logit`."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(z, -35, 35))), np.float64)


def _shares(p: Floats) -> Floats:
    return np.asarray(p / np.maximum(p.sum(axis=1, keepdims=True), EPSILON), np.float64)
