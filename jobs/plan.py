"""Plan: shards, rows, time and cost of a run, before anything is spent. Writes nothing to the lake."""

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from jobs.costs import short
from jobs.days import refuse_without_day
from jobs.plan_costs import label_plan
from jobs.sources import Broken, inputs, tasks
from jobs.status import run_status
from jobs.unserved import unserved
from pipelines.lake.journal import past_runs
from pipelines.lake.key import peek_key
from pipelines.lake.lake import Lake, check_key
from pipelines.lake.place import Place, place_in
from schemas.config.load import load_config
from schemas.config.run import LabelConfig
from transforms.ingest.keyed import KeyedHasher


def plan(
    config_path: Path,
    *,
    lake_path: Place | None = None,
    data: Path | None = None,
    days: Sequence[dt.date] | None = None,
) -> dict[str, Any]:
    """The plan of a run as plain JSON values.

    Sources are cut into their chunks (which counts their lines), not parsed. Times come from the speed of
    earlier runs on this lake; without one they are null. `done` rows will be skipped. `days`: as in jobs.run.run.
    """
    config = load_config(config_path)
    if days is not None:
        refuse_without_day(config)
    base = config_path.absolute().parent
    # Without a key there is no lake yet, and any key gives the same plan.
    hasher = KeyedHasher(peek_key() or b"no key yet")
    given = inputs(config, (data or base).absolute(), hasher, days)
    lake = Lake((lake_path or place_in(base, config.lake)).absolute())
    if (lake.root / "lake.json").exists():
        check_key(lake, hasher.key_id())
    broken: list[Broken] = []
    corpora: dict[str, dict[str, int]] = {}
    for task in tasks(
        lake, given, config, key_id=hasher.key_id(), run_id="plan", broken=broken, dry=True
    ):
        row = corpora.setdefault(
            task.corpus.name,
            {"shards": 0, "shards_done": 0, "units": 0, "units_done": 0, "bytes": 0},
        )
        finished = lake.path(task.manifest_name).exists()
        units = max(task.chunk.units, 0)
        row["shards"] += 1
        row["units"] += units
        row["bytes"] += task.chunk.length
        row["shards_done"] += finished
        row["units_done"] += units if finished else 0
    units = sum(row["units"] for row in corpora.values())
    fresh = units - sum(row["units_done"] for row in corpora.values())
    speeds = rows_per_second(lake)
    compared = [stage for stage in ("dedup", "windows") if getattr(config, stage) is not None]
    stages = ["ingest", "clean", *compared]
    size = sum(row["bytes"] for row in corpora.values()) / units if units else 0.0
    return {
        "lake": str(lake.root),
        "corpora": corpora,
        "broken_sources": [str(each.error) for each in broken],
        "stages": [
            {
                "stage": stage,
                "units": units,
                "units_to_do": fresh,
                "seconds": round(fresh / speeds[stage], 1) if speeds.get(stage) else None,
                "tokens": 0,
                "cost": 0.0,
                "told": "",
            }
            for stage in stages
        ]
        + [
            {"units": units}
            | (
                _of_unserved(each, fresh)
                if unserved(config, each, base)
                else label_plan(lake, each, base, fresh=fresh, unit_bytes=size)
            )
            for each in config.label
        ],
    }


def _of_unserved(stage: LabelConfig, fresh: int) -> dict[str, Any]:
    return {
        "stage": f"label {stage.task}/{stage.taxonomy}/{Path(stage.labeler).stem}",
        "units_to_do": fresh,
        "seconds": None,
        "tokens": 0,
        "cost": 0.0,
        "told": "tokens and cost are unknown until the task `serve` has written the labeler file",
    }


def rows_per_second(lake: Lake) -> dict[str, float]:
    """The speed of each stage in the last run on this lake that did some of it."""
    speeds: dict[str, float] = {}
    for run in past_runs(lake):
        for stage in run_status(run)["stages"]:
            if stage["rows_per_second"]:
                speeds[stage["stage"]] = stage["rows_per_second"]
    return speeds


def show_plan(found: dict[str, Any], *, as_json: bool) -> int:
    """Prints a plan."""
    if as_json:
        print(json.dumps(found))
        return 0
    console = Console(highlight=False)
    table = Table("corpus", "shards", "done", "rows", "to do", "MB", header_style="bold")
    for name, row in found["corpora"].items():
        table.add_row(
            name,
            f"{row['shards']:,}",
            f"{row['shards_done']:,}",
            f"{row['units']:,}",
            f"{row['units'] - row['units_done']:,}",
            f"{row['bytes'] / 1e6:,.1f}",
        )
    console.print(table)
    table = Table("stage", "rows to do", "time", "tokens", "cost", header_style="bold")
    for stage in found["stages"]:
        seconds = stage["seconds"]
        time = "unknown before the first run" if seconds is None else f"{seconds:,.0f} s"
        table.add_row(
            stage["stage"],
            f"{stage['units_to_do']:,}",
            time,
            short(stage["tokens"]),
            f"{stage['cost']:,.4g}",
        )
    console.print(table)
    for stage in found["stages"]:
        if stage["told"]:
            console.print(f"{stage['stage']}: {stage['told']}.", markup=False, soft_wrap=True)
    for problem in found["broken_sources"]:
        console.print(f"warning: {problem}", style="yellow", markup=False)
    return 0
