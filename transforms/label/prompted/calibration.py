"""A calibration that `affectmine calibrate` fitted on gold: from probabilities to true ones, and to labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from schemas.errors import ConfigError
from schemas.label_task import LabelTask, Mode
from schemas.language_model import LanguageModel
from schemas.taxonomy import Taxonomy
from transforms.label.prompted.calibration_file import CalibrationFile, hash_of
from transforms.label.prompted.calibration_maps import Floats, apply_maps, apply_temperature
from transforms.label.student.calibration import assign
from transforms.label.student.decide import choose

_REMEDY = "Fit it for this: affectmine calibrate GOLD --labeler FILE"
# What changes no answer of the model, but only its name or what becomes of its probabilities.
_OF_NO_ANSWER = ("name", "calibration")


@dataclass(frozen=True)
class Calibration:
    """Probabilities (rows, labels) have the order of `labels`; NaN (no answer) stays NaN."""

    file: CalibrationFile

    @property
    def version(self) -> str:
        """Changes whenever an answer could."""
        return self.file.version

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the columns."""
        return self.file.labels

    @property
    def thresholds(self) -> dict[str, float]:
        """Per label: given from this probability on; see CalibrationFile for exclusive taxonomies."""
        return dict(self.file.thresholds)

    def apply(self, probabilities: Floats) -> Floats:
        """Calibrated probabilities; of an exclusive taxonomy with a sum of 1 a row. ValueError: not (rows, labels)."""
        p = np.asarray(probabilities, np.float64)
        if p.ndim != 2 or p.shape[1] != len(self.labels):
            raise ValueError(f"Probabilities of shape {p.shape}, not (rows, {len(self.labels)}).")
        if self.file.temperature is not None:
            return apply_temperature(self.file.temperature, p)
        maps = tuple(self.file.maps[name] for name in self.labels)
        return apply_maps(maps, p, exclusive=self.file.exclusive)

    def decide(self, calibrated: Floats) -> NDArray[np.bool_]:
        """Which labels are given (rows, labels), of what `apply` returned; none where there is no answer."""
        threshold = np.array([self.file.thresholds[name] for name in self.labels])
        return decide(calibrated, threshold, exclusive=self.file.exclusive, empty=self.file.empty)


def decide(
    probability: Floats, threshold: Floats, *, exclusive: bool, empty: bool
) -> NDArray[np.bool_]:
    """Which labels are given (rows, labels) by thresholds (labels); none in rows with NaN."""
    there = np.isfinite(probability).all(axis=1)
    given = np.zeros(probability.shape, np.bool_)
    known = probability[there]
    given[there] = (
        choose(known, 1 / threshold) if exclusive else assign(known, threshold, empty=empty)
    )
    return given


def load_calibration(
    path: Path, task: LabelTask, taxonomy: Taxonomy, mode: Mode, model: LanguageModel
) -> Calibration:
    """The calibration at `path`, for this question to this model.

    Raises ConfigError: it cannot be read, was changed by hand, or was fitted for something else.
    """
    found = read_calibration(path)
    asked: dict[str, tuple[Any, Any]] = {
        "task": (_named(found.task, found.task_version), _named(task.name, task.version)),
        "taxonomy": (
            _named(found.taxonomy, found.taxonomy_version),
            _named(taxonomy.name, taxonomy.version),
        ),
        "labels": (", ".join(found.labels), ", ".join(taxonomy.names)),
        "mode": (found.mode, mode),
        "model": (found.model, model.model),
        "revision": (found.revision, model.revision),
    }
    wrong = [f"{what} is {of}, not {now}" for what, (of, now) in asked.items() if of != now]
    if wrong:
        raise ConfigError(
            f"The calibration {path} was fitted for something else: its {'; its '.join(wrong)}.",
            remedy=_REMEDY,
        )
    if found.prompt != prompt_fingerprint(task, taxonomy, mode, model):
        raise ConfigError(
            f"The calibration {path} was fitted with another prompt: the instructions or definitions, or settings of "
            "the labeler file (variant, temperature …), have changed since.",
            remedy=_REMEDY,
        )
    return Calibration(found)


def read_calibration(path: Path) -> CalibrationFile:
    """What stands in the file. Raises ConfigError: it cannot be read, or was changed by hand."""
    try:
        found = CalibrationFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"The calibration {path} cannot be read: {error.strerror}.", remedy=_REMEDY
        ) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ConfigError(
            f"{path} is no calibration of ours: {where}: {first['msg']}.", remedy=_REMEDY
        ) from None
    if found.version != found.stamped().version:
        raise ConfigError(
            f"The calibration {path} was changed by hand: its content does not have the version {found.version!r}.",
            remedy=_REMEDY,
        )
    return found


def prompt_fingerprint(
    task: LabelTask, taxonomy: Taxonomy, mode: Mode, model: LanguageModel
) -> str:
    """A hash of all that is asked, of the task, the labels and the labeler file."""
    meaning = {key: value for key, value in model.meaning().items() if key not in _OF_NO_ANSWER}
    labels = [label.model_dump() for label in taxonomy.labels]
    return hash_of(
        {
            "model": meaning | {"mode": mode},
            "task": task.model_dump(mode="json", exclude={"description", "source"}),
            "labels": labels,
        }
    )


def _named(name: str, version: str) -> str:
    return f"{name} {version}"
