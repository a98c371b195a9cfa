"""Numbers and codes that the text itself calls somebody's: `policy number pvx 752197308`, `MRN: 00412`.

The label stays, the number goes. Patterns see folded text (see fold.py).
"""

import re
from collections.abc import Iterator, Set

from transforms.clean.edits import Found
from transforms.clean.words import FUNCTION_WORDS, is_common

# With "number" (no., id, code …) behind them any value counts; without, a long one.
_NOUNS = (
    r"acct?|accounts?|a/c|ac|policy|claims?|memberships?|members?|subscribers?|orders?|references?|ref"
    r"|confirmations?|bookings?|reservations?|tickets?|invoices?|tracking|customers?|clients?|cases?|beneficiary"
    r"|medicare|medicaid|nhs|hospital|charts?|records?|patients?|encounter|accession|specimen|prescriptions?|rx"
    r"|licen[cs]es?|permits?|passports?|certificates?|registration|serial|transactions?|receipts?|dockets?"
    r"|contracts?|incidents?|complaints?|loan|mortgage|identification|national insurance|badge|employee|student"
    r"|staff|shipment|parcel|warranty"
)
_NEED_NUMBER = (
    r"group|user|visit|lab|sample|health|insurance|plan|vehicle|device|equipment|implant|pacemaker|routing|tax"
    r"|national|file|loyalty|rewards|frequent flyer|identity|study|subject|participant|unit record|chassis|engine"
    r"|security|control|personal|resident|login|sort|bank|savings|checking"
)
_NUMBER = r"numbers?|no\b\.?|nos\b\.?|nr\b\.?|num\b\.?|\#|ids?\b|i\.d\.|codes?|identifiers?"
_ITSELF = r"mrns?|m\.r\.n\.?|vin|imei|imsi|iccid|udi|pnr|s/n|ein|itin|npi|dea|hicn|mbi|id number|id no\.?|id"
_CODEWORD = r"passwords?|passcodes?|pins?(?:[ ](?:number|code|no))?|one[- ]time (?:pass)?(?:word|code)s?|otp"
_PLATE = (
    r"(?:licen[cs]e|number|registration)[ ]plates?(?:[ ]numbers?)?|plate[ ]numbers?|plates?(?=[ ]?(?:is|:|reads)\b)"
    r"|tag numbers?|vehicle registration|reg(?:istration)? (?:number|no\.?)"
)
_LABEL = re.compile(
    rf"(?<![A-Za-z_=?&])(?:(?P<plate>{_PLATE})|(?:{_NOUNS}|{_NEED_NUMBER})(?:[ ]card)?[ ]?(?P<number>{_NUMBER})"
    rf"|(?P<itself>{_ITSELF})(?:[ ](?:{_NUMBER}))?|(?P<secret>{_CODEWORD})|(?:{_NOUNS}))(?![A-Za-z_])",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"(?:[\s:#=,()\"']|-(?=[ ])|\.(?=[ ])|(?:is|was|are|it'?s|its|which|ending|ends|end|starts|starting|begins"
    r"|beginning|in|with|the|last|first|(?:four|4|five|six)(?= digits?)|digits?|of|reads|says|being|be|would|will"
    r"|should|i have|here|there"
    r"|as|for (?:this|that|me|him|her|it|us))(?![A-Za-z0-9])){0,10}",
    re.IGNORECASE,
)
_SHORT_LINK = re.compile(r"[ ]?[:#=][ ]?#?[ ]?|[ ]#?(?:(?:is|was)[ ]?:?[ ])?", re.IGNORECASE)
_CHUNK = re.compile(r"([ ]-[ ]|[ ]|[-/_.]|)([A-Za-z0-9]+)")
_DATE = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}/\d{2,4}")
_YEAR = re.compile(r"(?:[A-Za-z]+ )?(?:19|20)\d\d")
_MORE = re.compile(r",?[ ](?:and|or|&)[ ]|,[ ]?")
_UNIT = re.compile(
    r"[ ]?(?:%|°|[€$£¥]|(?:km|cm|mm|kg|mg|mcg|ml|lbs?|gb|mb|tb|miles|people|users|points|dollars?|euros?|pounds"
    r"|usd|eur|bucks|times|votes|years?|months?|weeks?|days?|hours?|minutes?|percent|units?|copies|items|pieces"
    r"|am|pm|members|customers|patients|students|cases|orders|tickets|records|claims|accounts|employees|million"
    r"|billion|k)\b)",
    re.IGNORECASE,
)
_LABEL_WORDS = (
    "acc acct account accounts a c ac policy claim claims membership memberships member members subscriber subscribers "
    "order orders reference references ref confirmation confirmations booking bookings reservation reservations ticket "
    "tickets invoice invoices tracking customer customers client clients case cases beneficiary medicare medicaid nhs "
    "hospital chart charts record records patient patients encounter accession specimen prescription prescriptions rx "
    "license licence licenses licences permit permits passport passports certificate certificates registration serial "
    "transaction transactions receipt receipts docket dockets contract contracts incident incidents complaint "
    "complaints loan mortgage identification insurance badge employee student staff shipment parcel warranty "
    "group user "
    "visit lab sample health plan vehicle device equipment implant pacemaker routing tax national file loyalty rewards "
    "flyer identity study subject participant unit chassis engine security control personal resident login sort bank "
    "savings checking mrn mrns m vin imei imsi iccid udi pnr s ein itin npi dea hicn mbi id password passwords "
    "passcode "
    "passcodes pin pins one otp plate plates tag reg"
)
_LABELS = frozenset(_LABEL_WORDS.split()) - {"a", "c", "s", "m", "one"}
_SPLIT = (
    "a/c",
    "s/n",
    "m.r.n",
    "one-time",
    "one time",
    "time code",
)  # in which [a-z]+ sees no label
_OTHER_LABELS = frozenset(
    ("ssn", "ac", "acc", "zip", "ph", "otp", "pin", "cvv", "exp", "dob", "no")
)
_HAS_DIGIT = re.compile(r"\d")
_MOST_CHUNKS = 8


