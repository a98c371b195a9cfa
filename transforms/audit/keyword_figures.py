"""How much of the figures is left without emotion words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.audit.answers import Answers
from transforms.audit.measured import Draw, Measured, measure, together
from transforms.evaluate.annotations import Bools
from transforms.evaluate.label_sums import label_sums
from transforms.evaluate.sums import Figures, Statistic, divide
from transforms.evaluate.together import each_label

SIDES = ("original", "masked", "control")
OVERALL = ("macro_f1", "micro_f1")


def overall(
    gold: Bools,
    asked: Bools,
    answers: Mapping[str, Answers],
    draw: Draw,
    *,
    groups: NDArray[Any] | None = None,
) -> dict[str, Measured]:
    """macro_f1 and micro_f1 of the answers to the texts as they are, masked, and with other words masked.

    Named `original.macro_f1`; `drop.*`: original less masked; `beyond.*`: control less masked, what emotion words are
    worth more than other words; `kept.*`: masked as a share of original.
    """
    parts = {side: label_sums(gold, answers[side].given, asked) for side in SIDES}
    return measure(
        together(parts, _derived(OVERALL)), draw,
        because="no label occurs in gold or answers", groups=groups,
    )  # fmt: skip


def per_label(
    gold: Bools,
    asked: Bools,
    answers: Mapping[str, Answers],
    names: list[str],
    draw: Draw,
    *,
    groups: NDArray[Any] | None = None,
) -> dict[str, dict[str, Measured]]:
    """The same for the F1 of each label: by label, then original, masked, control, drop, beyond, kept."""
    parts: dict[str, Statistic[Any]] = {
        side: each_label(gold, answers[side].given, names, asked) for side in SIDES
    }
    figures = [f"f1.{name}" for name in names]
    found = measure(
        together(parts, _derived(figures)), draw,
        because="the label is neither in gold nor given", groups=groups,
    )  # fmt: skip
    kinds = (*SIDES, "drop", "beyond", "kept")
    return {name: {kind: found[f"{kind}.f1.{name}"] for kind in kinds} for name in names}


def _derived(figures: list[str] | tuple[str, ...]) -> Callable[[Figures], Figures]:
    def derived(found: Figures) -> Figures:
        result: dict[str, NDArray[np.float64]] = {}
        for name in figures:
            original, masked, control = (found[f"{side}.{name}"] for side in SIDES)
            result[f"drop.{name}"] = original - masked
            result[f"beyond.{name}"] = control - masked
            result[f"kept.{name}"] = divide(masked, original)
        return result

    return derived
