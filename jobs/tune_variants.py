"""The variants that `affectmine tasks tune` tries: each is the labeler file with something changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from schemas.errors import ConfigError
from schemas.label_task import LabelTask
from schemas.language_model import LanguageModel, Variant
from transforms.label.prompted.stimuli import stimuli

PLAIN: Final = "plain"
CALIBRATION: Final = "calibration"
DEMONSTRATIONS: Final = "demonstrations"
HINTS: Final = "hints"
_MODES: Final = ("score", "generate")
_SHUFFLES: Final = 4
_SHOWN: Final = 4


@dataclass(frozen=True)
class Arm:
    """A variant: how the model is asked, and whether its probabilities are calibrated afterwards."""

    name: str
    model: LanguageModel
    calibrated: bool = False

    @property
    def uses(self) -> frozenset[str]:
        """The names that it is put together from."""
        return frozenset(self.name.split("+"))


def default_names(model: LanguageModel, task: LabelTask, *, hints: bool) -> list[str]:
    """Each variant that applies, one at a time; hints where there is a student that can give them."""
    other = [mode for mode in task.modes if mode != model.asked_mode(task.mode)]
    names = [*other, "shuffles", DEMONSTRATIONS, *([HINTS] if hints else []), *stimuli()]
    return [*names, CALIBRATION] if task.answer == "labels" else names


def known_names() -> list[str]:
    """All names of variants."""
    return [PLAIN, *_MODES, "shuffles", DEMONSTRATIONS, HINTS, *stimuli(), CALIBRATION]


def arms_of(
    model: LanguageModel, task: LabelTask, names: Sequence[str], gold: Path, student: str
) -> list[Arm]:
    """The plain prompt and the variants of these names; several at once are joined by +, as in `score+shuffles`.

    The plain prompt is the labeler file without its variant and calibration. `gold`: where demonstrations are from;
    `student`: who gives hints. ConfigError: an unknown name, or one that does not apply to the task.
    """
    plain = _changed(model, variant=Variant(), calibration=None)
    found = [Arm(PLAIN, plain)]
    for name in dict.fromkeys(names):
        parts = name.split("+")
        if strange := [part for part in parts if part not in known_names()]:
            raise ConfigError(
                f"There is no variant {', '.join(strange)}.",
                remedy=f"Choose among: {', '.join(known_names())}; join several by +.",
            )
        if name == PLAIN:
            continue
        arm = Arm(name, plain)
        for part in parts:
            arm = _with(arm, part, task, gold, student)
        found.append(arm)
    return found


def _with(arm: Arm, part: str, task: LabelTask, gold: Path, student: str) -> Arm:
    model = arm.model
    if part == CALIBRATION:
        if task.answer != "labels":
            raise ConfigError(
                f"The task {task.name} has no labels, whose probabilities could be calibrated."
            )
        return Arm(arm.name, model, calibrated=True)
    if part in _MODES:
        if part not in task.modes:
            raise ConfigError(f"The task {task.name} cannot be answered in the mode {part}.")
        once: dict[str, Any] = {"samples": 1} if part == "score" else {}
        return Arm(arm.name, _changed(model, mode=part, **once), arm.calibrated)
    known: dict[str, dict[str, Any]] = {
        "shuffles": {"shuffles": _SHUFFLES},
        DEMONSTRATIONS: {"demonstrations": {"gold": str(gold), "n": _SHOWN}},
        HINTS: {"hints": student},
        PLAIN: {},
    }
    changes = known.get(part, {"stimulus": part})
    variant = model.variant.model_dump(exclude_defaults=True) | changes
    return Arm(arm.name, _changed(model, variant=variant), arm.calibrated)


def _changed(model: LanguageModel, **changes: Any) -> LanguageModel:
    """The labeler file with other values, checked."""
    return LanguageModel.model_validate(model.model_dump(exclude_defaults=True) | changes)