def labeled(text: str, lower: str, words: Set[str]) -> Iterator[Found]:
    """Record, account, license, device and other numbers that stand behind their label."""
    if words.isdisjoint(_LABELS) and not any(part in lower for part in _SPLIT):
        return
    for match in _LABEL.finditer(text):
        yield from _values(text, match)


def _values(text: str, label: re.Match[str]) -> Iterator[Found]:
    named = any(map(label.group, ("number", "itself", "plate", "secret")))
    link = (_LINK if named else _SHORT_LINK).match(text, label.end())
    at = link.end() if link else label.end()
    if at == label.end() and text[at - 1 : at] != "#":
        return
    between = text[label.end() : at].lower()
    if label.group("secret") and not any(sign in between for sign in ("is", "was", ":", "=")):
        return
    if label.group().lower() in ("id", "dea", "ein", "vin") and not (
        between.strip() or label.group().isupper()
    ):
        return
    for _ in range(4):
        start, end = code_at(text, at)
        if end == start or _DATE.fullmatch(text, start, end):
            return
        value = text[start:end]
        if not _enough(value, named=named) or (
            not named and (_UNIT.match(text, end) or _YEAR.fullmatch(value))
        ):
            return
        yield "id", start, end
        more = _MORE.match(text, end)
        if more is None or not text[more.end() : more.end() + 1].isdigit():
            return
        at = more.end()


def code_at(text: str, at: int) -> tuple[int, int]:
    """The place of a number or code that begins here, in pieces as well: `pvx 7521-98`, `6 gcd 48`."""
    end, here, digits = at, at, False
    for _ in range(_MOST_CHUNKS):
        match = _CHUNK.match(text, here)
        if match is None:
            break
        gap, piece = match.groups()
        beside = gap in ("", "-", "/", "_", ".") and here > at
        if _HAS_DIGIT.search(piece):
            # "account 5792 2 items": a short number behind a number is another one.
            if digits and end == here and not beside and piece.isdigit() and len(piece) < 3:
                break
            digits, end = True, match.end()
        else:
            after = _CHUNK.match(text, match.end())
            number = after is not None and _HAS_DIGIT.search(after.group(2)) is not None
            if digits and not number:
                closes = after is None and (
                    len(piece) == 1 or (len(piece) < 5 and not is_common(piece.lower()))
                )
                quoted = text[match.end() : match.end() + 1] in ("'", "’")
                end = match.end() if beside or (closes and not quoted) else end
                break
            if not number or not _belongs(piece, text, beside=beside):
                break
        here = match.end()
    return at, end


