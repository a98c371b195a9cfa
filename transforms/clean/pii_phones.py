"""Telephone numbers: written as numbers are written, or said to be one.

A run of digits alone is not enough: dates, prices, orders, ISBNs and scores are digits too.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers

from transforms.clean.edits import Found

# One candidate: digits in groups with short separators between them.
_CANDIDATE = re.compile(
    r"(?<![A-Za-z0-9_$€£¥#])(?<!\d[.,:/-])(?:\+|\(\+|\((?=\d)"
    r"|(?=\d))(?:\d++(?:[ ]?[().\-/][ ]?[()]?|[ ]|(?=[()]))?){1,24}+"
)
_GROUP = re.compile(r"\d+")
_LETTER_AFTER = re.compile(r"(?![xe])[A-Za-z]|[xe][A-Za-wyz]")
_FICTION = re.compile(r"555[-. ]\d{4}")
_TAIL = re.compile(r"[^\d]+\Z")
_EXTENSION = re.compile(r"[ ]?(?:,|;)?[ ]?(?:ext\.?|extension|x)[ ]?\d{1,6}\b", re.IGNORECASE)
_DATE = re.compile(
    r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}"
    r"|\d{2}))(?:[ ]\d{1,2}(?:[.]\d{2})?)?"
    r"|\d{4} \d{1,2} \d{1,2}|\d{1,2} \d{1,2} (?:19|20)\d{2}"
    r"|(?:19|20)\d{2}[ ]?[-/][ ]?(?:19|20)\d{2}|(?:19|20)\d{6}"
)
_NANP = re.compile(
    r"(?<![\d+])(?<!\d[-.])(?:\+?1[ .\-/]{0,3})?\(?[2-9]\d{2}(?:\)[ ]?[-./]?[ ]?|[ ]?[-./][ ]?"
    r"|[ ])\d{3}(?:[ ]?[-./][ ]?|[ ])\d{4}"
    r"(?!\d)(?![-.]\d)"
    r"|(?<!\d)(?:\([2-9]\d{2}\)[ ]?|[2-9]\d{2}[.-])\d{7}(?!\d)(?![-.]\d)"
)
_TRUNK = re.compile(r"(?!\d{3}[- ]\d{2}[- ]\d{4}\Z)\(?0[1-9]\d{0,4}\)?(?:[ ./-]{1,3}\d{2,8}){1,5}")
_PAIRED = re.compile(r"[6-9]\d{4}[ -]\d{5}|1[3-9]\d[ -]\d{4}[ -]\d{4}")
_SPELLED = re.compile(r"(?:\d[ .-]{1,3}){9,12}\d")
_BEFORE = re.compile(
    r"(?<![A-Za-z])(?:phones?|ph|call(?:ing|ed)?|dial|ring|text(?:ing)?|txt|tel|telephone|mobile|cell"
    r"|cellphone|fax|whats ?app"
    r"|sms|(?:my|your|his|her|their|our|new|old|home|work|office|direct|phone) (?:number|digits"
    r"|nr)|numbers? is|contact|reach (?:me|us|him|her|them)|hotline|helpline|landline|voicemail"
    r"|pager|hit me up|signal|viber"
    r"|telefon\w*|tel[ée]fono|t[ée]l[ée]phone|handy|m[óo]vil|celular|portable|rufnummer|numero"
    r"|número|numéro|nummer"
    r"|тел\w*|звони\w*|номер\w*|电话|手机|电話|電話|微信|फोन|nomor|हेल्पलाइन)"
    r"(?:[^\w\n]|\b(?:me|us|him|her|them|my|at|on|is|it|the|no|number|to|our|your|back|now|and|or"
    r"|for|crisis"
    r"|line|please|anytime|today|ist|unter|al|au|है)\b){0,14}\Z",
    re.IGNORECASE,
)
_NOT_BEFORE = re.compile(
    r"(?:(?<![A-Za-z])(?:order|invoice|ticket|case|ref(?:erence)?|isbn(?:-1[03])?|issn|doi|arxiv"
    r"|id|no|nr|tracking|serial|sku|model|part|account"
    r"|item|zip|postcode|page|pages|pp|bug|issue|pr|commit|rev|revision|build|version|timestamp"
    r"|unix|score|room"
    r"|v)|[$€£¥#=])\s?(?:number|no|id|code|nr)?\s?(?:is|was)?[\s.:#=-]{0,3}\Z",
    re.IGNORECASE,
)
# "phone no 678 345 9805": not any number, but this one.
_NUMBERED = re.compile(
    r"(?<![A-Za-z])(?:phone|ph|contact|mobile|cell|tel|telephone|whats ?app|fax)[ .]*(?:number|no|nr|num|\#)\.?"
    r"(?:[ ](?:is|was))?[ :.=-]*\Z",
    re.IGNORECASE,
)
_UNIT_AFTER = re.compile(
    r"[ ]?(?:%|°|[€$£¥]|(?:km|cm|mm|kg|lbs?|miles|people|users|points|dollars|euros?|usd|eur"
    r"|times|votes|karma|years|am|pm)\b)",
    re.IGNORECASE,
)
_REGIONS = ("GB", "DE", "FR", "IT", "ES", "NL", "AU", "IN", "BR")


def phones(text: str) -> Iterator[Found]:
    """Telephone numbers, extension included."""
    for match in _CANDIDATE.finditer(text):
        start = match.start()
        written = _TAIL.sub("", match.group())
        if written.startswith("(") and written.count("(") > written.count(")"):
            start, written = start + 1, written[1:]
        end = start + len(written)
        digits = sum(map(str.isdigit, written))
        if digits < 7 or _LETTER_AFTER.match(text, end):
            continue
        before = text[max(0, start - 48) : start]
        if _DATE.fullmatch(written) or _UNIT_AFTER.match(text, end):
            continue
        if _NOT_BEFORE.search(before) and not _NUMBERED.search(before):
            continue
        for first, last in _numbers(written, digits, before, ascii_text=text.isascii()):
            extension = _EXTENSION.match(text, start + last)
            yield "phone", start + first, extension.end() if extension else start + last


def _numbers(
    written: str, digits: int, before: str, *, ascii_text: bool
) -> Iterator[tuple[int, int]]:
    """Where the telephone numbers are in one candidate."""
    whole = (0, len(written))
    if written.startswith(("+", "(+")) or (
        written.startswith("00") and written[2:3] != "0" and digits >= 10
    ):
        last = _within_digits(written, 17)
        if last and _international(written[:last]):
            yield 0, last
        return
    if _TRUNK.fullmatch(written) and 9 <= digits <= 12:
        yield whole
        return
    said = _BEFORE.search(before) is not None
    found = [
        match.span()
        for match in _NANP.finditer(written)
        if said or _dashed(match.group()) or "555" in match.group() or _valid_us(match.group())
    ]
    if found:
        yield from found
    elif said and (last := _within_digits(written, 15)):
        yield 0, last
    elif _PAIRED.fullmatch(written) or (digits == 7 and _FICTION.fullmatch(written)):
        yield whole
    elif _SPELLED.fullmatch(written):
        if _valid_us(written):
            yield whole
    elif written.isdigit() and _plain(written, ascii_text=ascii_text):
        yield whole


def _within_digits(written: str, most: int) -> int:
    """Find the end of the longest start of a candidate with at most so many digits."""
    last = seen = 0
    for group in _GROUP.finditer(written):
        seen += group.end() - group.start()
        if seen > most:
            break
        last = group.end()
    return last


def _dashed(written: str) -> bool:
    return any(mark in written for mark in "-./()+")


def _international(written: str) -> bool:
    plain = re.sub(r"\D", "", written)
    if not 8 <= len(plain) <= 17:
        return False
    if not written.strip("(+").isdigit():
        return True
    return _possible("+" + (plain[2:] if written.startswith("00") else plain))


def _valid_us(written: str) -> bool:
    return _valid(re.sub(r"\D", "", written), ("US",))


def _plain(digits: str, *, ascii_text: bool) -> bool:
    """Digits without any separator: only what a numbering plan knows."""
    if len(digits) == 10 and digits[0] in "23456789":
        return _valid(digits, ("US",))
    if len(digits) == 11 and digits[0] == "1" and digits[1] in "23456789":
        return _valid(digits, ("US",)) or (digits[1] in "3456789" and not ascii_text)
    if len(digits) in (10, 11) and digits[0] == "0":
        return digits[1] != "0" and _valid(digits, _REGIONS)
    return False


@lru_cache(maxsize=4096)
def _valid(digits: str, regions: tuple[str, ...]) -> bool:
    for region in regions:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(digits, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


@lru_cache(maxsize=4096)
def _possible(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False
