"""What the marts may show."""

from pydantic import Field

from schemas.config.base import Config


class MartsConfig(Config):
    """The stage marts: tables over all labels of the lake, made when a run has published (docs/marts.md)."""

    min_records: int = Field(
        5, ge=1, description="words and expressions of fewer records are not shown"
    )
    min_speakers: int = Field(
        3,
        ge=1,
        le=64,
        description="nor those of fewer speakers (at least so many: speakers are counted in 64 classes)",
    )
