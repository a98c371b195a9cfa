"""Writes the winner of a tuning as a labeler file, with the files that it names beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import yaml

from jobs.calibrate import ENDING, Asked, checksum, file_of
from jobs.target import write_trouble
from jobs.tune_answers import Asking
from jobs.tune_variants import Arm
from schemas.errors import ConfigError, SourceError
from schemas.language_model import LanguageModel
from transforms.label.prompted.calibration_file import FittedOn

_SHOWN = ".demonstrations.parquet"
_TUNED = "_tuned"
_LONGEST = 63  # of a labeler's name


def absolute(model: LanguageModel, base: Path) -> LanguageModel:
    """The same with the files that it names by absolute paths; `base`: where relative ones start."""
    changed: dict[str, Any] = model.model_dump(exclude_defaults=True)
    variant = changed.get("variant", {})
    if shown := variant.get("demonstrations"):
        shown["gold"] = str(base / shown["gold"])
    if (hints := variant.get("hints")) and hints.endswith(".safetensors"):
        variant["hints"] = str(base / hints)
    if calibration := changed.get("calibration"):
        changed["calibration"] = str(base / calibration)
    return LanguageModel.model_validate(changed)


def write_winner(
    arm: Arm, output: Path, asking: Asking, rows: int, shown: pl.DataFrame, remark: str, gold: Path
) -> list[Path]:
    """Writes the labeler file, and beside it its demonstrations and calibration, where it has them.

    `rows`: those that it was tuned on. Returns what was written, the labeler file first.
    """
    content = arm.model.model_dump(mode="json", exclude_defaults=True)
    name = content["name"].removesuffix(_TUNED)
    content["name"] = name[: _LONGEST - len(_TUNED)] + _TUNED
    written = [output]
    try:
        if "demonstrations" in arm.uses:
            path = output.with_suffix(_SHOWN)
            shown.write_parquet(path)
            content["variant"]["demonstrations"]["gold"] = path.name
            written.append(path)
        if arm.calibrated and (text := _calibration(arm, content, asking, rows, gold)):
            path = output.with_suffix(ENDING)
            path.write_text(text, encoding="utf-8")
            content["calibration"] = path.name
            written.append(path)
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        output.write_text(f"# {remark}\n{text}", encoding="utf-8")
    except OSError as error:
        raise write_trouble(output, error) from None
    return written


def _calibration(
    arm: Arm, content: dict[str, Any], asking: Asking, rows: int, gold: Path
) -> str | None:
    """Fitted on the rows that were tuned on, for the labeler file as it is written; None: too little gold."""
    try:
        fitted, there = asking.fitted(arm, rows)
    except (ConfigError, SourceError):
        return None
    of = asking.tune.gold
    model = LanguageModel.model_validate(content)
    asked = Asked(asking.labeler(arm), of.task, of.taxonomy, model)
    return file_of(
        asked, fitted, FittedOn(rows=int(there.sum()), checksum=checksum(gold))
    ).to_json()
