"""Toxic chains and sentiment flips."""

from __future__ import annotations

from functools import partial

from jobs.report.build import about
from jobs.report.charts.bars import bars
from jobs.report.model import Item, Picture
from jobs.report.source import Focus, Source
from jobs.report.words import count, many, name, numbers, percent, role
from schemas.mart import Mart


def chains(source: Source, focus: Focus, mart: Mart | None) -> Item:
    """How long chains of hostile turns are, and who starts them."""
    sql = (
        "SELECT least(turns, 20) AS turns, count(*) AS n, avg(speakers) AS mean_speakers, max(turns) AS longest\n"
        f"FROM mart_toxic_chains WHERE {focus.where}\nGROUP BY 1 ORDER BY 1"
    )
    found = source.frame(sql)
    rows = [
        {"name": f"{r['turns']} turns" if r["turns"] < 20 else "20 and more", "value": r["n"], "text": count(r["n"])}
        for r in found.iter_rows(named=True)
    ]  # fmt: skip
    total = int(found["n"].sum())
    starts = source.frame(
        f"SELECT started_by_role AS role, count(*) AS n FROM mart_toxic_chains WHERE {focus.where} "
        "GROUP BY 1 ORDER BY n DESC, role NULLS LAST LIMIT 1"
    ).row(0)
    longest = int(found["longest"].max() or 0)  # type: ignore[arg-type]
    return Picture(
        title=f"Toxic chains: {name(focus.corpus)}",
        chart=partial(bars, rows, unit="chains"),
        reading=f"{many(total, 'chain')}, the longest of {longest} turns; most often started by {role(starts[0])} "
        f"({percent(starts[1] / total)}).",
        caption=f"Runs of 2 and more successive hostile turns. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )


def flips(source: Source, focus: Focus, mart: Mart | None) -> Item:
    """From which sentiment to which, by role."""
    sql = (
        "SELECT role, from_sentiment, to_sentiment, count(*) AS n, avg(change) AS mean_change,\n"
        "  avg((trigger_record IS NOT NULL)::INTEGER) AS after_another\n"
        f"FROM mart_sentiment_flips WHERE {focus.where}\n"
        "GROUP BY role, from_sentiment, to_sentiment ORDER BY n DESC, role NULLS LAST, from_sentiment, to_sentiment"
    )
    found = source.frame(sql)
    rows = [
        {"name": f"{role(r['role'])}: {name(r['from_sentiment'])} → {name(r['to_sentiment'])}", "value": r["n"],
         "text": count(r["n"])}
        for r in found.head(12).iter_rows(named=True)
    ]  # fmt: skip
    top, total = found.row(0, named=True), int(found["n"].sum())
    return Picture(
        title=f"Sentiment flips: {name(focus.corpus)}",
        chart=partial(bars, rows, unit="flips"),
        reading=f"Most frequent: {role(top['role'])} from {name(top['from_sentiment'])} to "
        f"{name(top['to_sentiment'])}, {count(top['n'])} of {many(total, 'flip')}; "
        f"{percent(top['after_another'])} right after another speaker.",
        caption=f"A flip: sentiment of opposite sign to that speaker's turn before. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )
