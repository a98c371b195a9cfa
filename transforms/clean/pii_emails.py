"""E-mail addresses, written and spelled. Patterns see folded text (see pii.py)."""

import re
from collections.abc import Iterator

from transforms.clean.edits import Found

# Latin, Greek and Cyrillic letters: other scripts stand beside an address without a space.
_LOCAL = r"A-Za-z0-9\u00c0-\u052f._%+"
_HOST = r"A-Za-z0-9\u00c0-\u052f_"
_MAILERS = (
    "gmail|googlemail|yahoo|ymail|hotmail|outlook|icloud|aol|protonmail|proton|msn|gmx|fastmail"
    "|zoho"
    "|mailru|qq|naver|rediffmail"
)
_ENDINGS = (
    "com|org|net|edu|gov|mil|info|biz|io|co|me|uk|de|fr|es|it|nl|se|no|fi|dk|pl|pt|br|in|ca|au|nz"
    "|jp"
    "|cn|ru|ch|at|be|ie|us|eu|dev|app"
)
_EMAIL = re.compile(
    rf"(?<![{_LOCAL}-])[{_LOCAL}'-]++@(?:"
    rf"(?:[{_HOST}-]+\.)+[A-Za-z\u00c0-\u052f]{{2,24}}(?![{_HOST}])|(?:{_MAILERS})\b)",
    re.IGNORECASE,
)

# Spelled: joe (at) example (dot) com, joe at example dot com, joe @ example . com.
_OPEN, _CLOSE = r"[ ]?[(\[{<|*_-]{1,2}[ ]?", r"[ ]?[)\]}>|*_-]{1,2}[ ]?"
_AT = rf"{_OPEN}(?:at|@){_CLOSE}"
_DOT = rf"(?:[ ]dot[ ]|{_OPEN}(?:dot|\.){_CLOSE})"
_ANY_DOT = rf"(?:{_DOT}|[ ]?\.[ ]?)"
_LABEL = r"[A-Za-z0-9-]{1,63}"
_COUNTRY = (
    rf"(?:(?:\.|{_DOT})(?:uk|au|nz|jp|br|in|za|kr|cn|il|mx|tr|id|th|sg|hk|tw|ar)(?![A-Za-z0-9_]))?"
)
_PERSON = (
    rf"(?<![{_LOCAL}-])[{_LOCAL}-]++"
    r"(?:[ ](?:dot|underscore|dash|plus)[ ][A-Za-z0-9]{1,40}){0,3}"
)
_SPELLED = re.compile(
    rf"(?P<local>{_PERSON})(?:"
    rf"{_AT}{_LABEL}(?:{_ANY_DOT}{_LABEL}){{0,4}}?{_ANY_DOT}(?:{_ENDINGS})"
    rf"|(?P<word>[ ]at[ ]){_LABEL}(?:{_DOT}{_LABEL}){{0,4}}?{_DOT}(?:{_ENDINGS})"
    rf"|(?:@|[ ]@[ ]){_LABEL}(?:{_ANY_DOT}{_LABEL}){{0,3}}?{_ANY_DOT}(?:{_ENDINGS})"
    rf"|(?P<known>[ ]at[ ])(?:{_MAILERS}){_ANY_DOT}(?:{_ENDINGS})"
    rf"){_COUNTRY}(?![A-Za-z0-9_])",
    re.IGNORECASE,
)
# Cheap tests, each met by every match of _SPELLED that it stands for.
_BRACKETED = re.compile(r"at ?[)\]}>|*_-]")
_SIGNED = re.compile(
    r"@[ )\]}>|*_-]{0,4}[A-Za-z0-9-]{1,63}[ (\[{<|*_-]{0,4}(?:\.|dot)", re.IGNORECASE
)
_KNOWN = re.compile(rf" at (?:{_MAILERS})")
# "look at amazon dot com" names a site, not a person.
_NO_PERSON_WORDS = (
    "a an and am are as at be been bought buy but available came check find found for from "
    "get go got had have he her here him i in is it its just live look looked looking me meet "
    "mine my not now of on online order ordered or out over page sale she shop shopped "
    "shopping sign site stay stuff that the them there they this up us visit was we were what "
    "who work worked working works you your"
)
_NO_PERSON = frozenset(_NO_PERSON_WORDS.split())
_NAMED = re.compile(r"[._\d+-]")


def emails(text: str, lower: str) -> Iterator[Found]:
    """E-mail addresses. `lower` is the text in lower case."""
    sign = text.find("@")
    # An address has no space in it: what stands before the first one's word is none.
    if sign > 0 or (sign == 0 and text.count("@") > 1):
        for match in _EMAIL.finditer(text, text.rfind(" ", 0, sign) + 1):
            written = match.group()
            start = match.start() + len(written) - len(written.lstrip("'.-"))
            yield "email", start, match.end()
    if not (
        (sign >= 0 and _SIGNED.search(text, sign))
        or "dot" in lower
        or (" at " in lower and _KNOWN.search(lower))
        or _BRACKETED.search(lower)
    ):
        return
    for match in _SPELLED.finditer(text):
        local = match.group("local").lower().strip(".")
        if match.group("word") and local in _NO_PERSON:
            continue
        if match.group("known") and (local in _NO_PERSON or not _NAMED.search(local)):
            continue
        yield "email", match.start(), match.end()
