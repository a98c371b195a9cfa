"""What a synthesis would ask, before anything is asked: shards, labels, requests, and from earlier runs their price."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from jobs.costs import add_cost, short, tokens
from jobs.synthesize_plan import PARTITION, label_counts, tasks
from jobs.synthesize_ready import Budget, Ready, checking_models, make_ready
from pipelines.lake.journal import past_runs
from pipelines.lake.key import peek_key
from pipelines.lake.lake import Lake, check_key
from pipelines.lake.mart_files import queryable_files
from pipelines.lake.place import Place, place_in
from pipelines.lake.snapshots import State, state
from schemas.config.synthesize import BudgetConfig
from schemas.datasets import DRAFTS
from transforms.ingest.keyed import KeyedHasher
from transforms.synthesize.asked import asked, texts


def estimate(path: Path, *, lake_path: Place | None = None) -> dict[str, Any]:
    """The plan of a synthesis as plain JSON values. Writes nothing and asks nobody.

    `requests`: by role `once`, if nothing is refined, and `most`, if all is, of the items that are not made yet. Tokens
    and price of a request are those of earlier runs of this synthesis on the lake; without one they are null.
    """
    ready = make_ready(path)
    lake = Lake((lake_path or place_in(ready.base, ready.config.lake)).absolute())
    # Without a key there is no lake yet, and any key gives the same plan.
    key_id = KeyedHasher(peek_key() or b"no key yet").key_id()
    parts: State = {}
    if (lake.root / "lake.json").exists():
        check_key(lake, key_id)
        parts = state(lake)[1]
    files = queryable_files(lake, parts)
    shards, done, items = 0, 0, 0
    for task in tasks(ready, lake, "plan", key_id, files, Budget(BudgetConfig())):
        finished = lake.path(task.manifest_name).exists()
        shards, done = shards + 1, done + finished
        items += 0 if finished else len(task.plans)
    once, most = _requests(ready)
    each, price = _measured(lake, ready.config.name)
    return {
        "name": ready.config.name,
        "recipe": ready.recipe.name,
        "items": ready.config.items,
        "items_to_do": items,
        "shards": shards,
        "shards_done": done,
        "labels": label_counts(ready, files),
        "requests": {
            role: {"once": items * once[role], "most": items * most[role]} for role in most
        },
        "tokens_per_request": each,
        "price": None
        if price is None
        else {"once": items * once.total() * price, "most": items * most.total() * price},
    }


def _requests(ready: Ready) -> tuple[Counter[str], Counter[str]]:
    """Of one item, by role; those of the checker only where it asks language models."""
    once: Counter[str] = Counter()
    most: Counter[str] = Counter()
    sizes = {name: len(table) for name, table in ready.tables.items()}
    for each in asked(ready.recipe, sizes):
        once[each.role] += each.once
        most[each.role] += each.most
    for model in checking_models(ready.checker):
        count = texts(ready.recipe) * model.samples * model.variant.shuffles
        once["checker"] += count
        most["checker"] += count
    return once, most


def _measured(lake: Lake, name: str) -> tuple[float | None, float | None]:
    """Tokens and price of a request in earlier runs of this synthesis."""
    cost: dict[str, float] = {}
    made = lake.relative(lake.folder(DRAFTS.name, name, PARTITION)) + "/"
    for run in past_runs(lake):
        for event in run.events():
            if event["event"] != "done" or event["skipped"]:
                continue
            if event["manifest"].startswith(made):
                add_cost(cost, event["cost"])
    sent = cost.get("requests")
    if not sent:
        return None, None
    return tokens(cost) / sent, cost.get("price", 0.0) / sent


def show_estimate(found: dict[str, Any], *, as_json: bool) -> int:
    """Prints it: a table for people, one JSON line for machines."""
    if as_json:
        print(json.dumps(found))
        return 0
    console = Console(highlight=False)
    table = Table("what", "number", header_style="bold", title_justify="left")
    table.title = f"{found['name']} by {found['recipe']}"
    table.columns[1].justify = "right"
    table.add_row("items to make", f"{found['items_to_do']:,} of {found['items']:,}")
    table.add_row("shards to make", f"{found['shards'] - found['shards_done']:,}")
    for label, count in found["labels"].items():
        table.add_row(f"items of {label}", f"{count:,}")
    for role, number in found["requests"].items():
        table.add_row(f"requests to {role}", _span(number, ",.0f"))
    console.print(table)
    each, price = found["tokens_per_request"], found["price"]
    if price is None:
        told = "Tokens and price are known after a first run: try it with few items."
    else:
        told = f"A request took {short(each)} tokens in earlier runs; at their price: {_span(price, ',.4g')}."
    console.print(told, soft_wrap=True)
    return 0


def _span(number: dict[str, float], form: str) -> str:
    once, most = (format(number[which], form) for which in ("once", "most"))
    return once if once == most else f"{once} to {most}"
