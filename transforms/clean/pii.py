"""Structured PII: where it is in a text, and what stands in for it.

Kinds: url, email, phone, ip, card, ssn, iban, user (handles) and name (pii_hints of the reader).
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from transforms.clean.edits import Edit, Found
from transforms.clean.pii_emails import emails
from transforms.clean.pii_handles import handles
from transforms.clean.pii_links import links
from transforms.clean.pii_numbers import bank_accounts, cards, ip_addresses, social_security
from transforms.clean.pii_phones import phones

PLACEHOLDERS = {
    "url": "[URL]",
    "email": "[EMAIL]",
    "phone": "[PHONE]",
    "ip": "[IP]",
    "card": "[CARD]",
    "ssn": "[SSN]",
    "iban": "[IBAN]",
    "user": "[USER]",
    "name": "[NAME]",
}
# When two kinds cover the same characters, the more telling one stands.
_RANK = {
    kind: rank
    for rank, kind in enumerate(
        ("ssn", "card", "iban", "ip", "email", "user", "phone", "url", "name")
    )
}


class _Folding(dict[int, int]):
    """Full-width and styled letters, foreign digits, dashes and spaces to ASCII, one for one."""

    def __missing__(self, code: int) -> int:
        character = chr(code)
        category = unicodedata.category(character)
        folded = code
        if category == "Nd":
            folded = 48 + unicodedata.decimal(character)
        elif category == "Pd" or code in (0x2212, 0x2043):
            folded = 45
        elif category == "Zs":
            folded = 32
        else:
            plain = unicodedata.normalize("NFKC", character)
            if len(plain) == 1 and plain.isascii():
                folded = ord(plain)
        self[code] = folded
        return folded


_FOLDING = _Folding()
_DIGIT = re.compile(r"[0-9]")
_SEVEN_DIGITS = re.compile(r"\d(?:\D{0,4}\d){6}")


def find_pii(text: str, names: tuple[str, ...] = ()) -> list[Found]:
    """All PII of a text, sorted, without overlap: the longest of overlapping ones wins.

    `names` are what only the reader knows (speakers' names): whole words, each part as well.
    """
    folded = text if text.isascii() else text.translate(_FOLDING)
    found = list(_candidates(folded))
    if names:
        found.extend(("name", *match.span()) for match in _names(names).finditer(text))
    if len(found) < 2:
        return found
    found.sort(key=lambda item: (item[1] - item[2], _RANK[item[0]], item[1]))
    return _longest(len(text), found)


def _candidates(text: str) -> Iterator[Found]:
    # Each finder behind a test that costs less than the finder.
    lower = text.lower()
    if "." in text or ":" in text:
        yield from links(text, lower)
    yield from emails(text, lower)
    yield from handles(text, lower)
    if _DIGIT.search(text):
        if _SEVEN_DIGITS.search(text):
            yield from phones(text)
            yield from social_security(text)
            yield from cards(text)
            yield from bank_accounts(text)
        if text.count(".") > 2 or text.count(":") > 1:
            yield from ip_addresses(text)


def _longest(length: int, ordered: list[Found]) -> list[Found]:
    """Take spans in order, each unless it meets one taken before."""
    taken = bytearray(length)
    kept = []
    for item in ordered:
        _, start, end = item
        if 1 not in taken[start:end]:
            taken[start:end] = b"\x01" * (end - start)
            kept.append(item)
    kept.sort(key=lambda item: item[1])
    return kept


def redact(text: str, names: tuple[str, ...] = ()) -> tuple[list[Edit], list[Found]]:
    """Give the edits that put placeholders for PII, and the PII they stand for, one for one."""
    found = find_pii(text, names)
    return [(start, end, PLACEHOLDERS[kind]) for kind, start, end in found], found


_TITLE_WORDS = (
    "dr mr mrs ms miss prof doctor nurse sir the and of von van de der la le host guest "
    "client patient therapist"
)
_TITLES = frozenset(_TITLE_WORDS.split())


@lru_cache(maxsize=1024)
def _names(names: tuple[str, ...]) -> re.Pattern[str]:
    """Match the names in any case, and their capitalized parts as written."""
    # "Host" or "T" in the place of a name says who spoke, not what they are called.
    whole = {
        name.strip()
        for name in names
        if len(name.strip()) > 1 and name.strip().lower() not in _TITLES
    }
    parts = {
        part
        for name in whole
        for part in re.findall(r"[^\W\d_][\w'’-]+", name)
        if part[0].isupper() and part.lower() not in _TITLES
    }
    either = [f"(?i:{re.escape(name)})" for name in sorted(whole, key=len, reverse=True)]
    either += [re.escape(part) for part in sorted(parts, key=len, reverse=True)]
    return re.compile(rf"(?<!\w)(?:{'|'.join(either)})(?!\w)") if either else re.compile(r"(?!)")
