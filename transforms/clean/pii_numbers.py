"""PII made of digits: cards, social security numbers, bank accounts, IP addresses.

Patterns see folded text (see pii.py): digits and dashes are ASCII.
"""

import ipaddress
import re
from collections.abc import Iterator

from transforms.clean.edits import Found

# ---- cards -------------------------------------------------------------------------------------
_CARD = re.compile(
    r"(?<![A-Za-z0-9_])(?<!\d[ .-])(?:\d{4}[ .-]\d{4}[ .-]\d{4}[ .-]\d{1,7}|\d{4}[ .-]\d{6}[ .-]\d{4,5}"
    r"|\d{13,19})"
    r"(?![A-Za-z0-9_])"
)
_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[3-6]|22[2-9]|27[01])\d*(?<=\A.{16})|2720\d{12}"
    r"|3[47]\d{13}"
    r"|3(?:0[0-5]|[689]\d)\d{11}|(?:6011|65\d\d|64[4-9]\d)\d{12}|35\d{14}|62\d{14,17}"
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{8,15}"
)


def luhn(digits: str) -> bool:
    """Whether the last digit is the checksum of the others (ISO/IEC 7812)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = ord(digit) - 48
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


def cards(text: str) -> Iterator[Found]:
    """Payment cards: an issuer's prefix and length, and the checksum."""
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if _ISSUERS.fullmatch(digits) and luhn(digits):
            yield "card", match.start(), match.end()


# ---- social security numbers --------------------------------------------------------------------
_SSN = re.compile(
    r"(?<![A-Za-z0-9_])(?<!\d[-. /])(?!000|666"
    r"|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![A-Za-z0-9_])(?!-\d)"
)
_SSN_PLAIN = re.compile(
    r"(?<![A-Za-z0-9_])(?!000|666|9)\d{3}[ .-]?(?!00)\d{2}[ .-]?(?!0000)\d{4}(?![A-Za-z0-9_])"
)
_SSN_WORDS = re.compile(
    r"\bssn?\b|social[ -]security|\bsocial\s*(?:#|is|number|no\b|:)", re.IGNORECASE
)


def social_security(text: str) -> Iterator[Found]:
    """US numbers by the rules of issue: area not 000, 666 or 9xx, group not 00, serial not 0000.

    Without separators only after words such as SSN.
    """
    for match in _SSN.finditer(text):
        yield "ssn", match.start(), match.end()
    for match in _SSN_PLAIN.finditer(text):
        if _SSN_WORDS.search(text, max(0, match.start() - 40), match.start()):
            yield "ssn", match.start(), match.end()


# ---- bank accounts ------------------------------------------------------------------------------
# Lengths from the SWIFT IBAN registry.
_IBAN_LENGTHS = {
    country: int(length)
    for length, countries in {
        "15": "NO", "16": "BE", "18": "DK FI FO GL NL SD", "19": "MK SI", "20": "AT BA EE KZ LT "
        "LU XK",
        "21": "CH HR LI LV", "22": "BG BH CR DE GB GE IE ME RS VA", "23": "AE GI IL IQ OM SO TL",
        "24": "AD CZ DZ ES MD PK RO SA SE SK TN VG", "25": "LY PT ST", "26": "IS TR",
        "27": "BI FR GR IT MC MR SM", "28": "AL AZ BY CY DO GT HU LB NI PL SV", "29": "BR EG PS "
        "QA UA",
        "30": "JO KW MU YE", "31": "MT SC", "32": "LC", "33": "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
_IBAN = re.compile(
    r"(?<![A-Za-z0-9_])[A-Za-z]{2}\d{2}(?=[ ]?[A-Za-z0-9]{3,4})(?:[ -]?[A-Za-z0-9]){11,40}+"
)


def bank_accounts(text: str) -> Iterator[Found]:
    """IBAN: a country's length and the remainder of 97."""
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(match.group()[:2].upper())
        if length is None:
            continue
        end, seen = match.start(), 0
        while seen < length and end < match.end():
            seen += text[end] not in " -"
            end += 1
        compact = re.sub(r"[ -]", "", text[match.start() : end]).upper()
        whole = end == len(text) or not text[end].isalnum()
        if len(compact) == length and whole:
            moved = compact[4:] + compact[:4]
            if int("".join(str(int(character, 36)) for character in moved)) % 97 == 1:
                yield "iban", match.start(), end


# ---- IP addresses -------------------------------------------------------------------------------
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|0?[1-9]\d|0{0,2}\d)"
_IPV4 = re.compile(
    rf"(?<![A-Za-z0-9_])(?<!\d\.)(?:{_OCTET}\.){{3}}{_OCTET}(?:/\d{{1,2}}(?!\d)"
    rf"|:\d{{2,5}}(?!\d))?(?![A-Za-z0-9_])(?!\.\d)"
)
_VERSION = re.compile(
    r"(?:\b(?:v|ver|vers|version|versions|release|released|build|firmware|update|updated|upgrade"
    r"|upgraded|patch"
    r"|sdk|driver|drivers|kernel|section|chapter|figure|table|appendix|clause|article|paragraph"
    r"|level"
    r"|android|ios|windows|chrome|firefox|macos|java|python|node)\.?(?:[ ]?(?:to|from|is|was|no"
    r"|number|#))?|§)[ :]?[ ]?\Z",
    re.IGNORECASE,
)
_IPV6 = re.compile(
    r"(?<![A-Za-z0-9_:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*+(?:[0-9.]{7,15})?(?:%\w{1,16})?(?![A-Za-z0-9_:])"
)


def ip_addresses(text: str) -> Iterator[Found]:
    """IPv4 (not after words such as version or section) and IPv6."""
    for match in _IPV4.finditer(text):
        if not _VERSION.search(text[max(0, match.start() - 24) : match.start()]):
            yield "ip", match.start(), match.end()
    if text.count(":") < 2:
        return
    for match in _IPV6.finditer(text):
        written = match.group().partition("%")[0]
        # std::abs and 12:30:45 are none; ::1 is everybody's.
        groups = [group for group in written.split(":") if group]
        if not 4 <= len(written) <= 45 or len(groups) < 2 or not any(map(str.isdigit, written)):
            continue
        try:
            ipaddress.IPv6Address(written)
        except ValueError:
            continue
        yield "ip", match.start(), match.end()
