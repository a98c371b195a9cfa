"""Drift of the distribution of labels, day by day."""

from __future__ import annotations

import datetime as dt
from functools import partial

import polars as pl

from jobs.report.build import about
from jobs.report.charts.lines import lines
from jobs.report.model import Absent, Item, Picture
from jobs.report.source import Focus, Source
from jobs.report.words import many, name, number, numbers
from schemas.mart import Mart

_MOST_POINTS = 120


def drift(source: Source, focus: Focus, mart: Mart | None) -> Item:
    """How far each day's labels are from those of the days before."""
    title = f"Drift: {name(focus.corpus)}"
    sql = (
        "SELECT partition, any_value(divergence) AS divergence, any_value(psi) AS psi, sum(n)::BIGINT AS n\n"
        f"FROM mart_label_drift WHERE {focus.where}\nGROUP BY partition ORDER BY partition"
    )
    found = source.frame(sql).filter(pl.col("divergence").is_not_null())
    if not found.height:
        return Absent(title, "No day has an earlier one to be compared with.", mart)
    shown = _thin(found)
    rows = [
        {"time": row["partition"], "name": "divergence", "hue": 0, "value": row["divergence"]}
        for row in shown.iter_rows(named=True)
        if _is_day(row["partition"])
    ]
    if not rows:
        return Absent(title, "The partitions are not days.", mart)
    top = found.sort("divergence", "partition", descending=[True, False]).row(0, named=True)
    thinned = (
        " Of longer spans each point is the largest of its days."
        if shown.height < found.height
        else ""
    )
    return Picture(
        title=title,
        chart=partial(lines, rows, unit="bits", height=200),
        reading=f"{top['partition']} differs most from the days before it: {number(top['divergence'], 3)} bits.",
        caption=f"Jensen-Shannon divergence of {many(found.height, 'day')} from up to 7 before: "
        f"0 the same, 1 nothing in common.{thinned} {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )


def _thin(found: pl.DataFrame) -> pl.DataFrame:
    every = -(-found.height // _MOST_POINTS)
    if every <= 1:
        return found
    groups = found.with_row_index("place").with_columns(pl.col("place") // every)
    return groups.sort("divergence", descending=True).group_by("place").first().sort("place")


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except (ValueError, TypeError):
        return False
    return True
