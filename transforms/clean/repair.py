"""Broken characters: entities, mojibake, invisible characters, normal form, white space.

Emoji sequences keep their joiners and variation selectors, and Indic and Arabic script theirs.
"""

import html
import re
import unicodedata
from html.entities import html5

import ftfy

from transforms.clean.edits import Edit, substitution

# ---- entities ----------------------------------------------------------------------------------
_AMPERSANDS = re.compile(r"&(?:amp;|#0{0,9}38;|#[xX]0{0,9}26;)+")
_ENTITY = re.compile(
    r"&(?:#[0-9]{1,10};|#[xX][0-9a-fA-F]{1,8};|[A-Za-z][A-Za-z0-9]{1,31};"
    r"|#[0-9]{2,7}(?![0-9;])|#[xX][0-9a-fA-F]{2,6}(?![0-9a-fA-F;])"
    r"|(?:amp|lt|gt|quot|nbsp)(?![\w;=]))"
)


def _unescaped(match: re.Match[str]) -> str:
    entity = match.group()
    if entity[1] == "#":
        return html.unescape(entity)
    name = entity[1:]
    return html5.get(name) or html5.get(name + ";") or entity


_ampersands = substitution(_AMPERSANDS, lambda _: "&")
_entities = substitution(_ENTITY, _unescaped)


def ampersands(text: str) -> list[Edit]:
    """`&amp;amp;` to `&` at once, however deep: peeling a level per pass would be quadratic."""
    return _ampersands(text) if "&" in text else []


def entities(text: str) -> list[Edit]:
    """HTML entities to characters."""
    return _entities(text) if "&" in text else []


# ---- mojibake ----------------------------------------------------------------------------------
# A lead byte of UTF-8 and a continuation byte, both read as Windows-1252, 1250, 1251, Latin-1 or
# MacRoman, or a C1 control. A bare `Ã` is Portuguese. ftfy decides; this spares it clean rows.
_HIGH = (
    "\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a"
    "\u20ac\u2122"
)
MOJIBAKE = (
    f"[\u00c2-\u00f4\u0102\u0103\u0139][{_HIGH}]|\u00c3 |[\u0080-\u009f]"
    f"|[\u0420\u0421][\u0402-\u040f\u0452-\u045f\u0490\u0491{_HIGH}]"
    "|\u221a[\u00a0-\u00ff\u2020-\u2265]|\u201a[\u00c4\u00e0]"
)
_MOJIBAKE = re.compile(MOJIBAKE)
_LEAD = re.compile("[\u0080-\u009f\u00c2-\u00f4\u0102\u0103\u0139\u0420\u0421\u221a\u201a]")
_VISIBLE_ASCII = re.compile(r"[!-~]")


def mojibake(text: str) -> list[Edit]:
    """Text that was decoded with the wrong encoding, line by line, by ftfy."""
    if text.isascii() or _LEAD.search(text) is None or _MOJIBAKE.search(text) is None:
        return []
    found: list[Edit] = []
    offset = 0
    for line in text.split("\n"):
        if _MOJIBAKE.search(line):
            fixed = ftfy.fix_encoding(line)
            fixed = ftfy.fixes.fix_c1_controls(fixed)
            if fixed != line:
                found.extend(_anchored(line, fixed, offset))
        offset += len(line) + 1
    return found


def _anchored(old: str, new: str, offset: int) -> list[Edit]:
    """Edits from old to new. Wrong decodings leave ASCII alone: its characters are anchors."""
    here = [match.start() for match in _VISIBLE_ASCII.finditer(old)]
    there = [match.start() for match in _VISIBLE_ASCII.finditer(new)]
    if [old[at] for at in here] != [new[at] for at in there]:
        return [(offset, offset + len(old), new)]
    found = []
    last_old = last_new = 0
    for at_old, at_new in zip([*here, len(old)], [*there, len(new)], strict=True):
        if old[last_old:at_old] != new[last_new:at_new]:
            found.append((offset + last_old, offset + at_old, new[last_new:at_new]))
        last_old, last_new = at_old + 1, at_new + 1
    return found


# ---- invisible characters ----------------------------------------------------------------------
_PICTURE = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"  # what emoji sequences are made of
_AFTER_PICTURE = f"[{_PICTURE}\ufe0f\U0001f3fb-\U0001f3ff]"
_JOINING = (
    "\u0600-\u08ff\u0900-\u0dff\u0e00-\u109f\u1780-\u17ff\u1800-\u18af\ufb50-\ufdff\ufe70-\ufefc"
)
# Joiners are kept within emoji (a family) and within scripts where they change the word.
_JOINER = (
    f"\u200d(?!(?<={_AFTER_PICTURE}\u200d)[{_PICTURE}])(?!(?<=[{_JOINING}]\u200d))"
    f"|\u200c(?!(?<=[{_JOINING}]\u200c)[{_JOINING}])"
)
INVISIBLE = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f\U0001fffe\U0001ffff"
)
_REMOVED = (
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b"
    "\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e001f\U0001fffe\U0001ffff]"
)
# Tag characters spell the flags of England, Scotland and Wales; elsewhere they hide text.
_HIDDEN_TAGS = "[\U000e0020-\U000e007f]"
_FLAG = "\U0001f3f4[\U000e0020-\U000e007e]{2,6}\U000e007f"
_BREAK = "[\x0b\x0c\x85\u2028\u2029]"
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_INVISIBLES = re.compile(
    f"(?P<flag>{_FLAG})|(?P<newline>{_BREAK})|{_REMOVED}|{_HIDDEN_TAGS}|{_JOINER}"
)


def _shown(match: re.Match[str]) -> str:
    if match.lastgroup == "flag":
        return match.group()
    return "\n" if match.lastgroup == "newline" else ""


_invisibles = substitution(_INVISIBLES, _shown)


def invisible(text: str) -> list[Edit]:
    """Control characters, zero-width characters, bidirectional marks and hidden tags, removed."""
    if text.isascii() and text.isprintable():
        return []
    return _invisibles(text) if _INVISIBLE.search(text) else []


# ---- normal form -------------------------------------------------------------------------------
# ASCII characters never join what stands before them: pieces between them normalize on their own.
_PIECE = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")
_pieces = substitution(_PIECE, lambda match: unicodedata.normalize("NFC", match.group()))


def normal_form(text: str) -> list[Edit]:
    """Unicode normal form C."""
    return [] if unicodedata.is_normalized("NFC", text) else _pieces(text)


# ---- white space -------------------------------------------------------------------------------
_SPACE = "[^\\S\n]"
_SPACES = re.compile(rf"\A\s+|\s+\Z|{_SPACE}*\n\s*|{_SPACE}{{2,}}|[^\S\n ]")


def _spaced(match: re.Match[str]) -> str:
    gap = match.group()
    if match.start() == 0 or match.end() == len(match.string):
        return ""
    return "\n" * min(gap.count("\n"), 2) or " "


_spaces = substitution(_SPACES, _spaced)


def white_space(text: str) -> list[Edit]:
    """One space between words, at most one empty line between paragraphs, none at the ends."""
    if "  " in text or not text.isprintable() or text != text.strip():
        return _spaces(text)
    return []
