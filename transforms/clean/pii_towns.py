"""Postal codes without a label, and towns where their place gives them away: for Safe Harbor."""

import re
from collections.abc import Iterator

from transforms.clean.edits import Found
from transforms.clean.pii_places import STATE_NAMES, STATES, UK_CODE, ZIP
from transforms.clean.words import FUNCTION_WORDS

_STATE_ZIP = re.compile(
    rf"(?<![A-Za-z])(?:{STATES}|{STATE_NAMES}),?[ ](?P<code>{ZIP})(?![A-Za-z0-9-])"
)
_PLAIN = re.compile(
    rf"(?<![\w.,$€£#/-])(?:\d{{5}}-\d{{4}}|{UK_CODE}|[A-Z]\d[A-Z][ ]\d[A-Z]\d)(?![\w-])"
)
_WORD = r"(?:St\.[ ])?[A-Z\u00c0-\u00de][\w'’]+"
_TOWN = rf"(?P<town>{_WORD}(?:[ -]{_WORD}){{0,2}}?)"
_BEFORE_STATE = re.compile(
    rf"(?<!\w)(?:in|from|to|near|of|at|outside|around|live|lives|through|via)[ ]{_TOWN}"
    rf",?[ ](?:(?!OK\b)(?:{STATES})(?!\w)|(?:{STATE_NAMES})\b)"
)
_HOME = re.compile(
    r"(?<!\w)(?i:liv(?:e|es|ed|ing)|resid(?:e|es|ed|ing)|born|raised|grew up|mov(?:e|ed|ing)(?: (?:back|here|out))?"
    r"|relocat(?:ed|ing)|home ?town|house|home|apartment|native|originally|i'?m|he's|she's)"
    r"(?i:[ ](?:and[ ]raised|down|up|out|back|right|is))?[ ](?i:in|to|from|near|of|around|outside(?:[ ]of)?)[ ]"
    rf"(?P<town>{_WORD}(?:[ -]{_WORD}){{0,2}})"
)
# Countries and states may stay.
_WIDE_WORDS = (
    "america usa us uk europe asia africa england scotland wales ireland britain canada mexico france germany spain "
    "italy portugal greece turkey russia ukraine poland india china japan korea vietnam thailand philippines "
    "indonesia pakistan bangladesh nepal iran iraq syria israel egypt nigeria ghana kenya ethiopia somalia sudan "
    "morocco brazil argentina chile peru colombia cuba haiti jamaica australia sweden norway denmark finland "
    "netherlands belgium switzerland austria hungary romania god january february march april may june july august "
    "september october november december monday tuesday wednesday thursday friday saturday sunday"
)
_WIDE = frozenset(_WIDE_WORDS.split()) | frozenset(STATE_NAMES.lower().split("|"))


def towns(text: str) -> Iterator[Found]:
    """Postal codes, and towns before their state or where somebody lives, was born or moved to."""
    if any(map(str.isdigit, text)):
        for match in _STATE_ZIP.finditer(text):
            yield "zip", *match.span("code")
        for match in _PLAIN.finditer(text):
            yield "zip", match.start(), match.end()
    for pattern in (_BEFORE_STATE, _HOME):
        for match in pattern.finditer(text):
            start, end = match.span("town")
            written = text[start:end].rstrip(".'’-")
            low = written.lower()
            first = low.split(" ")[0]
            if (
                low not in _WIDE
                and first not in _WIDE
                and first not in FUNCTION_WORDS
                and len(low) > 2
            ):
                yield "address", start, start + len(written)
