"""A table of an evaluation, in words and numbers: what screen and page show is the same.

An undefined figure is told where it would stand; in a narrow cell by a letter, with the reason below the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

# In the order in which they are read.
NAMES: Final = {
    "macro_f1": "macro-F1", "micro_f1": "micro-F1", "subset_accuracy": "subset accuracy",
    "quadratic_kappa": "quadratic kappa", "pearson": "Pearson", "spearman": "Spearman",
    "ccc": "CCC", "accuracy": "accuracy", "rmse": "RMSE", "mae": "MAE", "f1": "F1",
    "precision": "precision", "recall": "recall", "support": "gold", "predicted": "predicted",
    "answered": "answered", "asked": "asked", "threshold": "threshold", "ece": "calibration error",
    "exact_f1": "exact F1", "overlap_f1": "overlap F1", "token_f1": "token F1",
    "exact_precision": "exact precision", "exact_recall": "exact recall",
    "overlap_precision": "overlap precision", "overlap_recall": "overlap recall",
    "token_precision": "token precision", "token_recall": "token recall",
    "set_f1": "set F1", "set_precision": "set precision", "set_recall": "set recall",
    "gold_on_wheel": "gold words on the wheel", "given_on_wheel": "given words on the wheel",
}  # fmt: skip
# What a row of a breakdown or of a comparison shows, by the kind of answers; the first is the one that counts most.
HEAD: Final = {
    "labels": ("macro_f1", "micro_f1"),
    "scalars": ("pearson", "ccc", "rmse"),
    "ordinals": ("quadratic_kappa", "pearson"),
    "spans": ("exact_f1", "overlap_f1", "token_f1"),
    "words": ("set_f1", "set_precision", "set_recall"),
}

ERRORS: Final = ("rmse", "mae", "ece")  # the less the better, on a scale of their own


@dataclass(frozen=True)
class Cell:
    """What stands in a table. `strip`: a figure and its interval, to be drawn."""

    text: str
    numeric: bool = True
    strip: tuple[float, float, float] | None = None


@dataclass
class Table:
    """A table, what it says, and why some of its figures do not exist."""

    title: str
    columns: list[str]
    rows: list[list[Cell]] = field(default_factory=list)
    note: str = ""
    reasons: list[str] = field(default_factory=list)

    def cell(self, value: Any, bounds: Any = None, *, signed: bool = False) -> Cell:
        """A figure, with its interval where there is one; undefined, its letter.

        A strip of 0 to 1 is drawn for figures that lie there: not for signed ones, and errors have another scale.
        """
        if isinstance(value, Mapping):
            reason = str(value.get("undefined"))
            if reason not in self.reasons:
                self.reasons.append(reason)
            return Cell(f"undefined ({_letter(self.reasons.index(reason))})")
        if value is None:
            return Cell("–")
        if isinstance(value, int):
            return Cell(f"{value:,}")
        sign = "+" if signed else ""
        if bounds is None:
            return Cell(f"{value:{sign}.3f}")
        low, high = bounds
        text = f"{value:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"
        return Cell(
            text, strip=(value, low, high) if not signed and 0 <= low <= high <= 1 else None
        )

    @property
    def notes(self) -> list[str]:
        """The note, and the reasons."""
        reasons = [
            f"({_letter(place)}) undefined, because {reason}"
            for place, reason in enumerate(self.reasons)
        ]
        return [*([self.note] if self.note else []), *reasons]


def bounds_of(place: Mapping[str, Any], name: str) -> Any:
    """The interval of a figure in a part of the JSON, where there is one."""
    intervals = place.get("intervals")
    return intervals.get(name) if isinstance(intervals, Mapping) else None


def _letter(place: int) -> str:
    return chr(ord("a") + place) if place < 26 else str(place + 1)
