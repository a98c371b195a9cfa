"""Edits of a text, and the way back: from places in the result to places in the original."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from re import Match, Pattern

Edit = tuple[int, int, str]
"""Replace code points start:end by a text. A list of edits is sorted and does not overlap."""

Found = tuple[str, int, int]
"""A piece of PII: kind, start, end; code points, half open."""

Step = Callable[[str], list[Edit]]
"""One kind of change: which edits it wants on a text; an empty list leaves the text as it is."""


def substitution(pattern: Pattern[str], replace: Callable[[Match[str]], str]) -> Step:
    """Make a step that replaces every match of a pattern."""

    def step(text: str) -> list[Edit]:
        found = []
        for match in pattern.finditer(text):
            new = replace(match)
            if new != match.group():
                found.append((match.start(), match.end(), new))
        return found

    return step


def apply_edits(text: str, edits: list[Edit]) -> str:
    """Carry out the edits. Time is linear in text and edits."""
    pieces = []
    done = 0
    for start, end, new in edits:
        pieces.append(text[done:start])
        pieces.append(new)
        done = end
    pieces.append(text[done:])
    return "".join(pieces)


def way_back(edits: list[Edit], spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Lead spans of the edited text back to the text before.

    A boundary inside a replacement moves outwards to the replaced part; what was deleted right
    beside a span stays outside of it, what was deleted within is inside.
    """
    starts: list[int] = []  # where each replacement begins and ends in the edited text
    ends: list[int] = []
    shift = 0
    for start, end, new in edits:
        starts.append(start + shift)
        ends.append(start + shift + len(new))
        shift += len(new) - (end - start)
    back = []
    for first, last in spans:
        at = bisect_right(ends, first) - 1  # the last replacement that ends at or before `first`
        if at + 1 < len(edits) and starts[at + 1] <= first:
            before = edits[at + 1][0]
        else:
            before = first - ends[at] + edits[at][1] if at >= 0 else first
        at = bisect_left(starts, last) - 1  # the last replacement that begins before `last`
        if at < 0:
            after = last
        elif last <= ends[at]:
            after = edits[at][1]
        else:
            after = last - ends[at] + edits[at][1]
        back.append((before, max(before, after)))
    return back
