"""Dates finer than the year, and ages over 89: for Safe Harbor. Patterns see folded text (see fold.py)."""

import re
from collections.abc import Iterator

from transforms.clean.edits import Found

_YEAR = r"(?:1[89]|20)\d\d"
_D, _M = r"(?:3[01]|[12]\d|0?[1-9])", r"(?:1[0-2]|0?[1-9])"
# A number before a separator makes another number of it, unless it is the year of a date that a range begins with.
_BEFORE = r"(?<![\w$€£#])(?:(?<!\d[./:,-])|(?<=\d[-./]\d\d\d\d[-/])|(?<=\d\d\d\d-\d\d-\d\d/))"
_NAME = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_NUMERIC = re.compile(
    rf"{_BEFORE}(?:{_YEAR}([-./]){_M}\1{_D}(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    rf"|{_M}([-./]){_D}\2(?:{_YEAR}|\d\d)|{_D}([-./]){_M}\3(?:{_YEAR}|\d\d)|{_M}[-/]{_YEAR}|{_YEAR}[-/](?:1[0-2]"
    rf"|0[1-9])"
    rf"|(?:1[0-2]|0[1-9])(?:3[01]|[12]\d|0[1-9])(?:19|20)\d\d|(?:19|20)\d\d(?:1[0-2]|0[1-9])(?:3[01]|[12]\d|0[1-9])"
    rf")(?![\w%])(?!(?![-/](?:{_YEAR}-\d\d|{_M}[-./]{_D}[-./]\d\d|{_D}[-./]{_M}[-./]\d\d))[./:-]\d)"
)
# Set apart: 3 / 4 / 2024. With the month's name between: 4/Mar/2024, 2024-Mar-04, Mar/4/2024, 04MAR24.
_APART = re.compile(
    rf"(?<![\w$€£#/])(?:{_M}[ ]?[/⁄][ ]?{_D}|{_D}[ ]?[/⁄][ ]?{_M})[ ]?[/⁄][ ]?{_YEAR}(?!\w)"
    rf"|(?<![\w-])(?:(?:{_D}([-/.]?){_NAME}\1(?:{_YEAR}|\d\d)|{_YEAR}([-/.]){_NAME}\2{_D}|{_NAME}/{_D}/(?:{_YEAR}|\d\d)))(?!\w)",
    re.IGNORECASE,
)
# Spoken and tokenized: 5 , 7 , 1978 behind "born" or "birth".
_BIRTH = re.compile(
    r"(?<![a-z])(?:born|birth|d\.?o\.?b\.?|birthday|birthdate)(?![a-z])(?:[\s:,.'-]|is|was|on|the|date|of|it's|uh"
    r"|um){0,10}"
    rf"(?P<date>(?:{_M}|{_D})[ ]?[,./ -][ ]?(?:{_D}|{_M})[ ]?[,./ -][ ]?(?:{_YEAR}|\d\d)(?!\d)|{_M}[/.-]{_D}(?!\d))",
    re.IGNORECASE,
)
_SHORT = re.compile(
    rf"(?<![\w/.])(?:on|since|dated|until|till|by|from|due|starting|before|after|of|seen"
    rf"|visit)[ ](?P<date>{_M}/{_D})(?![\w/%.]\d?)",
    re.IGNORECASE,
)
_LONG_MONTH = (
    r"january|february|march|april|may|june|july|august|september|sept|october|november|december"
)
_MONTH = rf"(?:{_LONG_MONTH}|(?:jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec)(?![a-z]))\.?"
_TENS = r"(?:twenty|thirty)[ -]"
_FIRST = r"first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
_TEENTH = (
    r"tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth"
    r"|nineteenth|twentieth|thirtieth"
)
_ORDINAL = rf"(?:(?:{_TENS})?(?:{_FIRST})|{_TEENTH})"
_ONE = r"one|two|three|four|five|six|seven|eight|nine"
_TEEN = r"ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_COUNT = rf"(?:(?:twenty|thirty)(?:[ -](?:{_ONE}))?|{_TEEN}|{_ONE})"
_DAY = rf"(?:{_D}(?:[ ]?(?:st|nd|rd|th))?(?![\d\w]|:\d)|{_ORDINAL}|{_COUNT}(?![a-z]))"
_SPOKEN_YEAR = (
    r"(?:(?:nineteen|twenty),?[ -](?:(?:hundred|oh|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy"
    rf"|eighty|ninety)(?:[ -](?:{_ONE}))?)|two thousand(?:[ ](?:and[ ])?(?:{_TEEN}|twenty(?:[ -](?:{_ONE}))?|{_ONE}))?)"
)
_IN_YEAR = rf"(?:,?[ ](?:of[ ]|in[ ])?(?:{_YEAR}|{_SPOKEN_YEAR}|'\d\d)(?![\w]))"
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?[ ](?:the[ ])?)"
_NAMED = re.compile(
    rf"(?<![\w-])(?:{_WEEKDAY})?(?:(?P<month>{_MONTH})[ ,]{{0,2}}(?:the[ ])?(?P<day>{_DAY})"
    rf"(?:[ ]?[-–][ ]?{_D}(?![\w:]))?(?P<year>{_IN_YEAR})?"
    rf"|(?P<day2>{_DAY})[ -](?:of[ ])?(?:the[ ])?(?:month of[ ])?(?P<month2>{_MONTH})(?![a-z])(?:[ -]?{_IN_YEAR}"
    rf"|-(?:{_YEAR}|\d\d)(?!\d))?"
    rf"|(?P<month3>{_MONTH})(?:,?[ ](?:of[ ])?(?:{_YEAR}|{_SPOKEN_YEAR})(?!\w)|-(?:{_YEAR}|\d\d)(?!\w)))",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?<![\w'’])(?:(?P<sure>(?i:january|february|september|october|november|december))"
    r"|(?P<large>July|June|April|August)"
    r"|(?:(?<=[Ii]n )|(?<=[Ss]ince )|(?<=[Uu]ntil )|(?<=[Ll]ast )|(?<=[Nn]ext )|(?<=[Dd]uring )|(?<=[Bb]y )|(?<=[Oo]f )"
    r"|(?<=early )|(?<=late )|(?<=mid )|(?<=mid-)|(?<=[Tt]his ))"
    r"(?P<told>March|May|MARCH|MAY|(?i:april|june|july|august|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)))(?![\w])(?!['’]?s\b)"
)
_DAY_OF_MONTH = re.compile(
    rf"(?<!\w)on (?:the )?(?P<date>{_D}(?:st|nd|rd|th))(?!\w)(?! (?:floor|street|day|attempt|try|time|of the))"
    rf"|\bthe (?P<date2>{_D}(?:st|nd|rd|th)) of (?:this|last|next|the) month",
    re.IGNORECASE,
)
_VERB_AFTER = re.compile(r"[ ](?:not|be|have|also|or may|i|you|we|he|she|they)\b", re.IGNORECASE)
_MONTH_HINTS = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip


def dates(text: str, lower: str) -> Iterator[Found]:
    """All forms of dates that say more than the year. A weekday alone, a holiday, a season is none."""
    digits = any(map(str.isdigit, text))
    if digits:
        for pattern in (_NUMERIC, _APART):
            for match in pattern.finditer(text):
                yield "date", match.start(), match.end()
        for pattern in (_BIRTH, _SHORT):
            for match in pattern.finditer(text):
                yield "date", *match.span("date")
        for match in _DAY_OF_MONTH.finditer(text):
            yield "date", *match.span("date" if match.group("date") else "date2")
    if not any(hint in lower for hint in _MONTH_HINTS):
        return
    for match in _NAMED.finditer(text):
        if _is_date(match):
            yield "date", match.start(), match.end()
    for match in _BARE.finditer(text):
        yield "date", match.start(), match.end()


_BORN = re.compile(r"(?<![a-z])(?:born|birth\w*|d\.?o\.?b)(?![a-z])[^\n]{0,40}\Z", re.IGNORECASE)


def birth_dates(text: str, lower: str) -> Iterator[Found]:
    """Dates behind "born", "date of birth" or "DOB"."""
    for kind, start, end in dates(text, lower):
        if _BORN.search(text, max(0, start - 60), start):
            yield kind, start, end


def _is_date(match: re.Match[str]) -> bool:
    """Say no to "may 5 be enough" and "march two miles": what is also a word needs more than a number."""
    month = (
        (match.group("month") or match.group("month2") or match.group("month3")).lower().rstrip(".")
    )
    if month not in ("may", "march", "mar", "sun", "august"):
        return True
    if match.group("month3") or match.group("year"):
        return True
    large = match.group("month") or match.group("month2") or ""
    day = match.group("day") or match.group("day2") or ""
    ordinal = not day.isdigit() and day.lower() not in _COUNTS
    return (
        ordinal
        or (large[:1].isupper() and day.isdigit())
        or (bool(match.group("day2")) and day.isdigit())
    )


_COUNTS = frozenset(f"{_ONE}|{_TEEN}|twenty|thirty".split("|"))

# ---- ages ---------------------------------------------------------------------------------------
_OLD = r"(?:9\d|1[0-2]\d)"
_SPOKEN_OLD = (
    rf"(?:ninety(?:[ -](?:{_ONE}))?|(?:a |one )hundred(?:[ ](?:and[ ])?(?:{_ONE}|{_TEEN}|twenty))?)"
)
_THING = r"(?![- ](?:house|home|building|tree|company|bridge|church|law|book|tradition|wine|bottle|institution))"
_AGE = re.compile(
    rf"(?<![\w.$€£/-])(?P<age>{_OLD}|{_SPOKEN_OLD})(?P<unit>[ -]?(?:years?|yrs?|y)\.?[ -]?(?:old|of age|/?o\b){_THING}"
    rf"|[ -]?y/?o\b|[ -]year[ -]old\b{_THING})"
    rf"|(?<![a-z])(?:aged?|turn(?:s|ed|ing)?|age is|age of)(?:[ ]?[:=][ ]?|[ ])(?P<told>{_OLD}"
    rf"|{_SPOKEN_OLD})(?![\w%.]\d?|[ ](?:degrees|percent))"
    r"|(?<![a-z])(?:(?:he|she|who|mother|father|grandmother|grandfather|grandma|grandpa)(?:'s| is| was)"
    rf"|i am|i'm|i was)[ ](?P<person>{_OLD}|{_SPOKEN_OLD})(?=[ ]?(?:[.,!?;]|\Z|and\b))"
    rf"|(?<![\w.])(?P<short>{_OLD})[ ]?(?-i:[MF])(?!\w)|(?<![\w.])(?P<birthday>{_OLD}(?:st|nd|rd|th)) birthday"
    r"|(?:his|her|their|my)[ ](?:early[ ]|mid[ -]?|late[ ])?(?P<decade>nineties|90['’]?s)",
    re.IGNORECASE,
)


def ages(text: str, lower: str) -> Iterator[Found]:
    """Ages of 90 and more, in digits or words."""
    if not ("9" in text or "1" in text or "nine" in lower or "hundred" in lower):
        return
    for match in _AGE.finditer(text):
        for name in ("age", "told", "person", "short", "birthday", "decade"):
            if match.group(name):
                yield "age", *match.span(name)
