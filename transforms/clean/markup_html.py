"""HTML: the tags go, the words and the lines stay.

Only real HTML tag names count, so `<3`, `>:(`, `</sarcasm>` and `<UNSURE>` survive.
"""

import re

from transforms.clean.edits import Edit, Step

_BLOCK_NAMES = (
    "address article aside blockquote body br center dd details div dl dt figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 head header hr html li main nav ol p pre section summary "
    "table tbody td tfoot th thead title tr ul"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_INLINE_NAMES = (
    "a abbr acronym b bdi bdo big button cite code col colgroup data del dfn em embed font i "
    "iframe img input ins kbd label link mark meta object option param q rp rt ruby s samp "
    "script select small source spoiler span strike strong style sub sup svg textarea time tt "
    "u var video wbr audio"
)
_INLINES = frozenset(_INLINE_NAMES.split())
_NAMES = "|".join(sorted(_BLOCKS | _INLINES, key=len, reverse=True))
# Attributes need a value (or the slash of <br />): "x <b and c> d" is no tag.
_TAG = re.compile(
    rf"<(/?)({_NAMES})((?:\s+[^\s<>=/\"']+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>]+))*+)\s*/?>",
    re.IGNORECASE,
)
_HREF = re.compile(r"\shref\s*=\s*[\"']?((?:https?:|mailto:|tel:|www\.)[^\s\"'<>]+)", re.IGNORECASE)
_PLAIN_LABEL = re.compile(r"\s*(?:<[^<>]{0,200}>\s*){0,4}(?:[@#]|https?:|www\.)", re.IGNORECASE)
_HIDDEN = (("<!--", "-->"), ("<script", "</script>"), ("<style", "</style>"))


def html_hidden(text: str) -> list[Edit]:
    """Comments, scripts and styles with all that is in them."""
    if "<" not in text:
        return []
    lower = text.lower()
    if len(lower) != len(text):  # a few letters grow when lowered; offsets would drift
        lower = text
    found: list[Edit] = []
    for opening, closing in _HIDDEN:
        at = lower.find(opening)
        while at >= 0:
            end = lower.find(closing, at + len(opening))
            if end < 0:
                break
            end += len(closing)
            found.append((at, end, " "))
            at = lower.find(opening, end)
    return _without_overlap(found)


def html_tags(text: str) -> list[Edit]:
    """Tags: block tags become line breaks, inline tags vanish, a link leaves its address."""
    if "<" not in text or ">" not in text:
        return []
    found: list[Edit] = []
    for match in _TAG.finditer(text):
        name = match.group(2).lower()
        if name in _BLOCKS:
            found.append((match.start(), match.end(), "\n"))
            continue
        link = None
        # Links on @name, #tag or their own address say no more than their text does.
        if name == "a" and not match.group(1) and not _PLAIN_LABEL.match(text, match.end()):
            link = _HREF.search(text, match.start(3), match.end(3))
        if link:
            found.append((match.start(), link.start(1), ""))
            found.append((link.end(1), match.end(), " "))
        else:
            found.append((match.start(), match.end(), ""))
    return found


def _without_overlap(edits: list[Edit]) -> list[Edit]:
    kept: list[Edit] = []
    for edit in sorted(edits):
        if not kept or edit[0] >= kept[-1][1]:
            kept.append(edit)
    return kept


HTML: tuple[Step, ...] = (html_hidden, html_tags)
