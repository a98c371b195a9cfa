"""Shows what a run came to: a table for people, one JSON line for machines."""

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from rich.table import Table

from jobs.cascade_told import told_cascade
from jobs.costs import per_million_rows, told_cost
from jobs.run import Outcome
from jobs.screen import Screen
from pipelines.gates.result import said
from pipelines.lake.place import Place
from schemas.errors import MissingExtraError

_OUTCOMES = (
    "used", "skipped", "quarantined", "kept", "dropped", "with_context", "without_context", "labeled", "rejected",
    "failed",
)  # fmt: skip


def show_outcome(outcome: Outcome, screen: Screen, *, as_json: bool) -> None:
    """Prints the outcome of a run."""
    if as_json:
        for told in [*_failures(outcome), *_blocked(outcome)]:
            print(f"affectmine: {told}", file=sys.stderr)
        print(json.dumps(as_dict(outcome)))
        return
    table = Table(title=f"Run {outcome.run_id}", title_justify="left", header_style="bold")
    table.add_column("stage")
    table.add_column("rows in", justify="right")
    table.add_column("what became of them")
    table.add_column("shards", justify="right")
    table.add_column("seconds", justify="right")
    for stage in outcome.totals:
        became = ", ".join(
            f"{stage.counts[name]:,} {name.replace('_', ' ')}"
            for name in _OUTCOMES
            if stage.counts.get(name)
        )
        records = stage.counts.get("records")
        if records is not None and records != stage.counts.get("used"):
            became += f"; {records:,} records made"
        shards = f"{stage.shards}"
        if stage.skipped:
            shards += f" ({stage.skipped} done before)"
        if stage.failed:
            shards += f" ({stage.failed} failed)"
        table.add_row(
            f"{stage.name} {stage.variant}".strip(),
            f"{stage.counts.get('in', 0):,}",
            became + _why(stage.reasons),
            shards,
            f"{stage.seconds:.1f}",
        )
    published = outcome.published
    for gate in published.gates if published else ():
        held = sum(finding.success and finding.judged for finding in gate.findings)
        told = f"{held} of {gate.judged} expectations hold"
        if gate.judged < len(gate.findings):
            told += f", {len(gate.findings) - gate.judged} not judged"
        warned = gate.failures("warning")
        if warned:
            told += "; warnings: " + ", ".join(finding.id for finding in warned)
        table.add_row(f"check {gate.title}", f"{gate.rows or 0:,}", told, "", f"{gate.seconds:.1f}")
    screen.console.print(table)
    for stage in outcome.totals:
        if cost := told_cost(stage.cost, stage.paid_rows):
            screen.say(f"Cost of {stage.name} {stage.variant}: {cost}.")
    for cascade in outcome.cascades:
        screen.say(told_cascade(cascade))
    if outcome.marts is not None:
        fresh, made = len(outcome.marts.fresh), len(outcome.marts.made)
        where = _shown(outcome.lake.root)
        screen.say(
            f"Marts: {fresh} built, {made - fresh} were there already. Which there are: "
            f"affectmine marts --lake {where}"
        )
        for error in outcome.marts.errors.values():
            if isinstance(error, MissingExtraError):  # no failure; those are told below
                screen.warn(str(error))
    for told in _failures(outcome):
        screen.warn(told)
    if published is None:
        return
    lake = _shown(outcome.lake.root)
    if published.gates:
        screen.say(f"Gates: {_shown(published.page)}")
    for told in _blocked(outcome):
        screen.warn(told)
    if published.number is None:
        return
    if published.number == 0:
        screen.warn("Nothing is published: no partition is complete.")
        return
    what = (
        f"published ({published.changed} partitions changed)"
        if published.changed
        else "already held all of it: nothing new to publish"
    )
    screen.say(f"Snapshot {published.number} of {lake} {what}, {outcome.seconds:.1f} s in all.")
    screen.say("Ask it:")
    screen.say(
        f'  affectmine sql --lake {lake} "SELECT taxonomy, label, count(*) AS n FROM (SELECT '
        'taxonomy, unnest(labels) AS label FROM labels) GROUP BY ALL ORDER BY ALL"'
    )
    screen.say(f"Look at it: affectmine report --lake {lake}")


def _failures(outcome: Outcome) -> list[str]:
    found = Counter(str(error) for _, _, error in outcome.failures)
    return [
        f"{'1 shard' if count == 1 else f'{count} shards'} failed: {message}"
        for message, count in found.items()
    ]


def _blocked(outcome: Outcome) -> list[str]:
    blocked = outcome.published.blocked if outcome.published is not None else None
    return [] if blocked is None else [str(blocked)]


def _shown(where: Place) -> str:
    """A place as a person would write it here."""
    return os.path.relpath(where) if isinstance(where, Path) else str(where)


def _why(reasons: dict[str, int]) -> str:
    if not reasons:
        return ""
    most = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = ", ".join(f"{reason} {count:,}" for reason, count in most[:6])
    return f" ({shown}{', …' if len(most) > 6 else ''})"


def as_dict(outcome: Outcome) -> dict[str, Any]:
    """The outcome as plain JSON values: counts and names only."""
    published = outcome.published
    return {
        "run_id": outcome.run_id,
        "lake": str(outcome.lake.root),
        "exit_code": outcome.exit_code,
        "snapshot": published.number if published else None,
        "partitions_changed": published.changed if published else 0,
        "content": dict(published.content) if published else {},
        "seconds": round(outcome.seconds, 3),
        "stages": [
            {
                "stage": stage.name,
                "variant": stage.variant,
                "shards": stage.shards,
                "done_before": stage.skipped,
                "failed": stage.failed,
                "seconds": round(stage.seconds, 3),
                "counts": stage.counts,
                "reasons": stage.reasons,
                "cost": stage.cost,
                "price_per_million_rows": per_million_rows(stage.cost, stage.paid_rows),
            }
            for stage in outcome.totals
        ],
        "marts": None
        if outcome.marts is None
        else {
            "built": len(outcome.marts.fresh),
            "there_already": len(outcome.marts.made) - len(outcome.marts.fresh),
            "missing": sorted(outcome.marts.errors),
        },
        "cascades": [cascade.to_json() for cascade in outcome.cascades],
        "gates": [
            {
                "gate": gate.title,
                "kind": gate.kind,
                "dataset": gate.dataset,
                "passed": gate.passed,
                "blocked": gate.blocked,
                "rows": gate.rows,
                "seconds": round(gate.seconds, 3),
                "failures": [
                    {"id": finding.id, "severity": finding.severity, "told": said(finding)}
                    for finding in gate.findings
                    if not finding.success
                ],
            }
            for gate in (published.gates if published else ())
        ],
        "failures": [
            {"stage": stage, "shard": shard, "error": type(error).__name__}
            for stage, shard, error in outcome.failures
        ],
    }
