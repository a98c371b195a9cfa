"""Kept or dropped, and why: the first reason that holds, in the order of REASONS."""

from collections.abc import Callable
from typing import Final

import polars as pl

from schemas.config.clean import Policy

DUPLICATE_ID: Final = "duplicate_id"  # another revision of the same record supersedes this one
REMOVED: Final = "removed"  # the platform's mark of a removed or deleted post
EMPTY: Final = "empty"  # nothing is left after cleaning
BOT: Final = "bot"  # a bot's account, or a bot's footer
BOILERPLATE: Final = "boilerplate"  # a platform's or moderator's fixed text
NO_TEXT: Final = "no_text"  # nothing but placeholders, such as a lone link
TOO_SHORT: Final = "too_short"  # under min_chars
TOO_LONG: Final = "too_long"  # over max_chars

REASONS: Final = (DUPLICATE_ID, REMOVED, EMPTY, BOT, BOILERPLATE, NO_TEXT, TOO_SHORT, TOO_LONG)

# These texts are their own reason: there is nothing to keep.
WITHOUT_TEXT: Final = (REMOVED, EMPTY)

REMOVAL_MARK: Final = (
    r"(?i)^\[ ?(?:(?:content |comment |post |message |tweet )?(?:removed|deleted|redacted"
    r"|unavailable)"
    r"(?: (?:by|at) [a-z' /]{2,40})?|data expunged) ?\]$"
)
_BOT = (
    r"(?i)\bi(?: am|'m|’m) a bot\b.{0,40}\b(?:this action was|performed automatically|beep|bleep"
    r"|boop)"
    r"|this action was performed automatically"
    r"|(?:^|\W)(?:beep|bleep),? (?:boop|bloop).{0,20}\bi(?: am|'m|’m) a bot\b"
    r"|this (?:comment|message|reply) was (?:posted|generated|written"
    r"|made) (?:automatically )?by a bot\b"
    r"|\bi(?: am|'m|’m) a bot[.!,;|)]* *(?:\||please|contact|send|if (?:you|i|this)"
    r"|to (?:unsubscribe|opt)|feedback|info\b|source code|good bot)"
)
_BOILERPLATE = (
    r"(?i)^(?:your (?:submission|post|comment|message|question|account)[^.\n]{0,80} (?:has"
    r"|have) been (?:automatically )?"
    r"(?:removed|deleted|locked|hidden|filtered)\b"
    r"|(?:hi|hello|hey|greetings|thanks?|thank you)[^.\n]{0,60},? (?:your|this) (?:submission|post"
    r"|comment) (?:has been|was) (?:automatically )?"
    r"(?:removed|locked)\b"
    r"|thank(?:s| you) for (?:your submission|posting|submitting)[^\n]{0,40}(?:to|in|on) /?r/"
    r"|this (?:submission|post|comment|thread|tweet|video|question|account"
    r"|image)(?: from [^.\n]{1,40})? (?:has been|was|is|is no longer)"
    r" (?:automatically |temporarily )?(?:removed|deleted|locked|archived|unavailable|available"
    r"|suspended|closed as)\b"
    r"|welcome to /?r/\w+[!.,].{0,80}(?:read|rules|wiki)"
    r"|(?:\[?view (?:poll|entire discussion|all comments|more)\]?)(?: \[URL\])?$"
    r"|(?:this (?:site|website)|we) uses? cookies\b"
    r"|(?:subscribe to|sign up for) our newsletter\b)"
)


# Cheap tests before the exact ones: most posts name no bot and do not begin like a notice.
_MAYBE_BOT = r"(?i-u:bot|performed automatically)"
_MAYBE_BOILERPLATE = (
    r"^(?i-u:your|hi|hello|hey|greetings|thank|this|welcome|\[?view|we use|subscribe to|sign up)"
)


def outcomes(frame: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Give the columns outcome and reason.

    The frame has text_clean (never null), n_emoji, placeholders_only, role, conversation_id, turn,
    gold and superseded. Bounds are for stand-alone posts: turns and rows with human labels are
    exempt, and emoji are never too short.
    """
    text = pl.col("text_clean")
    turn = pl.col("conversation_id").is_not_null() & pl.col("turn").is_not_null()
    labeled = pl.col("gold").list.len().fill_null(0) > 0
    bounded = ~labeled if policy.bound_turns else ~labeled & ~turn
    chars = text.str.len_chars()
    clean = frame["text_clean"]
    # Small print comes as ^i ^am ^a ^bot.
    bot = _matches(
        clean, _MAYBE_BOT, lambda rows: rows.str.replace_all("^", "", literal=True), _BOT
    )
    notice = _matches(clean, _MAYBE_BOILERPLATE, lambda rows: rows, _BOILERPLATE)
    tests = {
        DUPLICATE_ID: pl.col("superseded"),
        REMOVED: text.str.starts_with("[") & text.str.contains(REMOVAL_MARK),
        EMPTY: text == "",
        BOT: (pl.col("role") == "bot") | bot,
        BOILERPLATE: pl.lit(notice) & ~turn,
        NO_TEXT: pl.col("placeholders_only") & ~turn & ~labeled,
        TOO_SHORT: (chars < policy.min_chars) & (pl.col("n_emoji") == 0) & bounded,
    }
    if policy.max_chars is not None:
        tests[TOO_LONG] = (chars > policy.max_chars) & bounded
    reason = pl.coalesce([pl.when(test).then(pl.lit(name)) for name, test in tests.items()])
    return frame.select(
        pl.when(reason.is_null())
        .then(pl.lit("kept"))
        .otherwise(pl.lit("dropped"))
        .alias("outcome"),
        reason.alias("reason"),
    )


def _matches(
    text: pl.Series, maybe: str, plain: Callable[[pl.Series], pl.Series], exact: str
) -> pl.Series:
    """Test rows by a pattern, but only those that pass a cheaper one."""
    found = text.str.contains(maybe)
    rows = found.arg_true()
    return (
        found.scatter(rows, plain(text.gather(rows)).str.contains(exact)) if rows.len() else found
    )
