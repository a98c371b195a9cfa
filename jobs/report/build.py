"""Makes the items of a section: a picture for each corpus of a mart, or a sentence that says why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jobs.report.model import Absent, Item
from jobs.report.source import MOST_SHOWN, Focus, Source, mart
from schemas.mart import Mart

Make = Callable[[Source, Focus, Mart | None], Item]


def of_mart(
    source: Source, name: str, title: str, why_none: str, make: Make, *, prefer: Sequence[str] = ()
) -> list[Item]:
    """The pictures of a mart, one for each of its corpora (at most three; the page says how many there are)."""
    told = mart(name)
    missing = source.missing(name)
    if missing is not None:
        return [Absent(title, missing, told)]
    found = source.focus(f"mart_{name}", prefer=prefer)
    if not found:
        return [Absent(title, why_none, told)]
    return [make(source, focus, told) for focus in found]


def about(focus: Focus) -> str:
    """The end of a caption: what the picture is about, and whether there is more."""
    told = f"Corpus {focus.told}."
    return (
        told
        if focus.corpora <= MOST_SHOWN
        else f"{told} Shown are {MOST_SHOWN} of {focus.corpora} corpora."
    )
