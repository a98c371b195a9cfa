"""How duplicates are found and what becomes of them."""

from typing import Literal

from pydantic import Field

from schemas.config.base import Config


class DedupConfig(Config):
    """The dedup stage. Conversation turns and rows with human labels are marked, never dropped."""

    threshold: float = Field(
        0.8,
        ge=0.6,
        le=1.0,
        description="texts are nearly the same from this Jaccard similarity of their character 5-grams",
    )
    near: bool = Field(
        default=True, description="look for near-duplicates too; false: equal texts only"
    )
    replies: Literal["mark", "drop"] = Field(
        "mark",
        description="posts that answer another post: mark them only, as conversation turns, or drop "
        "them as posts that stand alone",
    )
