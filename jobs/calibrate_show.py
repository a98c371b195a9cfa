"""A calibration on the screen."""

from __future__ import annotations

import json
from pathlib import Path

from jobs.calibrate import Calibrated
from schemas.language_model import is_language_model
from transforms.evaluate.figures import Figure, Undefined


def show_calibrated(found: Calibrated, labeler: str, *, as_json: bool) -> int:
    """Prints what was found and where it lies; returns the exit code."""
    if as_json:
        print(json.dumps(to_json(found)))
        return 0
    from rich.console import Console
    from rich.table import Table

    file, console = found.file, Console(highlight=False)
    fit = file.fit
    kind = "one temperature" if file.temperature else file.kind
    console.print(
        f"{file.gold.rows:,} rows of gold, {kind}. On rows that the fit has not seen:\n"
        f"calibration error {_told(fit.ece_before)} -> {_told(fit.ece_after)}, "
        f"log loss {_told(fit.log_loss_before)} -> {_told(fit.log_loss_after)}, "
        f"macro-F1 {_told(fit.macro_f1_before)} -> {_told(fit.macro_f1_after)}"
    )
    table = Table(box=None, show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("label")
    for name in ("gold", "error before", "after", "threshold"):
        table.add_column(name, justify="right")
    table.add_column("")
    for name, (support, before, after) in found.fitted.per_label.items():
        kept = "too little gold: kept as it is" if name in file.kept else ""
        table.add_row(
            name, f"{support:,}", _figure(before), _figure(after), f"{file.thresholds[name]:.3f}", kept
        )  # fmt: skip
    console.print(table)
    if found.unanswered:
        told = ", ".join(f"{reason} {n:,}" for reason, n in found.reasons.items())
        console.print(f"{found.unanswered:,} rows had no probabilities and do not count ({told}).")
    if (fit.log_loss_after or 0) >= (fit.log_loss_before or 0):
        console.print("It does not help: on unseen rows the log loss is no less. Do not use it.")
    for line in how_to_use(found.path, labeler):
        console.print(line, soft_wrap=True)
    return 0


def how_to_use(path: Path, labeler: str) -> list[str]:
    """What to do with the file."""
    if not is_language_model(labeler):
        return [f"Written: {path}. A student is calibrated by training; labeler files can use one."]
    folder = Path(labeler).resolve().parent
    resolved = path.resolve()
    shown = resolved.relative_to(folder) if resolved.is_relative_to(folder) else resolved
    return [f"Written: {path}. Add this line to {labeler}:", f"calibration: {shown}"]


def to_json(found: Calibrated) -> dict[str, object]:
    """For machines."""
    file = found.file
    return {
        "output": str(found.path),
        "version": file.version,
        "kind": file.kind,
        "temperature": file.temperature,
        "rows": file.gold.rows,
        "unanswered": found.unanswered,
        "fit": file.fit.model_dump(),
        "thresholds": file.thresholds,
        "kept": list(file.kept),
    }


def _told(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _figure(value: Figure) -> str:
    return "–" if isinstance(value, Undefined) else f"{value:.3f}"
