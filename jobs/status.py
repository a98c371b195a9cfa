"""Status: what is published, and how the last run stands."""

import datetime as dt
import json
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from jobs.cascade_files import published
from jobs.cascade_told import told_cascade
from jobs.check_memory import results_of
from jobs.costs import add_cost, per_million_rows, told_cost
from pipelines.lake.answer_files import answer_sizes
from pipelines.lake.journal import PastRun, past_runs
from pipelines.lake.lake import Lake, open_lake
from pipelines.lake.place import Place
from pipelines.lake.snapshots import read_snapshot, state


def show_status(lake_path: Place, *, as_json: bool) -> None:
    """Prints the status of a lake."""
    lake = open_lake(lake_path)
    cascades = published(lake, state(lake)[1])
    found = status(lake) | {"cascades": [cascade.to_json() for cascade in cascades]}
    if as_json:
        print(json.dumps(found))
        return
    console = Console(highlight=False)
    if found["snapshot"]:
        console.print(
            f"Snapshot {found['snapshot']}, published {found['published_at']}", markup=False
        )
        table = Table("dataset", "corpus", "partitions", "files", "rows", header_style="bold")
        for row in found["datasets"]:
            name = f"{row['dataset']} {row['variant']}".strip()
            numbers = (f"{row[key]:,}" for key in ("partitions", "files", "rows"))
            table.add_row(name, row["corpus"], *numbers)
        console.print(table)
    else:
        console.print("Nothing is published yet.")
    _show_answers(console, found["answers"])
    for cascade in cascades:
        console.print(told_cascade(cascade), markup=False, soft_wrap=True)
    run = found["last_run"]
    if run is None:
        return
    console.print(f"Last run {run['run_id']} ({run['command']}): {run['state']}", markup=False)
    table = Table(
        "stage", "done", "failed", "pending", "rows", "rows/s", "left", "cost", header_style="bold"
    )
    for row in run["stages"]:
        left = f"{row['seconds_left']:.0f} s" if row["seconds_left"] is not None else "?"
        pending = "?" if row["pending"] is None else str(row["pending"])
        speed = f"{row['rows_per_second']:,.0f}" if row["rows_per_second"] else ""
        table.add_row(
            row["stage"],
            str(row["done"]),
            str(row["failed"]),
            pending,
            f"{row['rows']:,}",
            speed,
            left if pending != "0" else "",
            told_cost(row["cost"], row["paid_rows"]),
        )
    console.print(table)
    for gate in run["gates"]:
        if not gate["passed"]:
            told = "blocked publication" if gate["blocked"] else "warned"
            console.print(f"Gate {gate['gate']} {told}: see gates.html of the run.", markup=False)
    for error in run["errors"]:
        console.print(f"{error['stage']} {error['shard']}: {error['message']}", markup=False)


def _show_answers(console: Console, answers: dict[str, int]) -> None:
    """One line, where a language model has answered something."""
    if answers["segments"] == 0:
        return
    console.print(
        f"Cached answers of language models: {answers['answers']:,}, {answers['bytes'] / 1e6:,.1f} MB"
        + (f"; {answers['damaged']} segments cannot be read" if answers["damaged"] else "")
    )


def status(lake: Lake) -> dict[str, Any]:
    """The status of a lake as plain JSON values."""
    number, parts = state(lake)
    groups: dict[tuple[str, str, str], dict[str, Any]] = {}
    for part in parts.values():
        key = (part.dataset, part.variant, part.corpus)
        row = groups.setdefault(
            key,
            {
                "dataset": part.dataset,
                "variant": part.variant,
                "corpus": part.corpus,
                "partitions": 0,
                "files": 0,
                "rows": 0,
            },
        )
        row["partitions"] += 1
        row["files"] += len(part.stored)
        row["rows"] += part.rows
    runs = past_runs(lake)
    return {
        "snapshot": number,
        "published_at": read_snapshot(lake, number).created_at if number else None,
        "datasets": [groups[key] for key in sorted(groups)],
        "answers": asdict(answer_sizes(lake)),
        "last_run": run_status(runs[-1]) if runs else None,
    }


def run_status(run: PastRun) -> dict[str, Any]:
    """How a run stands, from its journal."""
    stages: dict[str, dict[str, Any]] = {}
    errors: list[dict[str, str]] = []
    command, ended = "", None
    for event in run.events():
        kind = event["event"]
        if kind == "start":
            command = event["command"]
        elif kind == "end":
            ended = event["exit_code"]
        elif kind == "planned":
            old = stages.get(event["stage"])
            total = event["shards"]
            if old is not None and old["total"] is not None and total is not None:
                old["total"] += total
                continue
            stages[event["stage"]] = _stage(event["stage"], total, event["at"])
        elif kind == "done":
            row = stages[event["stage"]]
            row["done"] += 1
            row["rows"] += event["counts"].get("in", 0)
            if not event["skipped"]:
                row["fresh"] += event["counts"].get("in", 0)
                if event["cost"]:  # of what was done before, an earlier run tells
                    row["paid_rows"] += event["counts"].get("in", 0)
                    add_cost(row["cost"], event["cost"])
            row["last"] = event["at"]
        elif kind == "failed":
            stages[event["stage"]]["failed"] += 1
            errors.append({key: event[key] for key in ("stage", "shard", "error_class", "message")})
        elif kind == "stage_end":
            stages[event["stage"]]["over"] = True
    if ended is not None:
        condition = "done" if ended == 0 else f"ended with exit code {ended}"
    else:
        condition = "running" if run.alive else "killed; run the same command again to go on"
    return {
        "run_id": run.run_id,
        "command": command,
        "state": condition,
        "exit_code": ended,
        "stages": [_rates(row) for row in stages.values()],
        "gates": [
            {"gate": gate.title, "passed": gate.passed, "blocked": gate.blocked}
            for gate in results_of(run.folder)
        ],
        "errors": errors,
    }


def _stage(name: str, total: int | None, at: str) -> dict[str, Any]:
    return {
        "stage": name,
        "total": total,
        "done": 0,
        "failed": 0,
        "rows": 0,
        "fresh": 0,
        "cost": {},
        "paid_rows": 0,
        "since": at,
        "last": at,
        "over": False,
    }


def _rates(row: dict[str, Any]) -> dict[str, Any]:
    spent = (
        dt.datetime.fromisoformat(row["last"]) - dt.datetime.fromisoformat(row["since"])
    ).total_seconds()
    finished = row["done"] + row["failed"]
    pending = 0 if row["over"] else None if row["total"] is None else row["total"] - finished
    left = spent / finished * pending if pending is not None and finished else None
    return {
        "stage": row["stage"],
        "done": row["done"],
        "failed": row["failed"],
        "pending": pending,
        "rows": row["rows"],
        "rows_per_second": round(row["fresh"] / spent, 1) if spent > 0 and row["fresh"] else None,
        "seconds_left": left,
        "cost": row["cost"],
        "paid_rows": row["paid_rows"],
        "price_per_million_rows": per_million_rows(row["cost"], row["paid_rows"]),
    }
