"""The config of a synthesis: one YAML file, one recipe."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from schemas.config.base import Config, operational


class CopiesConfig(Config):
    """What counts as a copy of the source, and as a near-duplicate."""

    words: int = Field(8, ge=3, description="so many words in a row of its seed are a copy")
    share: float = Field(
        0.5, gt=0, le=1, description="or this share of its runs of five words, found in its seed"
    )
    similarity: float = Field(
        0.8, gt=0.3, le=1, description="Jaccard similarity from which two rows are near-duplicates"
    )


class DiversityConfig(Config):
    """Gates on what is kept; without a limit a measure is only reported."""

    least_rows: int = Field(50, ge=2, description="of fewer kept rows nothing is judged")
    min_distinct_2: float | None = Field(
        0.2, ge=0, le=1, description="distinct pairs of words a pair"
    )
    max_self_similarity: float | None = Field(
        0.5, ge=0, le=1, description="mean cosine similarity of two rows"
    )
    max_opening_repetition: float | None = Field(
        0.3, ge=0, le=1, description="share of rows that begin with the same three words"
    )
    max_tactic_repetition: float | None = Field(
        0.6, ge=0, le=1, description="share of turns with the strategy of the speaker's turn before"
    )


class BudgetConfig(Config):
    """What may be spent; what is beyond stays undone, and a rerun with more goes on from there."""

    requests: int | None = Field(None, ge=1, description="at most so many requests")
    completion_tokens: int | None = Field(None, ge=1, description="at most so many tokens written")
    price: float | None = Field(None, gt=0, description="at most this, by the models' prices")


class SynthesizeConfig(Config):
    """What to generate, from what, and by whom."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,62}$", description="of what is generated: its corpus"
    )
    lake: str = operational("lake", description="the lake's folder; relative to the config file")
    recipe: str = Field(description="a recipe: one of ours, or a file of your own")
    items: int = Field(ge=1, le=10_000_000, description="so many are planned")
    seed: int = Field(0, ge=0, description="of what is drawn")
    taxonomy: str | None = Field(None, description="instead of the recipe's")
    plan: Literal["even", "fill"] = Field(
        "even",
        description="labels: as many items each; or fill: so that with the rows of `counts` all labels have as many",
    )
    counts: str | None = Field(
        None, description="plan fill: a SELECT of label and rows over the views of the lake"
    )
    clinical: bool = Field(
        default=False, description="clinical texts may be seeds (their redacted form)"
    )
    models: dict[str, tuple[str, ...]] = Field(
        description="labeler files of the models that play each role; of several, items take turns"
    )
    checker: str = Field(
        "student", description="the labeler that checks: student, weights, or a labeler file"
    )
    tables: dict[str, str] = Field(
        default_factory=dict, description="files of your own instead of the recipe's tables"
    )
    max_per_label: int | None = Field(None, ge=1, description="keep at most so many items a label")
    copies: CopiesConfig = CopiesConfig()
    diversity: DiversityConfig = DiversityConfig()
    budget: BudgetConfig = operational(
        default_factory=BudgetConfig, description="what may be spent"
    )
    shard_items: int = Field(200, ge=1, le=100_000, description="items that are made at once")
    memory_limit: str = operational("1GB", description="of DuckDB, which spills beyond it")

    @field_validator("models", mode="before")
    @classmethod
    def _several(cls, models: object) -> object:
        if isinstance(models, dict):
            return {k: (v,) if isinstance(v, str) else v for k, v in models.items()}
        return models

    @model_validator(mode="after")
    def _planned(self) -> SynthesizeConfig:
        if (self.plan == "fill") != (self.counts is not None):
            raise ValueError("plan: fill and counts go together")
        return self
