"""The specification of an export: which rows of a lake become which training corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from schemas.config.base import Config
from schemas.errors import ConfigError
from schemas.label_task import Mode
from schemas.spec_file import parse_spec
from schemas.yaml_mistakes import SeveralError

Format = Literal["classification", "sft", "preference", "reward", "instructions", "spans"]
NUMBERS = ("scalars", "ordinals")
"""Answers of tasks whose labels are numbers."""
PAIR = ("prompt", "chosen", "rejected")
"""The parts of a generated pair."""
WRITTEN = ("instruction", "input", "output")
"""The parts of an instruction that a recipe wrote."""


class Rows(Config):
    """One source of rows; exactly one of gold, labeler and synthetic."""

    gold: bool = Field(default=False, description="labels that people gave")
    splits: tuple[str, ...] = Field((), description="of gold: only these splits; empty: all")
    labeler: str | None = Field(None, description="labels of this labeler, as the column says")
    min_confidence: float = Field(
        0.0, ge=0, le=1, description="of a labeler: the least probability of its labels"
    )
    synthetic: tuple[str, ...] | None = Field(
        None, description="kept rows of these syntheses, by name; empty: all"
    )
    weight: float = Field(1.0, gt=0, description="of each row in training")

    @model_validator(mode="after")
    def _one(self) -> Rows:
        chosen = self.gold + (self.labeler is not None) + (self.synthetic is not None)
        if chosen != 1:
            raise ValueError("name exactly one of gold, labeler and synthetic")
        return self


class Splits(Config):
    """Shares of the splits; the rest is train. No conversation and no author is in two of them."""

    validation: float = Field(0.1, ge=0, lt=1)
    test: float = Field(0.1, ge=0, lt=1)
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _rest(self) -> Splits:
        if self.validation + self.test >= 1:
            raise ValueError("validation and test leave nothing for train")
        return self


class Against(Config):
    """An evaluation set that must not be trained on: a file, or splits of the lake's gold."""

    file: str | None = Field(
        None, description="csv, tsv, jsonl or parquet; relative to the specification"
    )
    text_column: str = "text"
    gold_splits: tuple[str, ...] = Field((), description="splits of the lake's gold, such as test")

    @model_validator(mode="after")
    def _one(self) -> Against:
        if (self.file is None) == (not self.gold_splits):
            raise ValueError("name a file or gold_splits")
        return self


class Contamination(Config):
    """Rows that are too like an evaluation text are removed, and listed."""

    against: tuple[Against, ...] = Field(min_length=1)
    words: int = Field(13, ge=3, description="so many words in a row of an evaluation text")
    similarity: float = Field(
        0.8, gt=0.3, le=1, description="Jaccard similarity from which a row is a near-duplicate"
    )


class Balance(Config):
    """Caps. What is over them is left out by sample key."""

    max_per_label: int | None = Field(None, ge=1, description="rows of a label, in each split")
    max_ratio: float | None = Field(
        None, ge=1, description="rows of a label for one of the rarest, in each split"
    )
    max_per_speaker: int | None = Field(None, ge=1, description="rows of an author")


class ExportSpec(Config):
    """A training corpus."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")
    lake: str = Field("lake", description="the lake's folder; relative to the specification")
    to: str = Field(description="the folder that is made; relative to the specification")
    format: Format
    task: str = "emotion"
    taxonomy: str = "goemotions"
    rows: tuple[Rows, ...] = Field(
        min_length=1, description="sources; of a record that is in several, the first counts"
    )
    corpora: tuple[str, ...] = Field((), description="only these corpora; empty: all")
    languages: tuple[str, ...] = Field(
        (), description="only these languages, ISO 639-1; empty: all"
    )
    clinical: bool = Field(
        default=False, description="rows of clinical corpora too: their redacted text"
    )
    limit: int | None = Field(
        None, ge=1, description="at most so many rows, whole items by sample key"
    )
    splits: Splits = Splits()
    contamination: Contamination | None = None
    near_duplicates: float | None = Field(
        None,
        gt=0.3,
        le=1,
        description="Jaccard similarity from which one of two texts is left out, whatever their sources; null: none is",
    )
    balance: Balance = Balance()
    curriculum: Literal["none", "emotional_shift", "agreement", "confidence"] = Field(
        "none",
        description="order of train: texts after a small shift first, those that are agreed on, or sure",
    )
    soft_labels: bool = Field(default=False, description="the probability of each label, too")
    assistant_roles: tuple[str, ...] = Field(
        (),
        description="sft: conversations, in which these roles are the assistant; empty: the label task as a chat",
    )
    mode: Mode = Field(
        "generate",
        description="sft: how the labeler will be asked, as in its file: it writes labels, or weighs each one (score)",
    )
    memory_limit: str = "1GB"

    @property
    def labeled(self) -> bool:
        """Whether examples are texts with labels of the task."""
        return self.format in ("classification", "instructions") or self.label_chats

    @property
    def label_chats(self) -> bool:
        """Whether examples are the label task as chats."""
        return self.format == "sft" and not self.assistant_roles

    @field_validator("rows")
    @classmethod
    def _distinct(cls, rows: tuple[Rows, ...]) -> tuple[Rows, ...]:
        if any(row in rows[:number] for number, row in enumerate(rows)):
            raise ValueError("two sources of rows are the same")
        return rows

    @model_validator(mode="after")
    def _fits(self) -> ExportSpec:
        mistakes = []
        if self.format in ("preference", "reward") and any(
            row.synthetic is None for row in self.rows
        ):
            mistakes.append(f"rows: {self.format} is made of pairs, which only syntheses have")
        if self.assistant_roles and self.format != "sft":
            mistakes.append("assistant_roles are for the format sft")
        if self.mode == "score" and not self.label_chats:
            mistakes.append(
                "mode is for the label task as chats: format sft without assistant_roles"
            )
        if self.soft_labels and self.format != "classification":
            mistakes.append("soft_labels are for the format classification")
        if self.format == "spans" and any(row.labeler is None for row in self.rows):
            mistakes.append("rows: spans are in the answers of a labeler")
        if mistakes:
            raise SeveralError(mistakes)
        return self


def load_export(path: Path) -> ExportSpec:
    """The specification at `path`. Raises ConfigError: unreadable, or every mistake of content at once."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The export {path} cannot be read: {error}.") from None
    return parse_spec(text, str(path), ExportSpec, "export")
