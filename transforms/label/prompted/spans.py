"""Where words that a model copied stand in a text."""

from __future__ import annotations

import re


def find_span(text: str, copied: str) -> tuple[int, int] | None:
    """Start and end (code points, half open) of the first place where `text` has the copied words, or None.

    Exact first; then without regard to case and to how many blanks there are, and without quotes or blanks around the
    words: what models change when they copy. Nothing else is forgiven.
    """
    if copied:
        at = text.find(copied)
        if at >= 0:
            return at, at + len(copied)
    words = copied.strip().strip("\"'\u201c\u201d\u2018\u2019`").split()
    if not words:
        return None
    found = re.search(r"\s+".join(map(re.escape, words)), text, re.IGNORECASE)
    return (found.start(), found.end()) if found else None
