"""Marts on the screen: what was built, which there are, what one of them holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from pipelines.lake.lake import open_lake
from pipelines.lake.mart_files import mart_files
from pipelines.lake.place import Place
from pipelines.lake.snapshots import state
from schemas.manifest import Manifest
from schemas.mart import load_mart, mart_names

if TYPE_CHECKING:
    from jobs.marts import Built


def show_built(built: Built, lake: Place, *, as_json: bool) -> None:
    """Prints what was built in a lake: rows and seconds of each mart."""
    if as_json:
        marts = {
            name: {
                "rows": each.counts["rows"],
                "seconds": each.seconds,
                "built_now": name in built.fresh,
            }
            for name, each in built.made.items()
        }
        errors = {name: str(error) for name, error in built.errors.items()}
        print(json.dumps({"snapshot": built.snapshot, "marts": marts, "errors": errors}))
        return
    console = Console(highlight=False)
    table = Table("view", "rows", "seconds", "what it holds", header_style="bold")
    for name, each in built.made.items():
        seconds = f"{each.seconds:.1f}" if name in built.fresh else "built before"
        mart = load_mart(name)
        table.add_row(mart.view, f"{each.counts['rows']:,}", seconds, mart.title)
    console.print(table)
    for name, error in built.errors.items():
        console.print(f"{name}: {error}", markup=False)
    some = next((name for name in built.made if built.made[name].counts["rows"]), None)
    if some is not None:
        console.print(
            f"Snapshot {built.snapshot}. Ask them: affectmine sql --lake {lake} "
            f'"SELECT * FROM mart_{some} LIMIT 20"; what they mean: affectmine marts show {some}',
            markup=False,
        )


def list_marts(lake_path: Place | None, *, as_json: bool) -> None:
    """Prints all marts; of a lake also how many rows those of the newest snapshot have."""
    found: dict[str, Manifest] = {}
    if lake_path is not None:
        lake = open_lake(lake_path)
        found = mart_files(lake, state(lake)[1])
    marts = [load_mart(name) for name in mart_names()]
    if as_json:
        rows = {name: manifest.counts["rows"] for name, manifest in found.items()}
        told = [
            {
                "name": each.name,
                "kind": each.kind,
                "view": each.view,
                "title": each.title,
                "rows": rows.get(each.name),
            }
            for each in marts
        ]
        print(json.dumps(told))
        return
    table = Table("mart", "kind", "what it holds", header_style="bold")
    if lake_path is not None:
        table.add_column("rows", justify="right")
    for each in marts:
        row = [each.name, each.kind, each.title]
        if lake_path is not None:
            manifest = found.get(each.name)
            row.append("not built" if manifest is None else f"{manifest.counts['rows']:,}")
        table.add_row(*row)
    Console(highlight=False).print(table)


def show_mart(name: str, *, as_json: bool) -> None:
    """Prints one mart: what it holds, its formula and source, its columns and its SQL."""
    from pipelines.stages.database import query

    mart = load_mart(name)
    sql = query(f"marts/{mart.name}")
    if as_json:
        print(json.dumps(mart.model_dump(mode="json") | {"view": mart.view, "sql": sql}))
        return
    console = Console(highlight=False)

    console.print(f"{mart.view}: {mart.title}", style="bold", markup=False)
    console.print(mart.description, markup=False)
    console.print(f"Formula: {mart.formula}", markup=False)
    if mart.note:
        console.print(f"Note: {mart.note}", markup=False)
    console.print(f"Source: {mart.source}", markup=False)
    table = Table("column", "type", "what it is", header_style="bold")
    for column in mart.columns:
        table.add_row(column.name, column.type, column.description)
    console.print(table)
    console.print(sql, markup=False, soft_wrap=True)
