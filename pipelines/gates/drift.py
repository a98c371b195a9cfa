"""Judges the drift of labels: the limits of a config against what was counted."""

from collections.abc import Iterable, Sequence
from typing import Any

from pipelines.gates.drift_counts import Counted, Group, Version
from pipelines.gates.result import Finding
from schemas.config.check import DriftConfig, DriftLimit
from transforms.evaluate.drift import Change, Drift, compare

_TOLD = 3  # labels named in a finding; the page has all
_WHY = {
    "psi": "Labels of the new rows are spread otherwise than before",
    "jensen_shannon": "Labels of the new rows are spread otherwise than before",
    "share_change": "A label is much more or less frequent than before",
}
_THEN = (
    ": another source, a broken reader or another model. Look at the table of shares in gates.html; if the "
    "change is real and wanted, raise this limit of check.drift, or make it a warning, for one run."
)
_VERSION_WHY = (
    "Labels of two versions do not compare: drift may be the model's, not the data's. Evaluate the new version "
    "against gold; check.drift.new_version says whether it is told, blocks or is ignored."
)


def judge(
    config: DriftConfig, counted: Counted, corpora: Sequence[str], *, against: str
) -> tuple[list[Finding], list[dict[str, Any]]]:
    """The findings, and the shares of labels that they rest on.

    `corpora` are those with new rows, `against` says what they are compared with.
    """
    findings: list[Finding] = []
    shares: list[dict[str, Any]] = []
    for corpus in corpora:
        groups = [group for group in counted.groups if group.corpus == corpus]
        if not sum(int(group.before.sum()) for group in groups):
            findings.append(
                _not_judged(corpus, f"nothing to compare with: no such labels in {against}")
            )
            continue
        findings += _versions(config, counted, corpus)
        small = [group for group in groups if _rows(group) < config.min_rows]
        for group in groups:
            if group in small:
                continue
            found = compare(group.labels, group.kinds, group.before, group.now, level=config.level)
            where = _where(config, group)
            beside = f"{found.rows_before:,} rows of {against}, {found.rows_now:,} new"
            findings += [
                _finding(limit, found, where, f"{config.level:.0%}", beside)
                for limit in config.limits
            ]
            shares.append(_shares(where, found, against))
        if small:
            findings.append(_not_judged(corpus, _few(config, small)))
    return findings, shares


def _rows(group: Group) -> int:
    """Of the smaller side."""
    return min(int(group.before.sum()), int(group.now.sum()))


def _where(config: DriftConfig, group: Group) -> str:
    told = [f"{name} {value or 'unknown'}" for name, value in zip(config.by, group.by, strict=True)]
    return ", ".join([group.corpus, *told])


def _few(config: DriftConfig, small: Sequence[Group]) -> str:
    if not config.by:
        (group,) = small
        before, now = int(group.before.sum()), int(group.now.sum())
        return f"{before:,} labeled rows before, {now:,} now: under min_rows ({config.min_rows:,})"
    names = [", ".join(value or "unknown" for value in group.by) for group in small]
    shown = "; ".join(names[:6]) + ("; …" if len(names) > 6 else "")
    return (
        f"under min_rows ({config.min_rows:,}) labeled rows before or now, by {', '.join(config.by)}: "
        f"{shown}"
    )


def _finding(limit: DriftLimit, found: Drift, where: str, level: str, beside: str) -> Finding:
    distance = found.distances[limit.figure]
    over = distance.value > limit.max
    told = (
        f"{where}: {limit.figure} {distance.value:.3g}, limit {limit.max:g}, by chance up to "
        f"{distance.chance:.2g} ({level}); {_most(found.changes)} ({beside})"
    )
    if over and not distance.beyond_chance:
        told += "; over the limit, but so few rows may differ as much by chance: holds"
    return Finding(
        id=f"{limit.figure}_at_most_{limit.max:g}",
        type="drift",
        column=where,
        severity=limit.severity,
        success=not (over and distance.beyond_chance),
        observed=distance.value,
        unexpected_count=None,
        why=_WHY[limit.figure] + _THEN,
        told=told,
    )


def _most(changes: Iterable[Change]) -> str:
    return ", ".join(
        f"{change.label} {change.before:.1%} → {change.now:.1%}" for change in list(changes)[:_TOLD]
    )


def _versions(config: DriftConfig, counted: Counted, corpus: str) -> list[Finding]:
    before = counted.versions_before.get(corpus, set())
    fresh = counted.versions_now.get(corpus, set()) - before
    if config.new_version == "ignore":
        return []
    told = f"{corpus}: the same versions of task, taxonomy and labeler before and now"
    if fresh:
        told = (
            f"{corpus}: the new rows come from {_name(fresh)}, those before from {_name(before)}: "
            "drift mixes model and data"
        )
    return [
        Finding(
            id="same_versions",
            type="drift",
            column=corpus,
            severity="critical" if config.new_version == "block" else "warning",
            success=not fresh,
            observed=None,
            unexpected_count=None,
            why=_VERSION_WHY,
            told=told,
        )
    ]


def _name(versions: Iterable[Version]) -> str:
    return " and ".join(
        f"labeler {labeler}, taxonomy {taxonomy}, task {task}"
        for task, taxonomy, labeler in sorted(versions)
    )


def _not_judged(corpus: str, because: str) -> Finding:
    return Finding(
        id="enough_to_compare",
        type="drift",
        column=corpus,
        severity="warning",
        success=True,
        observed=None,
        unexpected_count=None,
        why="Drift is judged where there are enough rows on both sides; elsewhere it is only said that it was not.",
        told=f"{corpus}: not judged, {because}",
        judged=False,
    )


def _shares(where: str, found: Drift, against: str) -> dict[str, Any]:
    return {
        "group": where,
        "against": against,
        "rows_before": found.rows_before,
        "rows_now": found.rows_now,
        "distances": {
            name: {"value": each.value, "chance": each.chance}
            for name, each in found.distances.items()
        },
        "labels": [
            {
                "label": change.label,
                "before": change.before,
                "now": change.now,
                "low": change.low,
                "high": change.high,
            }
            for change in found.changes
        ],
    }
