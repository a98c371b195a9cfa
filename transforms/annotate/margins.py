"""How unsure an answer is, as SQL over its scores. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

HALF: Final = 0.5


def margin(*, exclusive: bool, thresholds: Mapping[str, float]) -> str:
    """SQL: the margin of a row's `scores` (a list of label and probability); null where there are none.

    Where exactly one label holds: the distance of the two highest probabilities (margin sampling, Scheffer, Decomain
    and Wrobel 2001); one label alone has no margin. Elsewhere: the least distance of a probability to the threshold
    from which its label is given (uncertainty sampling, Lewis and Gale 1994); a label that is not in `thresholds` is
    given from .5 on.
    """
    if exclusive:
        ordered = (
            "list_reverse_sort(list_transform(scores, lambda s: CAST(s.probability AS DOUBLE)))"
        )
        return f"CASE WHEN array_length(scores) > 1 THEN {ordered}[1] - {ordered}[2] END"
    known = "".join(
        f" WHEN {_text(name)} THEN {threshold!r}"
        for name, threshold in thresholds.items()
        if threshold != HALF
    )
    cut = f"CASE s.label{known} ELSE {HALF} END" if known else f"{HALF}"
    return f"list_min(list_transform(scores, lambda s: abs(CAST(s.probability AS DOUBLE) - {cut})))"


def rarest(counts: Mapping[str, int], none: str) -> str:
    """SQL: the rarest of a row's `labels`, by how many rows have each (the first by name of equals); else `none`."""
    ordered = sorted(counts, key=lambda name: (counts[name], name))
    cases = "".join(
        f" WHEN list_contains(labels, {_text(name)}) THEN {_text(name)}" for name in ordered
    )
    return f"CASE{cases} ELSE {_text(none)} END" if cases else _text(none)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
