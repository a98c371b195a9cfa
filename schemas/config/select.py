"""Which rows of a cascade go on from one labeler to the next."""

from pydantic import Field, model_validator

from schemas.config.base import Config


class SelectConfig(Config):
    """Only some rows go to this labeler: those of which an earlier label stage is least sure."""

    from_: str = Field(
        alias="from",
        min_length=1,
        description="the labeler, as named there, of an earlier label stage of the same task and taxonomy",
    )
    margin: float | None = Field(
        None,
        gt=0,
        le=1,
        description="ask about rows whose margin is below it: the distance of the two highest probabilities, or, where "
        "several labels may hold, the least distance of one to its threshold; null: about any row",
    )
    budget: float | None = Field(
        None,
        ge=0,
        le=1,
        description="ask about at most this share of the rows of a partition, those with the smallest margin; what was "
        "not answered at all goes first",
    )
    budget_rows: int | None = Field(
        None, ge=0, description="ask about at most so many rows of a partition"
    )
    audit: float = Field(
        0.01,
        ge=0,
        le=1,
        description="ask about this random share of all rows as well: agreement and quality are estimated on it",
    )

    @model_validator(mode="after")
    def _chooses(self) -> "SelectConfig":
        if self.margin is None and self.budget is None and self.budget_rows is None:
            raise ValueError(
                "give a margin, a budget or budget_rows: without one, every row is asked about"
            )
        return self
