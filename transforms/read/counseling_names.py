"""The name in what a counseling site says of a therapist: name, credentials and a motto in one.

"Sherry Katz, LCSWCouples and Family Therapist" -> "Sherry Katz". Nothing stands between the name and
the motto, but the address of the therapist's page begins with the name: …/sherry-katz-lcsw.
"""

import re
from functools import lru_cache

from transforms.read.names import person

_TITLE = re.compile(r"\A(?:dr|prof|mr|mrs|ms|miss)\b\.?\s*", re.IGNORECASE)
# Where a small letter is followed by a capital one, a motto begins, but for names such as McGrath.
_MOTTO = re.compile(
    r"(?<=[a-zß-ÿ.])(?<!\bMc)(?<!\bMac)(?<!\bDe)(?<!\bLe)(?<!\bLa)(?<!\bVan)(?=[A-Z\"“‘#])"
)
_CREDENTIAL = re.compile(r"[-–]?\s+(?:[A-Z][A-Z/.-]+|Ph\.?D\.?|Psy\.?D\.?|[A-Z]\.(?:[A-Z]\.?)+)$")
_LETTER = re.compile(r"[a-z0-9]")
_LONGEST = 80  # characters: what is longer is no name


@lru_cache(maxsize=8192)
def therapist_name(info: str, address: str) -> str | None:
    """The name, None where there is none. `address`: of the therapist's page, or empty."""
    shown = " ".join(info.split())
    length = _named_in(shown, address.rstrip("/").rsplit("/", 1)[-1].lower())
    name = shown[:length] if length else _MOTTO.split(shown, maxsplit=1)[0]
    name = _TITLE.sub("", person(name.split(",", 1)[0].strip()), count=1)
    while len(name.split()) > 2 and not name.isupper():
        shorter = _CREDENTIAL.sub("", name).rstrip()
        if shorter == name:
            break
        name = shorter
    name = name.strip(" ,;:-–")
    return name if 0 < len(name) <= _LONGEST else None


def _named_in(shown: str, slug: str) -> int:
    """How many characters of the text are the words that the slug begins with; 0 for none."""
    words = [word for word in slug.split("-") if word]
    if words and _TITLE.fullmatch(words[0]) and not _TITLE.match(shown):
        words = words[1:]
    lower, end = shown.lower(), 0
    for word in words:
        after = _behind(lower, end, word)
        if after is None:
            break
        end = after
    return end


def _behind(lower: str, start: int, word: str) -> int | None:
    """Where a word of a slug ends in the text; letters that a slug cannot have are passed over."""
    at = start
    for letter in word:
        while at < len(lower) and not _LETTER.match(lower[at]):
            at += 1
        if at == len(lower) or lower[at] != letter:
            return None
        at += 1
    return at
