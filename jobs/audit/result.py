"""What an audit found: figures with intervals, tables of them, and how to read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from transforms.audit.measured import Draw, Measured
from transforms.evaluate.figures import Undefined

Cell = Measured | int | str
Rows = Mapping[str, Mapping[str, Cell]]


@dataclass(frozen=True)
class Reading:
    """How to read an audit: what it asks, what large and small values mean, and what it cannot show."""

    asks: str
    large: str
    small: str
    cannot: str

    def to_json(self) -> dict[str, str]:
        """All fields."""
        return {"asks": self.asks, "large": self.large, "small": self.small, "cannot": self.cannot}


@dataclass(frozen=True)
class AuditResult:
    """`figures` by name; `tables`: title, row, column; `details`: tables that only JSON has; `notes`: what was left
    out, and warnings.
    """

    audit: str
    about: dict[str, Any]
    figures: Mapping[str, Measured]
    reading: Reading
    draw: Draw
    tables: Mapping[str, Rows] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    details: Mapping[str, Rows] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values; a figure that does not exist is `{"undefined": reason}`."""
        return {
            "audit": self.audit,
            **self.about,
            "interval_level": self.draw.level,
            "resamples": self.draw.resamples,
            "seed": self.draw.seed,
            "figures": {name: figure.to_json() for name, figure in self.figures.items()},
            **{
                title: {
                    row: {name: _plain(cell) for name, cell in cells.items()}
                    for row, cells in rows.items()
                }
                for title, rows in {**self.tables, **self.details}.items()
            },
            "notes": list(self.notes),
            "reading": self.reading.to_json(),
        }


def show(found: AuditResult, *, as_json: bool) -> int:
    """Prints an audit; returns the exit code."""
    if as_json:
        print(json.dumps(found.to_json()))
        return 0
    console = Console(highlight=False)
    about = ", ".join(f"{name} {_told(value)}" for name, value in found.about.items())
    _say(console, f"{found.audit}: {about}")
    if found.figures:
        console.print(_figures(found.figures))
    for title, rows in found.tables.items():
        if rows:
            console.print(_table(title, rows))
    reasons = {
        figure.value.because: name
        for name, figure in reversed(list(found.figures.items()))
        if isinstance(figure.value, Undefined)
    }
    for because, name in reversed(list(reasons.items())):
        _say(console, f"{name} is undefined, because {because}.")
    for note in found.notes:
        _say(console, f"note: {note}")
    level = f"{found.draw.level:.0%} percentile bootstrap, {found.draw.resamples:,} resamples"
    _say(console, f"(low, high): {level}")
    for name, text in found.reading.to_json().items():
        _say(console, f"{name}: {text}")
    return 0


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)


def _figures(figures: Mapping[str, Measured]) -> Table:
    tested = any(figure.p is not None for figure in figures.values())
    table = Table("figure", "value", "interval", *(["p"] if tested else []), header_style="bold")
    for name, figure in figures.items():
        spread = "" if figure.interval is None else _interval(figure.interval)
        p = "" if figure.p is None else _number(figure.p)
        table.add_row(name, _number(figure.value), spread, *([p] if tested else []))
    return table


def _table(title: str, rows: Rows) -> Table:
    columns = list(dict.fromkeys(name for cells in rows.values() for name in cells))
    table = Table(title=title.replace("_", " "), title_justify="left", header_style="bold")
    for column in ("", *columns):
        table.add_column(column.replace("_", " "), overflow="fold")
    for name, cells in rows.items():
        told = (_cell(cells[column]) if column in cells else "" for column in columns)
        table.add_row(Text(name), *map(Text, told))
    return table


def _cell(cell: Cell) -> str:
    if isinstance(cell, int | str):
        return f"{cell:,}" if isinstance(cell, int) else cell
    spread = (
        ""
        if cell.interval is None
        else f"\n({_short(cell.interval[0])} {_short(cell.interval[1])})"
    )
    p = "" if cell.p is None else f"\np {_number(cell.p)}"
    return f"{_number(cell.value)}{spread}{p}"


def _short(value: float) -> str:
    """Two decimals without the zero before the point: tables are wide."""
    return f"{value:.2f}".replace("0.", ".", 1)


def _interval(interval: tuple[float, float]) -> str:
    # A parenthesis: rich takes a bracket for markup.
    return f"({interval[0]:.3f}, {interval[1]:.3f})"


def _number(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float | int) else "undefined"


def _told(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _plain(cell: Cell) -> Any:
    return cell.to_json() if isinstance(cell, Measured) else cell
