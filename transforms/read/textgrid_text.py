"""The text of a Praat TextGrid to tiers and intervals.

Praat's own rule makes the long and the short form one: what counts are free-standing numbers, quoted
strings and flags; all other words are comments. Quotes in a text are doubled; single ones, which are
a mistake, are taken as text as long as the string ends where its line ends.
"""

import codecs
import math
import re
from dataclasses import dataclass, field

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_END = r"(?=[ \t]*(?:\n|\Z))"
_NEXT = r"[ \t]*\n\s*(?:intervals|points|item)\s*\["
# Possessive throughout: a string that is never closed is looked through once. A text that ends in a
# quote too many would go on into the next interval, so the line behind it is looked at.
_TOKEN = re.compile(
    rf'"(?P<s>(?:[^"]++|""(?!{_NEXT})|"(?!"?[ \t]*(?:\n|\Z)))*+)(?P<c>""?{_END})?'
    r"|(?<!\S)(?P<n>[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?!\S)"
    r"|(?<!\S)(?P<f><exists>|<absent>)(?!\S)"
    r"|(?<!\S)!.*"
)
_HEADER = re.compile(
    r'\s*(?:File type\s*=\s*)?"ooTextFile(?: short)?"\s+(?:Object class\s*=\s*)?"TextGrid"'
)
_CLASSES = ("IntervalTier", "TextTier")


@dataclass(frozen=True)
class Interval:
    """Something from `start` to `end` (seconds), or (`error`) what could not be read there.

    `error`: (class, message). Points of a point tier have no end.
    """

    start: float
    end: float | None
    text: str
    error: tuple[str, str] | None = None


@dataclass
class Tier:
    """A tier, and how many intervals it says that it has."""

    name: str
    declared: int
    points: bool
    intervals: list[Interval] = field(default_factory=list)

    def fail(self, error_class: str, message: str) -> None:
        """Note what cannot be read, behind what was read last."""
        at = self.intervals[-1].start if self.intervals else 0.0
        self.intervals.append(Interval(at, None, "", (error_class, message)))


def is_textgrid(text: str) -> bool:
    """Whether a text begins as a TextGrid does."""
    return _HEADER.match(text) is not None


def decoded(data: bytes) -> str:
    r"""The text: UTF-16 with its mark, UTF-8, or (where nothing speaks for UTF-8) Latin-1.

    What is not valid becomes U+FFFD. Line ends are all "\n".
    """
    if data.startswith(_UTF16):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = (
                data.decode("utf-8-sig", "replace") if _MULTIBYTE.search(data) else _western(data)
            )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _western(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def tiers_of(text: str) -> list[Tier] | None:
    """The tiers in order; None when the text is no TextGrid.

    What does not fit is an `Interval` with an `error`: one for each place, and one for all that a
    tier (or the file) says to have and has not.
    """
    kinds, values = _tokens(text)
    if not kinds.startswith("ss") or not is_textgrid(text):
        return None
    at = kinds.find("s", 2)
    at = len(kinds) if at < 0 else at
    sized = kinds.endswith("fn", 2, at)
    wanted = _size(values[at - 1]) if sized else 0
    tiers: list[Tier] = []
    broken = False
    while at < len(kinds):
        step = _step(kinds, values, at, tiers)
        if not step and not broken:
            tiers = tiers or [Tier("", 0, points=False)]
            tiers[-1].fail("bad_interval", "not two times and a text")
        broken, at = not step, at + max(step, 1)
    for number, tier in enumerate(tiers, start=1):
        if tier.declared > len(tier.intervals):
            lost = tier.declared - len(tier.intervals)
            tier.fail("truncated", f"tier {number} lacks {lost} of its {tier.declared} intervals")
    headless = not sized and not tiers and "<absent>" not in values[2:at]
    if wanted > len(tiers) or headless:
        tiers = tiers or [Tier("", 0, points=False)]
        tiers[-1].fail("truncated", f"the file ends before its {wanted or 'first'} tiers do")
    return tiers


def _step(kinds: str, values: list[str], at: int, tiers: list[Tier]) -> int:
    """Read a tier's head or an interval; give the number of tokens, 0 where there is neither."""
    if kinds.startswith("ssnnn", at) and values[at] in _CLASSES:
        size = _size(values[at + 4])
        tiers.append(Tier(values[at + 1], size, points=values[at] == "TextTier"))
        return 5
    if not tiers:
        return 0
    if tiers[-1].points and kinds.startswith("ns", at):
        tiers[-1].intervals.append(Interval(float(values[at]), None, values[at + 1]))
        return 2
    if tiers[-1].points or not kinds.startswith("nns", at):
        return 0
    start, end = float(values[at]), float(values[at + 1])
    if not (math.isfinite(end) and 0 <= start <= end):
        tiers[-1].fail("bad_time", "an interval that ends before it begins, or has no finite times")
    else:
        tiers[-1].intervals.append(Interval(start, end, values[at + 2]))
    return 3


def _size(number: str) -> int:
    value = float(number)
    return int(value) if math.isfinite(value) else 0


def _tokens(text: str) -> tuple[str, list[str]]:
    """(one letter a token: s string, n number, f flag; their values), up to a string without end."""
    kinds: list[str] = []
    values: list[str] = []
    for match in _TOKEN.finditer(text):
        for kind in "snf":
            if match[kind] is not None:
                kinds.append(kind)
                values.append(match[kind])
        if match["s"] is not None:
            if match["c"] is None:
                return "".join(kinds[:-1]), values[:-1]
            values[-1] = values[-1].replace('""', '"')
    return "".join(kinds), values
