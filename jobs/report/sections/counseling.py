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
from jobs.report.words import count, listed, many, name, number, numbers, percent, role
from pipelines.query.views import literal
from schemas.mart import Mart

_PHASE = 20  # strategies of a fifth, before one of its cells is named


def counseling_section(source: Source) -> Section:
    """Strategies, tactics, cues."""
    intro = "For counseling and other supportive talk: the tasks support_strategy and text_cue_inconsistency."
    no_strategy = "No record has a support strategy."
    items = [
        *of_mart(source, "strategy_preference", "Strategies by phase", no_strategy, _strategies),
        *of_mart(source, "strategy_preference", "Preference for strategies", no_strategy, _bias),
        *of_mart(
            source, "tactic_repetition", "Repetition", "No speaker has two turns in a conversation.", _tactics,
            prefer=("support_strategy", "talk_type", "intent"),
        ),
        *of_mart(source, "text_cue_inconsistency", "Where words and cues part",
                 "No record has the task text_cue_inconsistency (it needs cues such as voice or face).", _cues),
    ]  # fmt: skip
    return Section("support", "Support and cues", intro, items)


def _strategies(source: Source, focus: Focus, mart: Mart | None) -> Item:
    title = f"Strategies by phase: {name(focus.corpus)}"
    # One role: strategies are of those who help, and the same labels say little of those who are helped. Whom people
    # rated with them is asked first.
    roles = source.frame(
        "SELECT role FROM mart_strategy_preference\n"
        f"WHERE {focus.where} AND phase > 0 GROUP BY role\n"
        "ORDER BY count(reference_share) > 0 DESC, sum(n) DESC, role NULLS LAST"
    )["role"].to_list()
    if not roles:
        return Absent(
            title, "No conversation has a support strategy and a known order of turns.", mart
        )
    sql = (
        "SELECT phase, strategy, sum(n)::BIGINT AS n, sum(n) / sum(sum(n)) OVER (PARTITION BY phase) AS share\n"
        f"FROM mart_strategy_preference WHERE {focus.where} AND phase > 0\n"
        f"  AND role {'IS NULL' if roles[0] is None else '= ' + literal(roles[0])}\n"
        "GROUP BY phase, strategy ORDER BY phase, n DESC, strategy"
    )
    found = source.frame(sql)
    others = f" Not shown: {listed([role(each) for each in roles[1:6]])}." if roles[1:] else ""
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
    return Picture(
        title=title,
        chart=partial(heat, rows, x_title="fifth of the conversation", y_title="strategy", unit="share of the fifth, %",
                      share=True),
        reading=_leading(found, names),
        caption=f"n = {many(int(found['n'].sum()), 'strategy', 'strategies')} used by {role(roles[0])}.{others} "
        f"White: not used. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )  # fmt: skip


def _leading(found: pl.DataFrame, drawn: list[str]) -> str:
    """About the drawn strategies of the first and the last fifth, of those with enough strategies."""
    sizes = found.group_by("phase").agg(pl.col("n").sum().alias("all"))
    phases = sizes.filter(pl.col("all") >= _PHASE)["phase"]
    enough = found.filter(pl.col("phase").is_in(phases.to_list()), pl.col("strategy").is_in(drawn))
    if not enough.height:
        return f"Too few strategies to read: no fifth has {_PHASE}."
    first = enough.filter(pl.col("phase") == enough["phase"].min()).row(0, named=True)
    last = enough.filter(pl.col("phase") == enough["phase"].max()).row(0, named=True)
    return (
        f"In fifth {first['phase']} {name(first['strategy'])} leads ({percent(first['share'])}), in fifth "
        f"{last['phase']} {name(last['strategy'])} ({percent(last['share'])})."
    )


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
            "name": f"{role(r['role'])}: {name(r['strategy'])}",
            "value": r["preference"],
            "text": number(r["preference"]),
        }
        for r in found.head(14).iter_rows(named=True)
    ]
    top = found.row(0, named=True)
    return Picture(
        title=title,
        chart=partial(bars, rows, unit="preference (Bradley-Terry)"),
        reading=f"{name(top['strategy'])} of {role(top['role'])} is preferred most: {percent(top['share'])} of all "
        f"answers; of the records that people rated, they say it of {percent(top['reference_share'])}. "
        f"Bias {number(top['bias'])}.",
        caption=f"{_rated(source, focus, top['role'])}Preferences are of rated records only, and so is "
        f"reference_share; share is of all answers. Equal preferences: no bias. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )


def _rated(source: Source, focus: Focus, who: str | None) -> str:
    """How many of a role's answers people have rated; ratings as in `transforms/sql/marts/base_ratings.sql`."""
    if focus.question is None or "annotations" not in source.views:
        return ""
    asked = (
        f"task = {literal(focus.question.task)} AND taxonomy = {literal(focus.question.taxonomy)}"
    )
    of_gold = asked.replace("task =", "entry.task =").replace("taxonomy =", "entry.taxonomy =")
    rated, answers = source.frame(
        "WITH entries AS (\n"
        f"  SELECT record_id, unnest(gold) AS entry FROM clean WHERE outcome = 'kept'\n"
        f"    AND corpus = {literal(focus.corpus)}),\n"
        f"rated AS (SELECT record_id FROM entries WHERE {of_gold} AND entry.labels IS NOT NULL\n"
        f"  UNION SELECT record_id FROM annotations WHERE {asked} AND labels IS NOT NULL)\n"
        "SELECT count(*) FILTER (record_id IN (SELECT record_id FROM rated)) AS rated, count(*) AS answers\n"
        f"FROM labels WHERE {focus.where} AND status = 'labeled'\n"
        f"  AND role {'IS NULL' if who is None else '= ' + literal(who)}"
    ).row(0)
    return f"n = {many(rated, 'rated record')} of {count(answers)} of {role(who)}. "


def _tactics(source: Source, focus: Focus, mart: Mart | None) -> Item:
    """Of tactics where the corpus has some, else of wording."""
    title = f"Repetition: {name(focus.corpus)}"
    for column, what in (("label_repetition", "tactics"), ("wording_repetition", "word trigrams")):
        sql = (
            f"SELECT floor(least({column}, 0.999) * 10) / 10 AS low, count(*) AS n, sum({column}) AS total\n"
            f"FROM mart_tactic_repetition WHERE {focus.where} AND {column} IS NOT NULL\n"
            "GROUP BY low ORDER BY low"
        )
        found = source.frame(sql)
        if found.height:
            return _repetition(found, title, what, sql, focus, mart)
    return Absent(
        title, "No speaker has two turns with tactics or with three words in a row.", mart
    )


def _repetition(
    found: pl.DataFrame, title: str, what: str, sql: str, focus: Focus, mart: Mart | None
) -> Item:
    rows = [
        {"low": r["low"], "high": r["low"] + 0.1, "n": r["n"]} for r in found.iter_rows(named=True)
    ]
    speakers = int(found["n"].sum())
    mean = float(found["total"].sum()) / speakers
    reading = (
        f"Of the tactics of a turn, {percent(mean)} come again in the same speaker's next turn: mean over a speaker's "
        "pairs of turns, then over speakers."
        if what == "tactics"
        else f"Of a turn's word trigrams, the speaker has said {percent(mean)} before: mean over a speaker's turns, "
        "then over speakers."
    )
    return Picture(
        title=title,
        chart=partial(histogram, rows, x_title=f"share of {what} that come again", unit="speakers",
                      limits=(0, 1), middle=mean),
        reading=reading,
        caption=f"n = {many(speakers, 'speaker')} in conversations; dashed: the mean. {about(focus)}",
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
        {"name": f"{name(r['channel'])}, {role(r['role'])}: {name(r['label'])}", "value": r["share"] or 0.0,
         "text": percent(r["share"])}
        for r in found.head(14).iter_rows(named=True)
    ]  # fmt: skip
    top = found.row(0, named=True)
    return Picture(
        title=f"Where words and cues part: {name(focus.corpus)}",
        chart=partial(bars, rows, unit="share of rows", share=True),
        reading=f"Most frequent: {name(top['label'])} for {name(top['channel'])} of {role(top['role'])}, "
        f"{percent(top['share'])} of {count(top['rows'])} rows.",
        caption=f"Label of the text against each cue's channel. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )
