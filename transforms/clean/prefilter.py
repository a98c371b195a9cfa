"""Which rows need a closer look: a cheap test by Rust regular expressions, on the side of caution.

A row that passes for clean here is one that `tidy` would not change; a test holds that. The rest,
about one post in ten, goes through Python.
"""

from typing import NamedTuple

import polars as pl

from schemas.config.clean import Policy
from transforms.clean.fold import STYLED
from transforms.clean.identifier_rows import identified
from transforms.clean.repair import INVISIBLE, MOJIBAKE

_SPACE = r"\s\s|[\s--[ \n]]"
# The tags and entities that exist, not <3 and R&D; \x{17f} is an s where case is ignored.
_MARKUP = r"<[/!A-Za-z\x{17f}\x{212a}]|!<|&[#A-Za-z]|[\x00-\x08\x0e-\x1f\x7f]"
# Emphasis needs two marks, the first before a word and after none.
_MARKDOWN = (
    r"(?:^|[^A-Za-z0-9*])\*{1,3}[^ *][^*]*\*|(?:^|[^A-Za-z0-9_])_{1,3}[^ _][^_]*_|~~[^ ~]"
    r"|`[^ `][^`]*`|[\\\n]|¯_|_/¯|\]\(|\^\(|^#{1,6} |^>|^ *([-=*_] *){3}|^(?:```|~~~)"
)
# Case and boundaries in ASCII: the Unicode ones would leave the fast automaton.
_ADDRESS = (
    r"[@\x{ff20}\x{fe6b}]|://|(?:^|[^A-Za-z0-9_])[uU]/[^ ]"
    r"|(?i-u:/user/|www|\.[a-z]{2,24}[:/]|\.(?:com|org|net|edu|gov|mil"
    r"|info|biz|io|xyz|(?:co|ac)\.[a-z])"
    r"|[ (\[{<|*_-]dot[ )\]}>|*_-]|[(\[{<|*_-] ?at ?[)\]}>|*_-]"
    r"|(?:mailto|tel|data|magnet|facetime|skype|sip|xmpp|tg|whatsapp|sgnl|bitcoin|sms|geo):"
    r"| at (?:gmail|googlemail|yahoo|ymail|hotmail|outlook|icloud|aol|proton|msn|gmx|fastmail|zoho"
    r"|mailru|qq|naver|rediffmail))"
    r"|[^ ]#[0-9]{4}"
)
_PLATFORM = (
    r"(?i-u:(?:discord|snap|chat|insta|gram|ig|kik|twitter|tok|skype|steam|psn|xbox|tag|bumble|id"
    r"|weixin|app|venmo|fans|twitch|tube|book|fb|mastodon|bluesky|threads|tumblr|signal"
    r"|paypal|net|epic|nintendo|code|name|user|handle|account|profile|nick|live|games)"
    r"(?: (?:id|name|user|user ?name|handle|tag|account|profile|nick|nickname"
    r"|screen ?name))?(?: ?[:=]| is | - ))"
)
_NUMBER = (
    "[0-9]" + "[^0-9]{0,4}[0-9]" * 6 + r"|[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|:[0-9a-fA-F]{0,4}:"
)


class Sifted(NamedTuple):
    """Texts, which of them are suspects, and which may hold what words give away."""

    text: pl.Series
    suspect: pl.Series
    worded: pl.Series


def suspects(text: pl.Series, policy: Policy) -> pl.Series:
    """Give a Boolean series: True where a row may hold anything that `tidy` changes.

    The text is without white space at its ends.
    """
    return _tested(text, policy).select(pl.col("space") | pl.col("other")).to_series()


def sifted(text: pl.Series, policy: Policy) -> Sifted:
    """Give the text, and which rows are suspects even so.

    Rows that need nothing but single spaces get them here: `tidy` would begin with the same. All
    other text stays as it is.
    """
    tested = _tested(text, policy)
    suspect = tested.select(pl.col("space") | pl.col("other")).to_series()
    spaced = text.str.contains("\n", literal=True)
    rows = (tested["space"] & ~tested["other"] & ~spaced).arg_true()
    if not rows.len():
        return Sifted(text, suspect, tested["worded"])
    single = text.gather(rows).str.replace_all(r"\s+", " ")
    still = suspects(single, policy)  # single spaces may bring more to light
    done = rows.filter(~still)
    return Sifted(
        text.scatter(done, single.filter(~still)),
        suspect.scatter(done, values=False),
        tested["worded"],
    )


def _tested(text: pl.Series, policy: Policy) -> pl.DataFrame:
    """White space to mend, and anything other, as Boolean columns."""
    name = pl.col("text")
    tests = [_MARKUP, _ADDRESS, _NUMBER]
    if policy.markdown:
        tests.append(_MARKDOWN)
    if policy.urls == "remove":
        tests.append(r"\[URL\]")
    if policy.mentions == "remove":
        tests.append(r"\[USER\]")
    if policy.hashtags != "keep":
        tests.append("#")
    frame = pl.DataFrame({"text": text}).select(
        name.str.contains(_SPACE).alias("space"),
        # One automaton for all; with the platforms it would outgrow its cache.
        (name.str.contains("|".join(tests)) | name.str.contains(_PLATFORM)).alias("other"),
        (name.str.len_bytes() != name.str.len_chars()).alias("beyond"),
    )
    known = identified(text, safe_harbor=policy.identifiers == "safe_harbor")
    frame = frame.with_columns((frame["other"] | known).alias("other"), known.alias("worded"))
    rows = frame["beyond"].arg_true()
    if rows.len():
        exotic = pl.DataFrame({"text": text.gather(rows)}).select(
            name.str.contains(STYLED).alias("styled"),
            name.str.contains(f"[{_rust(INVISIBLE)}]")
            | name.str.contains(_rust(MOJIBAKE))
            | (name.str.normalize("NFC") != name),
        )
        styled, odd = exotic.get_columns()
        frame = frame.with_columns(
            _marked(frame["other"], rows, styled | odd), _marked(frame["worded"], rows, styled)
        )
    return frame


def _marked(column: pl.Series, rows: pl.Series, found: pl.Series) -> pl.Series:
    more = rows.filter(found)
    return column.scatter(more, values=True) if more.len() else column


def _rust(characters: str) -> str:
    """Write a class for the Rust engine: all but printable ASCII spelled out."""
    return "".join(
        character
        if 32 < ord(character) < 127
        else f"\\x{{{ord(character):x}}}"
        if character != " "
        else " "
        for character in characters
    )
