"""Labels over time: shares by day, week or month, changes, and drift of the whole distribution."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import polars as pl

from jobs.report.build import about, of_mart
from jobs.report.charts.bars import bars
from jobs.report.charts.lines import lines
from jobs.report.charts.look import MOST_SERIES
from jobs.report.model import Absent, Item, Picture, Section
from jobs.report.sections.drift import drift
from jobs.report.source import Focus, Source
from jobs.report.words import cell, count, many, name, numbers, percent
from schemas.mart import Mart

_MOST_POINTS = 120


def time_section(source: Source) -> Section:
    """Everything that has a date."""
    intro = "Times are UTC days of the records. Records without a time are left out here."
    items = [
        *of_mart(source, "label_counts", "Labels over time", source.uncounted, _over_time),
        *of_mart(
            source, "change_points", "Lasting changes",
            "No label's share changed lastingly (or there are too few days to tell).", _changes,
        ),
        *of_mart(
            source, "label_drift", "Drift",
            "No day has an earlier one to be compared with.", drift,
        ),
    ]  # fmt: skip
    return Section("time", "Over time", intro, items)


def step_of(first: dt.date, last: dt.date) -> str:
    """`day`, `week` or `month`: so that there are at most about 120 points."""
    days = (last - first).days + 1
    return "day" if days <= _MOST_POINTS else "week" if days <= 7 * _MOST_POINTS else "month"


def _over_time(source: Source, focus: Focus, mart: Mart | None) -> Item:
    title = f"Labels over time: {name(focus.corpus)}"
    where = focus.where
    span = source.frame(
        f"SELECT min(day) AS first, max(day) AS last FROM mart_label_counts WHERE {where}"
    )
    first, last = span.row(0)
    if first is None:
        return Absent(title, "No record of this corpus has a time.", mart)
    step = step_of(first, last)
    sql = (
        f"WITH counts AS (SELECT *, date_trunc('{step}', day)::DATE AS period FROM mart_label_counts\n"
        f"  WHERE day IS NOT NULL AND {where}),\n"
        "totals AS (SELECT period, sum(rows) AS rows FROM\n"
        "  (SELECT DISTINCT domain, period, day, role, rows FROM counts) GROUP BY period)\n"
        "SELECT period, label, sum(n)::BIGINT AS n, any_value(totals.rows)::BIGINT AS rows,\n"
        "  sum(n) / any_value(totals.rows) AS share\n"
        "FROM counts JOIN totals USING (period) GROUP BY period, label ORDER BY period, n DESC, label NULLS LAST"
    )
    found = source.frame(sql)
    rows, labels = _series(found)
    total = int(found.unique("period")["rows"].sum())
    marks = _marks(source, focus)
    there = found["label"].n_unique()
    left = f"; the {len(labels)} most frequent of {there} labels" if there > len(labels) else ""
    return Picture(
        title=title,
        chart=partial(lines, rows, unit=f"share of rows of the {step}", share=True, marks=marks),
        reading=_largest_move(found, labels),
        caption=f"n = {count(total)} labeled rows, by {step}{left}. {about(focus)}"
        + (" Dotted upright lines: lasting changes (below)." if marks else ""),
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )


def _series(found: pl.DataFrame) -> tuple[list[dict[str, Any]], list[str | None]]:
    """The seven most frequent labels, each in all periods; a label that was not given has share 0."""
    sums = (
        found.group_by("label")
        .agg(pl.col("n").sum())
        .sort("n", "label", descending=[True, False], nulls_last=True)
    )
    labels = sums["label"].head(MOST_SERIES).to_list()
    shares = {(row["period"], row["label"]): row["share"] for row in found.iter_rows(named=True)}
    periods = found["period"].unique().sort().to_list()
    rows = [
        {
            "time": period.isoformat(),
            "name": name(label),
            "hue": hue,
            "value": shares.get((period, label), 0.0),
        }
        for hue, label in enumerate(labels)
        for period in periods
    ]
    return rows, labels


def _largest_move(found: pl.DataFrame, labels: list[str | None]) -> str:
    periods = found["period"].unique().sort().to_list()
    if len(periods) < 2:
        top = found.row(0, named=True)
        return f"All rows are of {cell(periods[0])}; most frequent is {name(top['label'])}, {percent(top['share'])}."
    shares = {(row["period"], row["label"]): row["share"] for row in found.iter_rows(named=True)}
    ends = [(label, *(shares.get((periods[i], label), 0.0) for i in (0, -1))) for label in labels]
    label, before, after = max(ends, key=lambda each: abs(each[2] - each[1]))
    return (
        f"From first to last, {name(label)} moved most: from {percent(before)} ({cell(periods[0])}) "
        f"to {percent(after)} ({cell(periods[-1])})."
    )


def _marks(source: Source, focus: Focus) -> list[dict[str, Any]]:
    if "mart_change_points" not in source.views:
        return []
    found = source.frame(
        f"SELECT DISTINCT period FROM mart_change_points WHERE {focus.where} ORDER BY period LIMIT 20"
    )
    return [
        {"time": period.isoformat()} for period in found["period"].to_list() if period is not None
    ]


def _changes(source: Source, focus: Focus, mart: Mart | None) -> Item:
    sql = (
        "SELECT label, period, days, before, after, change FROM mart_change_points\n"
        f"WHERE {focus.where} ORDER BY abs(change) DESC, label, period LIMIT 200"
    )
    found = source.frame(sql)
    rows = [
        {"name": f"{name(row['label'])}, {cell(row['period'])}", "value": row["change"],
         "text": f"{row['change'] * 100:+.1f}"}
        for row in found.head(12).iter_rows(named=True)
    ]  # fmt: skip
    top = found.row(0, named=True)
    return Picture(
        title=f"Lasting changes: {name(focus.corpus)}",
        chart=partial(bars, rows, unit="change of the mean daily share", share=True),
        reading=f"The largest: from {cell(top['period'])} on, {name(top['label'])} went from "
        f"{percent(top['before'])} to {percent(top['after'])} of the rows of a day.",
        caption=f"{many(found.height, 'change')} found; the largest {len(rows)} are drawn. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )
