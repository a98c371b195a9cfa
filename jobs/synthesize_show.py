"""Shows what a synthesis came to: a table for people, one JSON line for machines."""

import json
import sys
from typing import Any

from rich.table import Table

from jobs.costs import told_cost
from jobs.screen import Screen
from jobs.synthesize import Made


def show_made(made: Made, screen: Screen, *, as_json: bool) -> int:
    """Prints it; returns the exit code."""
    for shard, error in made.failures[:5]:
        print(f"affectmine: shard {shard}: {error}", file=sys.stderr)
    if len(made.failures) > 5:
        print(f"affectmine: and {len(made.failures) - 5} more shards.", file=sys.stderr)
    control = made.control
    if control is not None:
        for told in control.blocked:
            print(f"affectmine: blocked: {told}", file=sys.stderr)
    if as_json:
        print(json.dumps(as_dict(made)))
        return made.exit_code
    table = Table(title=f"{made.name} by {made.recipe}", title_justify="left", header_style="bold")
    table.add_column("what")
    table.add_column("rows", justify="right")
    table.add_row("items planned", f"{made.items:,}")
    table.add_row("rows generated", f"{made.rows:,}")
    reasons = made.reasons if control is None else control.reasons
    for reason, count in sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])):
        table.add_row(f"dropped: {reason.replace('_', ' ')}", f"{count:,}")
    if control is not None:
        table.add_row("kept", f"{control.kept:,}")
    screen.console.print(table)
    if control is not None:
        screen.say(control.summary())
    if cost := told_cost(made.cost, made.rows):
        screen.say(f"Cost: {cost}.")
    if made.snapshot:
        screen.say(
            f"Published as snapshot {made.snapshot}. Look at it: affectmine sql "
            f"\"SELECT part, target, text_clean FROM synthetic WHERE corpus = '{made.name}' AND outcome = 'kept'\""
        )
    return made.exit_code


def as_dict(made: Made) -> dict[str, Any]:
    """Counts, reasons, rates: no text."""
    return {
        "run_id": made.run_id,
        "exit_code": made.exit_code,
        "lake": made.lake,
        "name": made.name,
        "recipe": made.recipe,
        "items": made.items,
        "shards": made.shards,
        "shards_done_before": made.skipped,
        "rows": made.rows,
        "failures": [
            {"shard": shard, "error_class": type(error).__name__, "message": str(error)}
            for shard, error in made.failures
        ],
        "generation_reasons": dict(sorted(made.reasons.items())),
        "control": None if made.control is None else made.control.told(),
        "blocked": [] if made.control is None else list(made.control.blocked),
        "cost": made.cost,
        "snapshot": made.snapshot,
        "content": {made.name: made.content} if made.content else {},
        "seconds": round(made.seconds, 3),
    }
