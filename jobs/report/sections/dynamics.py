"""How each speaker moves: how often its label changes, and how long a mood lasts."""

from __future__ import annotations

from functools import partial

from jobs.report.build import about
from jobs.report.charts.bars import bars
from jobs.report.charts.histogram import histogram
from jobs.report.charts.look import MOST_SERIES
from jobs.report.model import Absent, Item, Picture
from jobs.report.source import Focus, Source
from jobs.report.words import count, many, name, number, numbers, percent, role
from schemas.mart import Mart


def shifts(source: Source, focus: Focus, mart: Mart | None) -> Item:
    """How often the label of a speaker's turn is not that of its turn before, by role."""
    sql = (
        "SELECT role, count(*) AS speakers, sum(pairs)::BIGINT AS pairs, sum(shifts)::BIGINT AS shifts,\n"
        "  sum(shifts) / sum(pairs) AS shift_rate, avg(inertia) AS mean_inertia, avg(mssd) AS mean_mssd\n"
        f"FROM mart_speaker_dynamics WHERE {focus.where} AND pairs > 0 AND shifts IS NOT NULL\n"
        "GROUP BY role ORDER BY speakers DESC, role NULLS LAST"
    )
    found = source.frame(sql)
    title = f"How often speakers change: {name(focus.corpus)}"
    if not found.height:
        return Absent(title, "No speaker has two turns with a label in a conversation.", mart)
    shown = found.head(MOST_SERIES)
    rows = [
        {"name": role(r["role"]), "value": r["shift_rate"], "text": percent(r["shift_rate"])}
        for r in shown.iter_rows(named=True)
    ]
    top = found.sort("shift_rate", "role", descending=[True, False], nulls_last=True).row(
        0, named=True
    )
    speakers = int(found["speakers"].sum())
    who = (
        "Speakers change label"
        if found.height == 1
        else f"{role(top['role'])} changes label most often:"
    )
    return Picture(
        title=title,
        chart=partial(
            bars,
            rows,
            unit="share of turns with a new label",
            share=True,
        ),
        reading=f"{who} in {percent(top['shift_rate'])} of {count(top['pairs'])} pairs of turns.",
        caption=f"New: not the label of that speaker's turn before. n = {many(speakers, 'speaker')}. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )


def inertia(source: Source, focus: Focus, mart: Mart | None) -> Item:
    """How the inertia of speakers is distributed."""
    title = f"How long a mood lasts: {name(focus.corpus)}"
    sql = (
        "SELECT floor(least(inertia, 0.999) * 5) / 5 AS low, floor(least(inertia, 0.999) * 5) / 5 + 0.2 AS high,\n"
        "  count(*) AS n, min(inertia) AS least, max(inertia) AS most\n"
        f"FROM mart_speaker_dynamics WHERE {focus.where} AND inertia IS NOT NULL\nGROUP BY low, high ORDER BY low"
    )
    found = source.frame(sql)
    if not found.height:
        return Absent(title, "No speaker has five turns whose valence is known and varies.", mart)
    middle = source.frame(
        f"SELECT median(inertia) AS middle FROM mart_speaker_dynamics WHERE {focus.where}"
    ).row(0)[0]
    rows = [{"low": r["low"], "high": r["high"], "n": r["n"]} for r in found.iter_rows(named=True)]
    return Picture(
        title=title,
        chart=partial(
            histogram,
            rows,
            x_title="inertia (-1 swings, 0 none, 1 stays)",
            unit="speakers",
            limits=(-1, 1),
            middle=middle,
        ),
        reading=f"The median inertia is {number(middle)}: {_carried(middle)}.",
        caption=f"n = {many(int(found['n'].sum()), 'speaker')} with 4 and more pairs of turns; dashed: the median. "
        f"{about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )


def _carried(median: float) -> str:
    """What a median inertia says. Under .2 (4 % of the variance) it is not much."""
    if median > 0.2:
        return "for half of the speakers or more, mood is carried on to the next turn"
    if median >= -0.1:
        return "the mood of a turn says little about the speaker's next"
    return "for half of the speakers or more, mood swings back in the next turn"
