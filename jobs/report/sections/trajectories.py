"""How conversations go: mean trajectories, examples, change points, and how each speaker moves."""

from __future__ import annotations

from functools import partial

import polars as pl

from jobs.report.build import about, of_mart
from jobs.report.charts.bands import bands
from jobs.report.charts.histogram import histogram
from jobs.report.model import Absent, Item, Picture, Section
from jobs.report.sections.dynamics import inertia, shifts
from jobs.report.source import Focus, Source
from jobs.report.words import count, many, name, number, numbers, percent, role
from schemas.mart import Mart

_SHORT = "No conversation has 10 turns whose valence is known."
_UNIT = "valence (-1 negative, 1 positive)"


def trajectories_section(source: Source) -> Section:
    """Conversations from start to end."""
    intro = "Valence is what labels say of a turn, from -1 to 1. Conversations of 10 and more turns, cut into tenths."
    items = [
        *of_mart(source, "mean_trajectories", "Mean trajectory", _SHORT, _mean),
        *of_mart(source, "trajectories", "Examples", _SHORT, _examples),
        *of_mart(source, "conversation_change_points", "Turning points", _SHORT, _turning),
        *of_mart(
            source, "speaker_dynamics", "How often speakers change",
            "No speaker has two labeled turns in a conversation.", shifts,
        ),
        *of_mart(
            source, "speaker_dynamics", "How long a mood lasts",
            "No speaker has two labeled turns in a conversation.", inertia,
        ),
    ]  # fmt: skip
    return Section("conversations", "Conversations from start to end", intro, items)


def _mean(source: Source, focus: Focus, mart: Mart | None) -> Item:
    sql = (
        "SELECT role, bin, conversations, turns, valence, low, high FROM mart_mean_trajectories\n"
        f"WHERE {focus.where} AND valence IS NOT NULL AND role IS NOT NULL\n"
        "ORDER BY role = 'all' DESC, role, bin"
    )
    found = source.frame(sql)
    if not found.height:
        return Absent(f"Mean trajectory: {name(focus.corpus)}", _SHORT, mart)
    sums = found.group_by("role").agg(pl.col("turns").sum())
    order = sums.sort((pl.col("role") != "all"), "turns", "role", descending=[False, True, False])[
        "role"
    ].to_list()
    shown = order[:5]
    rows = [
        {"x": r["bin"], "value": r["valence"], "low": r["low"], "high": r["high"], "name": role(r["role"]),
         "hue": shown.index(r["role"])}
        for r in found.iter_rows(named=True) if r["role"] in shown
    ]  # fmt: skip
    main = found.filter(pl.col("role").eq_missing(order[0])).sort("bin")
    start, end = main.row(0, named=True), main.row(-1, named=True)
    conversations = int(main["conversations"].max() or 0)  # type: ignore[arg-type]
    return Picture(
        title=f"Mean trajectory: {name(focus.corpus)}",
        chart=partial(bands, rows, x_title="tenth of the conversation", unit=_UNIT),
        reading=f"The mean goes from {number(start['valence'])} in tenth {start['bin']} to {number(end['valence'])} in "
        f"tenth {end['bin']}.",
        caption=f"n = {many(conversations, 'conversation')}. Bands: 95 % intervals over conversations, "
        f"where there are enough. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )


def _examples(source: Source, focus: Focus, mart: Mart | None) -> Item:
    sql = (
        "WITH longest AS (SELECT conversation_id, sum(turns) AS turns FROM mart_trajectories\n"
        f"  WHERE {focus.where} GROUP BY conversation_id ORDER BY turns DESC, conversation_id LIMIT 4)\n"
        "SELECT conversation_id, bin, bins, turns, valence, smoothed, arousal\n"
        "FROM mart_trajectories SEMI JOIN longest USING (conversation_id)\n"
        f"WHERE {focus.where} AND smoothed IS NOT NULL ORDER BY conversation_id, bin"
    )
    found = source.frame(sql)
    if not found.height:
        return Absent(f"Examples: {name(focus.corpus)}", _SHORT, mart)
    ids = found["conversation_id"].unique().sort().to_list()
    # Ids may begin alike.
    named = {each: f"{place}: {name(each)[:8]}" for place, each in enumerate(ids, start=1)}
    rows = [
        {"x": r["bin"], "value": r["smoothed"], "name": named[r["conversation_id"]],
         "hue": ids.index(r["conversation_id"])}
        for r in found.iter_rows(named=True)
    ]  # fmt: skip
    ranges = found.group_by("conversation_id").agg(
        (pl.col("smoothed").max() - pl.col("smoothed").min()).alias("range")
    )
    top = ranges.sort("range", "conversation_id", descending=[True, False]).row(0)
    return Picture(
        title=f"Examples: {name(focus.corpus)}",
        chart=partial(bands, rows, x_title="tenth of the conversation", unit=_UNIT),
        reading=f"Of these, {named[top[0]]}… moves most, by {number(top[1])}.",
        caption=f"The {len(ids)} longest conversations, smoothed over three tenths. {about(focus)}"
        if len(ids) > 1
        else f"The only conversation, smoothed over three tenths. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )


def _turning(source: Source, focus: Focus, mart: Mart | None) -> Item:
    title = f"Turning points: {name(focus.corpus)}"
    sql = (
        "WITH changed AS (SELECT floor(change * 10) / 10 AS low FROM mart_conversation_change_points\n"
        f"  WHERE {focus.where} AND significant)\n"
        "SELECT low, low + 0.1 AS high, count(*) AS n FROM changed GROUP BY low ORDER BY low"
    )
    found = source.frame(sql)
    total = source.frame(
        f"SELECT count(*) AS n, count(*) FILTER (significant) AS changed, avg(change) FILTER (significant) AS mean "
        f"FROM mart_conversation_change_points WHERE {focus.where}"
    ).row(0, named=True)
    if not found.height:
        return Absent(
            title,
            f"None of {many(total['n'], 'conversation')} has a significant change.",
            mart,
        )
    rows = [{"low": r["low"], "high": r["high"], "n": r["n"]} for r in found.iter_rows(named=True)]
    most = max(0.5, *(max(-row["low"], row["high"]) for row in rows))
    return Picture(
        title=title,
        chart=partial(histogram, rows, x_title="change of mean valence at the turning point", unit="conversations",
                      limits=(-most, most), middle=0.0),
        reading=f"{count(total['changed'])} of {many(total['n'], 'conversation')} "
        f"({percent(total['changed'] / total['n'])}) have a turning point; there valence moves by "
        f"{number(total['mean'])} on average.",
        caption=f"Beyond what 5 % of conversations would reach if turns were independent, which they are not; the "
        f"dashed line is no change. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )  # fmt: skip