def _belongs(letters: str, text: str, *, beside: bool) -> bool:
    """Whether letters before a digit are a part of a code: `pvx 7521`, not `for 7521`."""
    small = letters.lower()
    if beside or len(small) == 1:
        return True
    if small in _OTHER_LABELS:
        return False
    if letters.isupper() and len(letters) < 6 and not text.isupper():
        return True
    if small in FUNCTION_WORDS:
        return False
    return len(small) < 4 or (len(small) < 6 and not is_common(small))


def _enough(value: str, *, named: bool) -> bool:
    digits = sum(map(str.isdigit, value))
    both = sum(map(str.isalnum, value))
    if named:
        return digits >= 3 or (digits >= 2 and both >= 4) or (digits >= 1 and both >= 5)
    return digits >= 5 or (digits >= 3 and both >= 6)


_SOCIAL = re.compile(
    r"(?<![A-Za-z])(?:ssns?|social security(?:[ ](?:number|no\.?|\#))?|social(?:[ ](?:number|\#))?)(?![A-Za-z])",
    re.IGNORECASE,
)
_CARD = re.compile(
    r"(?<![A-Za-z])(?:(?:credit|debit|bank|visa|master|mastercard|amex|atm|payment|gift|discover|cc)[ ]?cards?"
    r"(?:[ ](?:numbers?|no\.?|\#))?|(?:cards?|cc)[ ](?:numbers?|no\.?|\#)|(?:cards?|visa)(?=[ ](?:that )?(?:is )?end))"
    r"(?![A-Za-z])",
    re.IGNORECASE,
)
_FEW = re.compile(r"(?<![A-Za-z0-9.$€£/-])\d{4}(?![A-Za-z0-9%/]|[.,-]\d)")
_NINE = re.compile(r"(?<![A-Za-z0-9])\d{3}[ .-]?\d{2}[ .-]?\d{4}(?![A-Za-z0-9])")
_ANY = re.compile(r"(?<![A-Za-z0-9.$€£/-])\d{3,12}(?![A-Za-z0-9%/]|[.,-]\d)")
_LONG_CARD = re.compile(r"(?<![A-Za-z0-9])\d(?:[ -]?\d){8,20}(?![A-Za-z0-9])")
_MAC = re.compile(
    r"(?<![0-9A-Fa-f:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:-])"
)


def told_numbers(text: str, lower: str) -> Iterator[Found]:
    """Social security and card numbers, or the last four digits of one, behind their label; MAC addresses."""
    if "social" in lower or "ssn" in lower:
        yield from _told(text, _SOCIAL, (_NINE, _ANY), "ssn")
    if "card" in lower or "visa" in lower or "cc" in lower:
        yield from _told(text, _CARD, (_LONG_CARD, _FEW), "card")
    if text.count(":") > 4 or text.count("-") > 4:
        for match in _MAC.finditer(text):
            yield "id", match.start(), match.end()


def _told(
    text: str, label: re.Pattern[str], values: tuple[re.Pattern[str], ...], kind: str
) -> Iterator[Found]:
    for match in label.finditer(text):
        link = _LINK.match(text, match.end())
        at = link.end() if link else match.end()
        for value in values:
            found = value.match(text, at)
            if found and not _UNIT.match(text, found.end()):
                yield kind, found.start(), found.end()
                break


_LONG = re.compile(
    r"(?<![A-Za-z0-9_$€£.,])(?<!\d[-/])(?:\d{7,}"
    r"|(?=[A-Z-]{0,6}\d)(?=[A-Z0-9-]{0,40}[A-Z])(?=(?:[A-Z-]{0,8}\d){5})[A-Z0-9]{1,40}(?:-[A-Z0-9]{1,40}){0,8}"
    r"|\d{3,}(?:-\d{3,}){1,4}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![A-Za-z0-9_]|[.,]\d|[ ]?[%€$£])"
)


def long_numbers(text: str) -> Iterator[Found]:
    """Any number of seven digits or more, and codes that mix letters with five digits: for Safe Harbor."""
    for match in _LONG.finditer(text):
        yield "id", match.start(), match.end()
