"""One outcome per row: reasons, their order, exemptions."""

from typing import Any

import pytest

from schemas.config.clean import CleanConfig, PodcastPolicy, SocialPolicy
from tests.transforms.clean.rows import records
from transforms.clean import REASONS, clean

GOLD = [{"task": "emotion", "taxonomy": "goemotions", "labels": ["joy"]}]


def reason(
    text: str, domain: str = "social", config: CleanConfig | None = None, **columns: Any
) -> str | None:
    batch = records([text], domain, **{name: [value] for name, value in columns.items()})
    found = clean(batch, config or CleanConfig())["reason"].item()
    assert found is None or found in REASONS
    return found  # type: ignore[no-any-return]


def test_reasons_in_order() -> None:
    assert reason("[removed]", superseded=True) == "duplicate_id"
    assert reason("[deleted]", role="bot") == "removed"
    assert reason("", role="bot") == "empty"
    assert reason("Hello there", role="bot") == "bot"
    assert reason("Hello there", superseded=False) is None


@pytest.mark.parametrize(
    "text",
    [
        "[removed]",
        "[deleted]",
        "[deleted by user]",
        "[ Removed by Reddit ]",
        "\\[removed\\]",
        " [unavailable] ",
    ],
)
def test_removed(text: str) -> None:
    assert reason(text) == "removed"


@pytest.mark.parametrize(
    "text", ["removed", "[laughs]", "[removed] my post, why?", "[REMOVED THE COVER] wow"]
)
def test_not_removed(text: str) -> None:
    assert reason(text) != "removed"


@pytest.mark.parametrize(
    ("text", "bot"),
    [
        ("^I ^am ^a ^bot, ^and ^this ^action ^was ^performed ^automatically.", True),
        ("Beep boop! I'm a bot", True),
        ("I am a bot. Please contact the moderators", True),
        ("I am a bot lover and proud of it", False),
        ("people think I'm a bot because I am calm", False),
    ],
)
def test_bot_footers(text: str, bot: bool) -> None:
    assert (reason(text) == "bot") is bot


def test_bounds_are_for_stand_alone_posts() -> None:
    assert reason("k") == "too_short"
    assert reason("🙃") is None
    assert reason("k", conversation_id="c", turn=3) is None
    assert reason("k", conversation_id="c") == "too_short"
    assert reason("k", gold=GOLD) is None
    assert reason("k", "clinical") is None
    assert reason("Yeah.", "podcast") is None
    assert reason("x" * 50_000) == "too_long"
    assert reason("x" * 50_000, "clinical") is None


def test_bounds_can_be_set() -> None:
    config = CleanConfig(
        social=SocialPolicy(min_chars=5, max_chars=8),
        podcast=PodcastPolicy(min_chars=5, bound_turns=True),
    )
    assert reason("four", config=config) == "too_short"
    assert reason("fives", config=config) is None
    assert reason("nine char", config=config) == "too_long"
    assert reason("four", "podcast", config, conversation_id="c", turn=0) == "too_short"


def test_placeholders_alone_are_no_text() -> None:
    assert reason("https://example.com @joe_c") == "no_text"
    assert reason("https://example.com 🙃") is None
    assert reason("https://example.com wow") is None
    assert reason("!!!") is None


def test_dropped_rows_keep_their_redacted_text() -> None:
    batch = records(
        ["mail joe@example.com", "[removed]", "\u200b"], role=["bot", "author", "author"]
    )
    assert clean(batch, CleanConfig())["text_clean"].to_list() == ["mail [EMAIL]", None, None]
