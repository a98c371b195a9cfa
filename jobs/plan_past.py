"""What earlier runs on a lake tell of a label stage: rows done, speed, what a row cost."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from jobs.costs import add_cost
from pipelines.lake.journal import past_runs
from pipelines.lake.lake import Lake


@dataclass
class Past:
    """Of one label stage: `paid_rows` that `cost` was spent on; `rows_per_second` in the last run that made some of it.

    `cleaned`: kept rows of each clean shard of the last run; `done`: shards with labels; `asked_share`: of the rows,
    those that its cascade chose in the last run (None: there was none).
    """

    cost: dict[str, float] = field(default_factory=dict)
    paid_rows: int = 0
    rows_per_second: float | None = None
    cleaned: dict[str, int] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    asked_share: float | None = None

    @property
    def rows_left(self) -> int:
        """Rows that were cleaned and have no labels of this stage."""
        return sum(rows for shard, rows in self.cleaned.items() if shard not in self.done)


def past_of(lake: Lake, variant: str) -> Past:
    """What the journals tell of the label stage that fills labels/`variant`."""
    found = Past()
    for run in past_runs(lake):
        _add(found, lake, variant, run.events())
    return found


def _add(found: Past, lake: Lake, variant: str, events: Iterable[dict[str, Any]]) -> None:
    labels, selection = f"labels/{variant}/", f"selection/{variant}/"
    cleaned: dict[str, int] = {}
    chosen = {"in": 0, "kept": 0}
    fresh = 0
    for event in events:
        if event["event"] == "stage_end":
            if event["stage"] == "label" and fresh and event["seconds"]:
                found.rows_per_second = fresh / event["seconds"]
            fresh = 0
        if event["event"] != "done":
            continue
        name, counts = event["manifest"], event["counts"]
        if name.startswith("clean/"):
            cleaned[_shard(name, "clean/")] = counts.get("kept", 0)
        elif name.startswith(selection):
            for key in chosen:
                chosen[key] += counts.get(key, 0)
        elif name.startswith(labels):
            if lake.path(name).exists():
                found.done.add(_shard(name, labels))
            if not event["skipped"]:
                fresh += counts.get("in", 0)
                if event["cost"]:
                    found.paid_rows += counts.get("in", 0)
                    add_cost(found.cost, event["cost"])
    if cleaned:
        found.cleaned = cleaned
    if chosen["in"]:
        found.asked_share = chosen["kept"] / chosen["in"]


def _shard(manifest: str, folder: str) -> str:
    """Corpus, partition and shard of a manifest: its name without the fingerprint."""
    return manifest.removeprefix(folder).rpartition("-")[0]
