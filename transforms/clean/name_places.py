"""Whether a word that may be a name stands in a text as one. Texts come unaccented (see fold.py)."""

import re

_GREETING = (
    r"hi|hey|hello|howdy|thanks|thank you|thanks (?:so|very) much|thank you (?:so|very) much|cheers|dear"
    r"|welcome|welcome back|bye|bye bye|goodbye|good (?:morning|afternoon|evening|night|bye)|morning|sorry"
    r"|congrats|congratulations"
)
_INTRODUCTION = r"my name is|my name['’]s|name is|call me|named|mrs|mr|ms|dr"
_CALLED = re.compile(
    rf"(?<!\w)(?:(?:{_GREETING})(?: there)?[ ]?,?[ ]?|(?:{_INTRODUCTION})[ ]?\.?[ ])\Z",
    re.IGNORECASE,
)
CALLS = (
    r"(?:hi|hey|hello|howdy|thanks|thank you|much|cheers|dear|welcome|back|bye|goodbye|morning|afternoon"
    r"|evening|night|sorry|congrats|congratulations|there|name is|name.s|call me|named|mrs|mr|ms|dr)"
)
"""A Rust pattern for what stands before every name that `is_called`."""

_CLOSES = re.compile(r"\s*(?:\Z|[,.!?;:)\]\"”—–-]|and\b)|['’]s\b")
_ALONE = re.compile(r"\s*(?:\Z|[.!?:])")
_COMMA = re.compile(r"\s*,")
_POSSESSIVE = re.compile(
    r"['’]s\b(?! (?:a|an|the|not|been|going|get|go|say|just|see|take|do|talk|move|try)\b)"
)
_DOES = re.compile(
    r" (?:is|was|has|had|does|did|says?|said|told|thinks?|thought|asked|asks|wrote|mentioned|talked|came"
    r"|went|made|built|started|gave|wants?|likes?|took|got|knows?|also|and (?:I|me|myself|[A-Z])|here)\b"
)
_MONTHS = frozenset(
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
_MONTH_BEFORE = re.compile(
    r"(?:\b(?:in|since|until|till|by|this|last|next|early|late|mid|during|before|after|through|of|on|to|and"
    r"|around|from|between)[ -]|\d(?:st|nd|rd|th)?[ ](?:of )?)\Z",
    re.IGNORECASE,
)
_MONTH_AFTER = re.compile(r",?[ ](?:the )?\d|[ ](?:and|or|to|through) (?:June|July|April)\b")
_DETERMINED = re.compile(
    r"\b(?:the|a|an|this|these|those|my|your|our|his|its|their|some|no|any)[ ]\Z",
    re.IGNORECASE,
)
_OPENERS = " \t\u00a0\"'“‘«(*_>"
_BEGINNERS = ".!?…:;\n—–-]|/"
_BEFORE = 32  # characters that the patterns above look back


def is_called(text: str, start: int, end: int) -> bool:
    """Whether somebody is greeted or presented here: `hi , mark .`."""
    return (
        _CALLED.search(text, max(0, start - _BEFORE), start) is not None
        and _CLOSES.match(text, end) is not None
    )


def begins(text: str, start: int) -> bool:
    """Whether a sentence begins here."""
    while start and text[start - 1] in _OPENERS:
        start -= 1
    if start > 1 and text[start - 1] == "-" and text[start - 2].isalnum():
        return False  # K-Ball
    return start == 0 or text[start - 1] in _BEGINNERS


def stands_as_name(text: str, word: str, start: int, end: int, *, given: bool) -> bool | None:
    """Whether a common word, written large, is a name here; None where its neighbors must tell.

    `given`: it is somebody's first name, so it may be called out.
    """
    before = text[max(0, start - _BEFORE) : start]
    month = word in _MONTHS and (_MONTH_BEFORE.search(before) or _MONTH_AFTER.match(text, end))
    if month or _DETERMINED.search(before):
        return False
    if _CALLED.search(before) or _POSSESSIVE.match(text, end):
        return True
    if begins(text, start):
        alone = given and (_COMMA.match(text, end) or _ALONE.match(text, end))
        return bool(alone or _DOES.match(text, end))
    return None
