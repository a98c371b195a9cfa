"""What was evaluated, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

LEFT_OUT: Final = {
    "unreadable": "unreadable rows",
    "unannotated": "without gold",
    "bad_gold": "whose gold does not fit",
    "undecided_left_out": "on which the annotators do not agree",
    "other_splits": "of other splits",
    "dropped_before_labeling": "dropped before they were labeled",
    "not_labeled_yet": "not labeled so far",
}


def summary(content: Mapping[str, Any]) -> list[str]:
    """A sentence each: who, how many rows, what was left out and why, and notes."""
    version = content.get("taxonomy_version")
    who = f"{content['labeler']} {content['labeler_version']}"
    lines = [
        f"{who}, {asked_of(content)}" + (f" (version {version})" if version else ""),
        f"{content['n']:,} rows with gold"
        + (f", coverage {content['coverage']:.1%}" if content["n"] else "")
        + _listed(content["statuses"]),
    ]
    if content["reasons"]:
        lines.append(f"no answer because of{_listed(content['reasons'], plain=True)}")
    if content["coverage"] < 1:
        lines.append(
            "rows without an answer count as empty answers"
            if content["answer"] in ("labels", "spans", "words")
            else "rows without an answer are left out of the figures"
        )
    if content.get("undecided"):
        lines.append(
            f"{content['undecided']:,} rows on which no label has a majority count as rows without a label"
        )
    if "off_wheel" in content:
        lines.append(
            f"{content['rows_on_wheel']:,} rows have a gold word on the wheel; the others do not count"
        )
    if content["answer"] == "spans":
        lines.append(
            f"{content['gold_spans']:,} spans in gold, {content['given_spans']:,} in the answers"
        )
    left = {key: content[key] for key in LEFT_OUT if content.get(key)}
    if left:
        lines.append(
            "left out: " + ", ".join(f"{value:,} {LEFT_OUT[key]}" for key, value in left.items())
        )
    return [*lines, *content["notes"]]


def asked_of(content: Mapping[str, Any]) -> str:
    """What was asked, in a few words."""
    if "taxonomy" not in content:
        return str(content["task"])
    through = "through the wheel" if content["answer"] == "words" else "in"
    return f"{content['task']} {through} {content['taxonomy']}"


def _listed(counts: Mapping[str, int], *, plain: bool = False) -> str:
    told = ", ".join(f"{name} {count:,}" for name, count in _largest(counts.items()))
    return f" {told}" if plain else f" ({told})" if told else ""


def _largest(counts: Iterable[tuple[str, int]], most: int = 8) -> Sequence[tuple[str, int]]:
    ordered = sorted(counts, key=lambda pair: -pair[1])
    rest = sum(count for _, count in ordered[most:])
    return ordered[:most] + ([("others", rest)] if rest else [])
