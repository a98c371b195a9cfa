"""An evaluation as tables, made from its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jobs.evaluation.table import ERRORS, HEAD, NAMES, Cell, Table, bounds_of
from jobs.evaluation.view_beside import agreements, differences, missing, off_wheel


def tables(content: Mapping[str, Any]) -> list[Table]:
    """All tables of an evaluation, in the order in which they are read."""
    parts = (each(content), off_wheel(content), missing(content), agreements(content))
    found = [overall(content), *(part for part in parts if part is not None)]
    if "against" in content:
        found.append(differences(content))
    found += [
        breakdown(content, name) for name, parts in content.get("breakdown", {}).items() if parts
    ]
    return found


def figures_of(content: Mapping[str, Any]) -> list[str]:
    """Names of the overall figures that an evaluation has."""
    return [
        name
        for name in NAMES
        if name in content and not isinstance(content[name], bool) and name not in ("asked",)
    ]


def overall(content: Mapping[str, Any]) -> Table:
    """The figures over all rows, with those of people beside where there are several annotators."""
    people = content.get("people", {})
    several = people.get("rows_of_several", 0)
    decided = people.get("decided_rows_of_several", 0)
    beside = []
    if several:
        beside = [("people", people["ceiling"])]
    if 0 < decided < max(content["n"], several):
        on_same = f"labeler, {decided:,} rows of several people"
        beside = [(on_same, people["labeler_on_same_rows"]), ("people on these", people["ceiling"])]
    table = Table("Figures", ["figure", "labeler, all rows", *(name for name, _ in beside)])
    for name in figures_of(content):
        row = [
            Cell(NAMES[name], numeric=False),
            table.cell(content[name], bounds_of(content, name)),
        ]
        row += [table.cell(place.get(name), bounds_of(place, name)) for _, place in beside]
        if name in ERRORS:
            row = [replace(cell, strip=None) for cell in row]
        table.rows.append(row)
    table.note = (
        f"In brackets: {content['interval_level']:.0%} intervals, bootstrap over {_drawn(content)}."
    )
    if beside:
        table.note += (
            " People: each annotator against the majority (or mean) of the others, by the same figures. Few others are "
            "a noisier gold than all together, so that a labeler may well score higher."
        )
    return table


def each(content: Mapping[str, Any]) -> Table | None:
    """The figures of each label or dimension; None where answers have neither."""
    of_labels = "per_label" in content
    section = content["per_label" if of_labels else "per_dimension"]
    if not section:
        return None
    first: Mapping[str, Any] = next(iter(section.values()))
    head = HEAD[content["answer"]]
    with_interval = "f1" if content["answer"] == "labels" else head[0]
    known = [name for name in NAMES if name in first]
    if content["answer"] == "spans":  # nine figures do not fit on a screen
        known = [*head, "support", "predicted"]
    names = [with_interval, *(name for name in known if name != with_interval)]
    ceiling = content["people"]["ceiling"].get("each") if "people" in content else None
    title = "label" if of_labels else "dimension"
    columns = [title, *(NAMES[name] for name in names)]
    if ceiling:
        columns.insert(2, "people")
    table = Table(f"By {title}", columns)
    for label, figures in section.items():
        row = [Cell(label, numeric=False)]
        row += [
            table.cell(figures[name], bounds_of(figures, name) if name == with_interval else None)
            for name in names
        ]
        if ceiling:
            row.insert(2, table.cell(ceiling.get(label, {}).get(with_interval)))
        table.rows.append(row)
    if ceiling:
        table.note = f"People: {NAMES[with_interval]} of annotators against the others."
    return table


def breakdown(content: Mapping[str, Any], name: str) -> Table:
    """Figures for parts of the rows."""
    head = [key for key in HEAD[content["answer"]] if key in content]
    if "accuracy" in content and content["answer"] == "labels":
        head[1:] = ["accuracy"]
    table = Table(f"By {name}", [name, "rows", "coverage", *(NAMES[key] for key in head)])
    for part in content["breakdown"][name]:
        row = [Cell(part["value"], numeric=False), table.cell(part["n"])]
        row.append(Cell(f"{part['coverage']:.1%}"))
        if "undefined" in part:
            row += [Cell("too few rows") for _ in head]
        else:
            cells = ((key, table.cell(part[key], bounds_of(part, key))) for key in head)
            row += [replace(c, strip=None) if key in ERRORS else c for key, c in cells]
        table.rows.append(row)
    few = [part["n"] for part in content["breakdown"][name] if "undefined" in part]
    if few:
        table.note = (
            f"{len(few):,} parts with {sum(few):,} rows are too small for figures of their own."
        )
    return table


def _drawn(content: Mapping[str, Any]) -> str:
    if content["groups"] is None:
        return f"rows, {content['resamples']:,} resamples"
    return f"{content['groups']:,} {content['drawn']}, {content['resamples']:,} resamples"
