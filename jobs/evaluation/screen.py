"""An evaluation on the screen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from jobs.evaluation.summary import summary
from jobs.evaluation.table import Table
from jobs.evaluation.view import tables

# Control and direction characters: names in a file must not steer the terminal they are shown on.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_WIDEST: Final = 40  # of a name


def print_evaluation(content: Mapping[str, Any], console: Console | None = None) -> None:
    """Prints all tables of an evaluation (its JSON)."""
    console = console or Console(highlight=False)
    for line in summary(content):
        console.print(Text(visible(line)))
    for table in tables(content):
        console.print()
        console.print(Text(visible(table.title), style="bold"))
        if table.rows:
            console.print(_rich(table))
        for note in table.notes:
            console.print(Padding(Text(visible(note), style="dim"), (0, 0, 0, 1)))


def visible(text: str) -> str:
    """The text without what could steer a terminal."""
    return _CONTROL.sub("\ufffd", text)


def _rich(table: Table) -> RichTable:
    shown = RichTable(show_edge=False, header_style="bold", pad_edge=False, box=None)
    for place, name in enumerate(table.columns):
        # Headings wrap, numbers do not.
        widest = max(len(row[place].text) for row in table.rows)
        words = max(len(word) for word in [*name.split(), ""])
        width = max(widest, min(words, _WIDEST))
        shown.add_column(
            Text(visible(name)),
            justify="left" if place == 0 else "right",
            overflow="fold",
            min_width=min(width, _WIDEST) if place == 0 else width,
            max_width=min(width, _WIDEST) if place == 0 else max(width, len(name) // 2 + 1),
        )
    for row in table.rows:
        shown.add_row(*(Text(visible(cell.text)) for cell in row))
    return shown
