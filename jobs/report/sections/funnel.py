"""The way of the rows, and the languages of what is left."""

from __future__ import annotations

from functools import partial

import polars as pl

from jobs.report.charts.bars import bars
from jobs.report.funnel import Funnel, Step
from jobs.report.model import Absent, Item, Numbers, Picture, Section, Sheet
from jobs.report.source import MOST_CORPORA, Source
from jobs.report.words import NONE, count, many, name, numbers, percent

_MOST_REASONS = 15
_LANGUAGES = (
    "SELECT coalesce(lang, '(none)') AS lang, count(*) AS n, count(DISTINCT corpus) AS corpora FROM clean "
    "WHERE outcome = 'kept' GROUP BY 1 ORDER BY n DESC, lang"
)


def funnel_section(funnel: Funnel) -> Section:
    """What each stage got, and what became of it."""
    intro = (
        "Every row has one outcome at every stage, and every one that does not go on has a reason. "
        "Counted from the manifests of this snapshot, each of which says what one shard did."
    )
    items: list[Item] = []
    if not funnel.steps:
        items.append(Absent("The way of the rows", "No manifest of this snapshot could be read."))
    else:
        items += [_stages(funnel), _outcomes(funnel), _reasons(funnel)]
    return Section("rows", "The way of the rows", intro, items)


def _stages(funnel: Funnel) -> Picture:
    rows = [
        {"name": name(s.title), "value": s.went_on, "text": count(s.went_on)} for s in funnel.steps
    ]
    ingest = funnel.of("ingest")
    labels = funnel.of("label")
    first = sum(step.went_on for step in ingest)  # records: several units may make one
    if ingest and labels:
        most = max(labels, key=lambda step: step.went_on)
        share = percent(most.went_on / first if first else None)
        told = f"{count(most.went_on)} ({share}) are labeled by {name(most.variant)}"
        reading = f"Of {many(first, 'record')} read, {told}."
    else:
        step = funnel.steps[-1]
        reading = f"{count(step.went_on)} rows are left after {name(step.title)}."
    lost = (
        ""
        if not funnel.lost
        else f" {many(funnel.lost, 'manifest')} could not be read and are not counted."
    )
    return Picture(
        title="What goes on from each stage",
        chart=partial(bars, rows[:MOST_CORPORA], unit="rows"),
        reading=reading,
        caption=f"Rows that each stage hands on; of labelers, rows labeled.{_more(len(rows), MOST_CORPORA)}{lost}",
        numbers=Numbers(
            ("stage", "shards", "in", "on"),
            tuple((s.title, s.shards, s.came_in, s.went_on) for s in funnel.steps[:50]),
            max(0, len(funnel.steps) - 50),
        ),
    )


def _outcomes(funnel: Funnel) -> Sheet:
    rows = tuple((step.title, step.came_in, _outcome(step)) for step in funnel.steps[:50])
    return Sheet(
        title="Outcomes",
        numbers=Numbers(("stage", "in", "outcomes"), rows, max(0, len(funnel.steps) - 50)),
        reading="What came in is the sum of the outcomes; of ingest, records stand beside it: a unit of a source may "
        "add to a record that is there.",
    )


def _outcome(step: Step) -> str:
    return ", ".join(f"{what} {number:,}" for what, number in step.counts.items() if what != "in")


def _reasons(funnel: Funnel) -> Item:
    told = [(s.title, why, n) for s in funnel.steps for why, n in s.reasons.items() if n]
    told.sort(key=lambda each: (-each[2], each[0], each[1]))
    if not told:
        return Absent("Why rows did not go on", "Every row went on: no stage gave a reason.")
    several = len({title for title, _, _ in told}) > 1
    rows = [
        {
            "name": name(f"{why} · {title.removeprefix('label ')}" if several else why),
            "value": n,
            "text": count(n),
        }
        for title, why, n in told[:_MOST_REASONS]
    ]
    title, why, n = told[0]
    return Picture(
        title="Why rows did not go on",
        chart=partial(bars, rows, unit="rows"),
        reading=f"Most often: {name(why)} at {name(title)}, {many(n, 'row')}.",
        caption=f"Rows by reason.{_more(len(told), _MOST_REASONS)}",
        numbers=Numbers(("stage", "reason", "rows"), tuple(told[:50]), max(0, len(told) - 50)),
    )


def _more(there: int, shown: int) -> str:
    return f" Shown are the first {shown} of {there}." if there > shown else ""


def languages_section(source: Source) -> Section:
    """Languages of the records that cleaning kept."""
    found = source.frame(_LANGUAGES)
    intro = "As declared by the source, else as detected; (none) where neither is sure."
    if not found.height:
        items: list[Item] = [Absent("Languages", "No record was kept by cleaning.")]
    else:
        items = [_languages(found)]
    return Section("languages", "Languages", intro, items)


def _languages(found: pl.DataFrame) -> Picture:
    total = int(found["n"].sum())
    rows = [
        {"name": name(lang), "value": n / total, "text": f"{percent(n / total)}"}
        for lang, n, _ in found.head(MOST_CORPORA).iter_rows()
    ]
    lang, n, _ = found.row(0)
    known = found.filter(pl.col("lang") != NONE).height
    return Picture(
        title="Languages",
        chart=partial(bars, rows, unit="share of records", share=True),
        reading=f"{percent(n / total)} of the records are in {name(lang)}; {many(known, 'language')} in all.",
        caption=f"Share of {count(total)} records that cleaning kept.{_more(found.height, MOST_CORPORA)}",
        numbers=numbers(found),
        sql=_LANGUAGES,
    )
