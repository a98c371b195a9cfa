"""PII: where it is in a text, and what stands in for it.

Kinds: url, email, phone, ip, card, ssn, iban, user (handles), name (pii_hints of the reader, titles,
introductions), id (numbers behind a label), address, zip; for Safe Harbor also date and age.
"""

import re
from collections.abc import Iterator

from transforms.clean.edits import Edit, Found
from transforms.clean.fold import plain
from transforms.clean.pii_dates import ages, birth_dates, dates
from transforms.clean.pii_emails import emails
from transforms.clean.pii_handles import handles
from transforms.clean.pii_labels import labeled, long_numbers, told_numbers
from transforms.clean.pii_links import links
from transforms.clean.pii_names import names_of
from transforms.clean.pii_numbers import bank_accounts, cards, ip_addresses, social_security
from transforms.clean.pii_persons import introduced, titled
from transforms.clean.pii_phones import phones
from transforms.clean.pii_places import addresses
from transforms.clean.pii_towns import towns

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
    "id": "[ID]",
    "address": "[ADDRESS]",
    "zip": "[ZIP]",
    "date": "[DATE]",
    "age": "[AGE]",
}
# When two kinds cover the same characters, the more telling one stands.
_RANK = {
    kind: rank
    for rank, kind in enumerate(
        (
            "ssn",
            "card",
            "iban",
            "ip",
            "email",
            "user",
            "id",
            "phone",
            "url",
            "date",
            "address",
            "zip",
            "name",
            "age",
        )
    )
}


_WORDS = re.compile(r"[a-z]+")
_DIGIT = re.compile(r"[0-9]")
_SEVEN_DIGITS = re.compile(r"\d(?:\D{0,4}\d){6}")


def find_pii(
    text: str, names: tuple[str, ...] = (), *, safe_harbor: bool = False, worded: bool = True
) -> list[Found]:
    """All PII of a text, sorted, without overlap: the longest of overlapping ones wins.

    `names` are what only the reader knows (speakers' names): whole words, each part as well.
    `safe_harbor` adds dates finer than the year, ages over 89, postal codes, towns, long numbers.
    `worded` false leaves out what words give away (titles, labels, streets): nothing of that is there.
    """
    folded = plain(text)
    found = list(_shaped(folded))
    if worded:
        found += _worded(folded, safe_harbor=safe_harbor)
    if names:
        found.extend(names_of(names).find(text))
    spare = list(long_numbers(folded)) if safe_harbor and worded else []
    if len(found) + len(spare) < 2:
        return found + spare
    found.sort(key=lambda item: (item[1] - item[2], _RANK[item[0]], item[1]))
    # A number that is anything else is not just a number.
    return _longest(len(text), found + spare)


def _shaped(text: str) -> Iterator[Found]:
    """What its own form gives away. Each finder behind a test that costs less than the finder."""
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


def _worded(text: str, *, safe_harbor: bool) -> Iterator[Found]:
    """What words beside it give away."""
    lower = text.lower()
    words = frozenset(_WORDS.findall(lower))
    yield from titled(text, lower, words)
    yield from introduced(text, lower, words)
    if _DIGIT.search(text):
        yield from addresses(text, lower, words)
        yield from labeled(text, lower, words)
        yield from told_numbers(text, lower)
    if safe_harbor:
        yield from dates(text, lower)
        yield from ages(text, lower)
        yield from towns(text)
    elif "born" in lower or "birth" in lower or "dob" in lower or "d.o.b" in lower:
        yield from birth_dates(text, lower)


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


def redact(
    text: str, names: tuple[str, ...] = (), *, safe_harbor: bool = False, worded: bool = True
) -> tuple[list[Edit], list[Found]]:
    """Give the edits that put placeholders for PII, and the PII they stand for, one for one."""
    found = find_pii(text, names, safe_harbor=safe_harbor, worded=worded)
    return [(start, end, PLACEHOLDERS[kind]) for kind, start, end in found], found
