"""Where words that a model copied stand in a text."""

from __future__ import annotations

import re
from typing import Final

_QUOTES: Final = "\"'\u201c\u201d\u2018\u2019`"


def find_span(text: str, copied: str) -> tuple[int, int] | None:
    """Start and end (code points, half open) of the first place where `text` has the copied words, or None.

    Exact first; then without regard to case and to how many blanks there are, and without quotes or blanks around the
    words: what models change when they copy. Nothing else is forgiven. Of several places, one where no word is cut
    comes first: "he" is not found in "the". Blanks alone are no words.
    """
    if not copied.strip():
        return None
    found = _first(re.escape(copied), text, re.NOFLAG)
    if found is None and (words := copied.strip().strip(_QUOTES).split()):
        found = _first(r"\s+".join(map(re.escape, words)), text, re.IGNORECASE)
    return found


def _first(pattern: str, text: str, flags: re.RegexFlag) -> tuple[int, int] | None:
    whole = re.search(rf"(?<!\w){pattern}(?!\w)", text, flags)
    found = whole or re.search(pattern, text, flags)
    return found.span() if found else None
