"""Shows what an export came to."""

import json

from rich.console import Console
from rich.table import Table

from jobs.export import Exported


def show_exported(made: Exported, *, as_json: bool) -> None:
    """Prints it: a table for people, one JSON line for machines."""
    told = made.told
    if as_json:
        shown = {key: value for key, value in told.items() if key not in ("spec", "files")}
        print(
            json.dumps(
                {
                    "folder": str(made.folder),
                    "lake": made.lake,
                    "fresh": made.fresh,
                    "content": {told["name"]: made.content},
                    "seconds": round(made.seconds, 3),
                    **shown,
                }
            )
        )
        return
    console = Console(highlight=False)
    table = Table("what", "rows", header_style="bold")
    table.columns[1].justify = "right"
    for split, examples in told["examples"].items():
        table.add_row(f"{split}: examples", f"{examples:,}")
    for source, rows in told["rows_by_source"].items():
        table.add_row(f"from {source}", f"{rows:,}")
    for reason, rows in told["left_out"].items():
        table.add_row(f"left out: {reason.replace('_', ' ')}", f"{rows:,}")
    console.print(table)
    state = "Written" if made.fresh else "Nothing to do: the same is there already"
    console.print(f"{state}: {made.folder}", markup=False, soft_wrap=True)
    console.print(f'Load it: datasets.load_dataset("{made.folder}")', markup=False, soft_wrap=True)
