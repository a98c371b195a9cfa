"""What must hold before a run is published: expectations, the drift of labels, an evaluation against gold."""

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from schemas.config.base import Config

Severity = Literal["critical", "warning"]
# What an evaluation can be held to. A name of a label or a dimension may follow: f1.anger, pearson.valence.
FIGURES = (
    "macro_f1", "micro_f1", "subset_accuracy", "accuracy", "f1", "precision", "recall", "ece", "coverage",
    "pearson", "spearman", "ccc", "rmse", "mae", "quadratic_kappa",
)  # fmt: skip
OF_ONE = ("f1", "precision", "recall")  # say nothing without a label


class About(Config):
    """Which label stages a gate is about: those that fit all that is given."""

    task: str | None = Field(None, description="of this label task only, as named under label")
    taxonomy: str | None = Field(None, description="of this taxonomy only, as named under label")
    labeler: str | None = Field(None, description="of this labeler only, as named under label")
    corpora: tuple[str, ...] = Field((), description="of these corpora only; default: all")

    @field_validator("corpora", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    def fits(self, task: str, taxonomy: str, labeler: str) -> bool:
        """Whether the gate is about a label stage, by the names that stand under label."""
        return (
            self.task in (None, task)
            and self.taxonomy in (None, taxonomy)
            and self.labeler in (None, labeler)
        )


class LastDays(Config):
    """The newest published days."""

    last_days: int = Field(
        ge=1, description="compare with the rows of so many days, up to the newest published one"
    )


class DriftLimit(Config):
    """How far labels may drift."""

    figure: Literal["jensen_shannon", "psi", "share_change"] = Field(
        description="jensen_shannon: divergence of the label distributions, 0 to 1 bit; psi: population "
        "stability index; share_change: the largest change of one label's share of rows"
    )
    max: float = Field(gt=0, description="more than this, and more than chance explains, fails")
    severity: Severity = Field("critical", description="critical blocks publication; warning tells")


class DriftConfig(About):
    """Holds label shares of new rows against those of published rows of the same corpus."""

    by: tuple[Literal["lang", "role"], ...] = Field(
        (), description="compare each lang or role of a corpus by itself; default: whole corpora"
    )
    against: Literal["last_snapshot"] | LastDays = Field(
        "last_snapshot", description="last_snapshot: all that it holds of the corpus; or last_days"
    )
    limits: tuple[DriftLimit, ...] = Field(
        (
            DriftLimit(figure="psi", max=0.1, severity="warning"),
            DriftLimit(figure="psi", max=0.25, severity="critical"),
        ),
        min_length=1,
        description="default: psi over .1 is told, over .25 blocks",
    )
    level: float = Field(
        0.99, ge=0.5, lt=1, description="chance: what sampling noise stays below so often"
    )
    min_rows: int = Field(
        500, ge=1, description="fewer rows on either side are not judged; the page says so"
    )
    new_version: Literal["warn", "block", "ignore"] = Field(
        "warn",
        description="when the new rows come from another version of task, taxonomy or labeler (drift then mixes "
        "model and data)",
    )

    @field_validator("by", mode="before")
    @classmethod
    def _one_way_or_more(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


class EvaluateConfig(About):
    """Holds a figure of an evaluation of the candidate labels against gold."""

    figure: str = Field(
        description=f"one of {', '.join(FIGURES)}; of one label or dimension: f1.anger, pearson.valence"
    )
    min: float | None = Field(None, description="less fails")
    max: float | None = Field(None, description="more fails (for ece, rmse, mae)")
    bound: Literal["estimate", "lower", "upper"] = Field(
        "estimate",
        description="what is held to it: the figure itself, or the lower or upper end of its interval",
    )
    severity: Severity = Field("critical", description="critical blocks publication; warning tells")
    splits: tuple[str, ...] = Field((), description="gold of these splits only; default: all gold")
    min_rows: int = Field(
        100, ge=1, description="fewer rows with gold are not judged; the page says so"
    )

    @field_validator("splits", mode="before")
    @classmethod
    def _one_split_or_more(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("figure")
    @classmethod
    def _known(cls, figure: str) -> str:
        check_figure(figure)
        return figure

    @model_validator(mode="after")
    def _one_limit(self) -> "EvaluateConfig":
        if (self.min is None) == (self.max is None):
            raise ValueError("give one of min and max")
        return self


class CheckConfig(Config):
    """Quality gates beside the shipped expectation suites: docs/gates.md."""

    suites: tuple[str, ...] = Field(
        (), description="files of your own expectations; relative to the config file"
    )
    drift: tuple[DriftConfig, ...] = Field(
        (), description="gates on the drift of label shares; `drift: {}` takes the defaults"
    )
    evaluate: tuple[EvaluateConfig, ...] = Field(
        (), description="gates on figures against gold, such as {figure: macro_f1, min: .4}"
    )

    @field_validator("drift", "evaluate", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value


def check_figure(figure: str) -> None:
    """Raises ValueError for what is no figure of an evaluation."""
    name, _, one = figure.partition(".")
    if name not in FIGURES:
        raise ValueError(f"there is no figure {name!r}; there are: {', '.join(FIGURES)}")
    if name in OF_ONE and not one:
        raise ValueError(f"{name} is of one label: name it, as in {name}.anger")
