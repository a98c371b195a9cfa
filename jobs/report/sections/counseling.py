"""Support: which strategies when, repeated tactics, and where voice and words part."""

from __future__ import annotations

from functools import partial

import polars as pl

from jobs.report.build import about, of_mart
from jobs.report.charts.bars import bars
from jobs.report.charts.heat import heat
from jobs.report.charts.histogram import histogram
from jobs.report.model import Absent, Item, Picture, Section
from jobs.report.source import Focus, Source
from jobs.report.words import count, many, name, number, numbers, percent
from schemas.mart import Mart


def counseling_section(source: Source) -> Section:
    """Strategies, tactics, cues."""
    intro = "For counseling and other supportive talk: the tasks support_strategy and text_cue_inconsistency."
    no_strategy = "No record has a support strategy."
    items = [
        *of_mart(source, "strategy_preference", "Strategies by phase", no_strategy, _strategies),
        *of_mart(source, "strategy_preference", "Preference for strategies", no_strategy, _bias),
        *of_mart(
            source, "tactic_repetition", "Repeated tactics", "No speaker has two turns in a conversation.", _tactics
        ),
        *of_mart(source, "text_cue_inconsistency", "Where words and cues part",
                 "No record has the task text_cue_inconsistency (it needs cues such as voice or face).", _cues),
    ]  # fmt: skip
    return Section("support", "Support and cues", intro, items)


def _strategies(source: Source, focus: Focus, mart: Mart | None) -> Item:
    title = f"Strategies by phase: {name(focus.corpus)}"
    sql = (
        "SELECT phase, strategy, sum(n)::BIGINT AS n, sum(n) / sum(sum(n)) OVER (PARTITION BY phase) AS share\n"
        f"FROM mart_strategy_preference WHERE {focus.where} AND phase > 0\n"
        "GROUP BY phase, strategy ORDER BY phase, n DESC, strategy"
    )
    found = source.frame(sql)
    if not found.height:
        return Absent(
            title, "No conversation has a support strategy and a known order of turns.", mart
        )
    sizes = (
        found.group_by("strategy")
        .agg(pl.col("n").sum())
        .sort("n", "strategy", descending=[True, False])
    )
    names = sizes["strategy"].head(12).to_list()
    place = {strategy: number for number, strategy in enumerate(names)}
    rows = [
        {"x": str(r["phase"]), "y": name(r["strategy"]), "x_order": r["phase"], "y_order": place[r["strategy"]],
         "value": r["share"], "text": f"{r['share'] * 100:.0f}"}
        for r in found.iter_rows(named=True) if r["strategy"] in place
    ]  # fmt: skip
    first = found.filter(pl.col("phase") == found["phase"].min()).row(0, named=True)
    last = found.filter(pl.col("phase") == found["phase"].max()).row(0, named=True)
    return Picture(
        title=title,
        chart=partial(heat, rows, x_title="fifth of the conversation", y_title="strategy", unit="share of the fifth, %",
                      share=True),
        reading=f"At the start {name(first['strategy'])} leads ({percent(first['share'])}), at the end "
        f"{name(last['strategy'])} ({percent(last['share'])}).",
        caption=f"n = {many(int(found['n'].sum()), 'strategy', 'strategies')} used, all roles together. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )  # fmt: skip


def _bias(source: Source, focus: Focus, mart: Mart | None) -> Item:
    title = f"Preference for strategies: {name(focus.corpus)}"
    sql = (
        "SELECT role, strategy, n, total, share, reference_share, preference, bias FROM mart_strategy_preference\n"
        f"WHERE {focus.where} AND phase = 0 AND preference IS NOT NULL\n"
        "ORDER BY preference DESC, role, strategy LIMIT 200"
    )
    found = source.frame(sql)
    if not found.height:
        return Absent(title, "No people's ratings of the same records to compare with.", mart)
    rows = [
        {
            "name": f"{name(r['role'])}: {name(r['strategy'])}",
            "value": r["preference"],
            "text": number(r["preference"]),
        }
        for r in found.head(14).iter_rows(named=True)
    ]
    top = found.row(0, named=True)
    return Picture(
        title=title,
        chart=partial(bars, rows, unit="preference (Bradley-Terry; equal for all: no bias)"),
        reading=f"{name(top['strategy'])} is preferred most: {percent(top['share'])} of the answers, people "
        f"{percent(top['reference_share'])}; bias {number(top['bias'])}.",
        caption=f"n = {count(top['total'])} answers beside ratings of people. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )


def _tactics(source: Source, focus: Focus, mart: Mart | None) -> Item:
    title = f"Repeated tactics: {name(focus.corpus)}"
    sql = (
        "SELECT floor(least(label_repetition, 0.999) * 10) / 10 AS low, count(*) AS n, any_value(source) AS source,\n"
        "  sum(label_repetition * pairs) AS weighted, sum(pairs)::BIGINT AS pairs, avg(wording_repetition) AS wording\n"
        f"FROM mart_tactic_repetition WHERE {focus.where} AND label_repetition IS NOT NULL\nGROUP BY low ORDER BY low"
    )
    found = source.frame(sql)
    if not found.height:
        return Absent(title, "No speaker has two turns with a label in a conversation.", mart)
    rows = [
        {"low": r["low"], "high": r["low"] + 0.1, "n": r["n"]} for r in found.iter_rows(named=True)
    ]
    mean = float(found["weighted"].sum()) / max(int(found["pairs"].sum()), 1)
    return Picture(
        title=title,
        chart=partial(histogram, rows, x_title="share of tactics that the turn before had, too", unit="speakers",
                      middle=mean),
        reading=f"On average {percent(mean)} of a turn's tactics were in that speaker's turn before.",
        caption=f"n = {many(int(found['n'].sum()), 'speaker')} in conversations; dashed: the mean. Tactics are "
        f"{name(found['source'][0])}. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )  # fmt: skip


def _cues(source: Source, focus: Focus, mart: Mart | None) -> Item:
    sql = (
        "SELECT channel, role, label, n, rows, share, mean_text_valence, mean_cue_valence, mean_gap\n"
        f"FROM mart_text_cue_inconsistency WHERE {focus.where}\nORDER BY n DESC, channel, role, label LIMIT 200"
    )
    found = source.frame(sql)
    rows = [
        {"name": f"{name(r['channel'])}, {name(r['role'])}: {name(r['label'])}", "value": r["share"] or 0.0,
         "text": percent(r["share"])}
        for r in found.head(14).iter_rows(named=True)
    ]  # fmt: skip
    top = found.row(0, named=True)
    return Picture(
        title=f"Where words and cues part: {name(focus.corpus)}",
        chart=partial(bars, rows, unit="share of rows", share=True),
        reading=f"Most frequent: {name(top['label'])} for {name(top['channel'])} of {name(top['role'])}, "
        f"{percent(top['share'])} of {count(top['rows'])} rows.",
        caption=f"Label of the text against each cue's channel. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )
