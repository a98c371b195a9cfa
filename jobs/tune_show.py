"""A tuning on the screen."""

from __future__ import annotations

import json
from dataclasses import asdict

from jobs.evaluation.table import NAMES
from jobs.tune import Report, Tuned
from transforms.evaluate.figures import Undefined

_Bounds = tuple[float, float] | None


def show_tuned(found: Tuned, *, as_json: bool) -> int:
    """Prints what was tried, what the winner is worth, and what was written; returns the exit code."""
    if as_json:
        print(json.dumps(to_json(found)))
        return 0
    from rich.console import Console
    from rich.table import Table

    console, name = Console(highlight=False), NAMES[found.figure]
    table = Table(box=None, show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("variant")
    for column in ("rows", name, "requests", "tokens"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in found.tried:
        table.add_row(
            one.name, f"{one.rows:,}", _told(one.figure, one.interval),
            f"{one.cost.requests:,}", f"{one.cost.tokens:,}",
        )  # fmt: skip
    console.print(table)
    console.print(
        f"{found.requests:,} requests of {found.budget:,}, {found.tokens:,} tokens. "
        "The rows above chose the winner, so that its figure there is too good."
    )
    if found.report is not None:
        for line in _reported(found.report, name, found.tried[0].name):
            console.print(line)
    for note in found.notes:
        console.print(note)
    console.print(f"Written: {', '.join(map(str, found.written))}", soft_wrap=True)
    return 0


def to_json(found: Tuned) -> dict[str, object]:
    """For machines."""
    content = asdict(found)
    content["written"] = [str(path) for path in found.written]
    report = found.report
    if report is not None:
        difference = report.difference
        content["report"]["difference"] = None if difference is None else difference.to_json()
    return content


def _reported(report: Report, name: str, winner: str) -> list[str]:
    lines = [
        f"On {report.rows:,} rows that were kept back: {winner} {name} {_told(report.winner, report.winner_interval)}"
    ]
    difference = report.difference
    if difference is None:
        return lines
    lines[0] += f", plain {_told(report.plain, report.plain_interval)}"
    if not isinstance(difference.difference, Undefined) and not isinstance(difference.p, Undefined):
        bounds = difference.interval
        told = "" if bounds is None else f" [{bounds[0]:+.3f}, {bounds[1]:+.3f}]"
        lines.append(f"Difference {difference.difference:+.3f}{told}, p {difference.p:.3f}.")
    return lines


def _told(value: float | None, bounds: _Bounds) -> str:
    if value is None:
        return "undefined"
    return f"{value:.3f}" if bounds is None else f"{value:.3f} [{bounds[0]:.3f}, {bounds[1]:.3f}]"
