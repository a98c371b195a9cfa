"""What `affectmine calibrate` writes: a calibration as JSON, with what it was fitted for, and on."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from transforms.label.prompted.calibration_maps import Map

FORMAT: Final = "affectmine-calibration/1"
Kind = Literal["temperature", "isotonic"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FittedOn(_Part):
    """The gold: so many rows, and the checksum (SHA-256) of the file."""

    rows: int = Field(ge=1)
    checksum: str = Field(min_length=1)
    splits: tuple[str, ...] = ()


class Fit(_Part):
    """How well it fits, on gold that each fold's fit has not seen: before and after.

    `macro_f1_before`: of the labels as the labeler gave them. None: undefined.
    """

    ece_before: float | None
    ece_after: float | None
    log_loss_before: float | None
    log_loss_after: float | None
    macro_f1_before: float | None
    macro_f1_after: float | None


class CalibrationFile(_Part):
    """All of the file. `version` is a hash of the rest.

    - `prompt`: what was asked, as a hash (calibration.prompt_fingerprint); `labeler_version`: of the labeler as it was.
    - `temperature`: of an exclusive taxonomy; else each label has a map of its own.
    - `thresholds`: a label is given from this probability on; in an exclusive taxonomy the label with the largest
      probability divided by threshold. `empty`: whether gold has rows in which no label holds.
    - `kept`: labels with too little gold, which are as they were.
    """

    format: Literal["affectmine-calibration/1"] = FORMAT
    version: str = ""
    task: str
    task_version: str
    taxonomy: str
    taxonomy_version: str
    labels: tuple[str, ...] = Field(min_length=1)
    exclusive: bool
    mode: str
    model: str
    revision: str
    prompt: str
    labeler: str
    labeler_version: str
    kind: Kind
    temperature: float | None = Field(None, gt=0)
    maps: dict[str, Map] = Field(default_factory=dict)
    thresholds: dict[str, float]
    empty: bool
    kept: tuple[str, ...] = ()
    gold: FittedOn
    fit: Fit

    @model_validator(mode="after")
    def _whole(self) -> CalibrationFile:
        mistakes = []
        if any(n > 1 for n in Counter(self.labels).values()):
            mistakes.append("a label is listed twice")
        if (self.temperature is None) == (not self.maps):
            mistakes.append("there must be a temperature, or a map of each label")
        if self.maps and set(self.maps) != set(self.labels):
            mistakes.append("maps must be of the labels, one each")
        if set(self.thresholds) != set(self.labels):
            mistakes.append("thresholds must be of the labels, one each")
        if any(not 0 < each < 1 for each in self.thresholds.values()):
            mistakes.append("thresholds lie between 0 and 1")
        if self.temperature is not None and not self.exclusive:
            mistakes.append("one temperature is for exclusive taxonomies")
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    def stamped(self) -> CalibrationFile:
        """The same with its version: a hash of the content."""
        return self.model_copy(update={"version": hash_of(self.model_dump(exclude={"version"}))})

    def to_json(self) -> str:
        """The text of the file."""
        return self.model_dump_json(indent=2) + "\n"


def hash_of(content: Any) -> str:
    """16 hex digits of a hash of JSON content; the order of keys does not matter."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
