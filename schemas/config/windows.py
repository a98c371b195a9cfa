"""How much of a conversation goes along with each of its records."""

from pydantic import Field

from schemas.config.base import Config


class WindowsConfig(Config):
    """The windows stage: the context of a record are the nearest earlier turns, or the posts that it answers."""

    turns: int = Field(8, ge=1, le=256, description="at most so many earlier turns, or ancestors")
    chars: int = Field(
        4_000,
        ge=0,
        description="at most so many characters of them; a turn that does not fit whole is left out, "
        "and so are those before it",
    )
