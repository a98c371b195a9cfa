"""How often each label was given: one picture for each question."""

from __future__ import annotations

from functools import partial

from jobs.report.charts.bars import bars
from jobs.report.model import Absent, Item, Picture, Section
from jobs.report.source import MOST_LABELS, Question, Source, mart
from jobs.report.words import count, name, numbers, percent
from pipelines.query.views import literal

_MOST_QUESTIONS = 8


def labels_section(source: Source) -> Section:
    """Label distributions, over all corpora together."""
    intro = "Shares are of labeled rows; where a row may have several labels, they sum to more than 100 %."
    told = mart("label_counts")
    missing = source.missing("label_counts")
    if missing is not None:
        items: list[Item] = [Absent("Labels", missing, told)]
    elif not source.questions:
        items = [Absent("Labels", source.uncounted, told)]
    else:
        items = [_distribution(source, question) for question in source.questions[:_MOST_QUESTIONS]]
        left = len(source.questions) - _MOST_QUESTIONS
        if left > 0:
            intro += (
                f" Of {len(source.questions)} questions, the first {_MOST_QUESTIONS} are shown."
            )
    return Section("labels", "Labels", intro, items)


def of_question(question: Question) -> str:
    """SQL: the condition for a question, in all corpora."""
    return (
        f"task = {literal(question.task)} AND taxonomy = {literal(question.taxonomy)} "
        f"AND labeler = {literal(question.labeler)}"
    )


def _distribution(source: Source, question: Question) -> Picture:
    where = of_question(question)
    sql = (
        "WITH days AS (SELECT DISTINCT corpus, domain, day, role, rows FROM mart_label_counts\n"
        f"  WHERE {where})\n"
        "SELECT label, sum(n)::BIGINT AS n, (SELECT sum(rows) FROM days)::BIGINT AS rows,\n"
        "  sum(n) / (SELECT sum(rows) FROM days) AS share\n"
        f"FROM mart_label_counts WHERE {where}\n"
        "GROUP BY label ORDER BY n DESC, label NULLS LAST"
    )
    found = source.frame(sql)
    shown = found.head(MOST_LABELS)
    rows = [
        {"name": name(label), "value": share, "text": percent(share)}
        for label, share in shown.select("label", "share").iter_rows()
    ]
    top = found.row(0, named=True)
    given = found.drop_nulls("label")
    most = given.row(0, named=True) if given.height else top
    tail = f" {percent(_none(found))} have no label." if _none(found) else ""
    left = (
        f" Shown are the first {MOST_LABELS} of {found.height} labels."
        if found.height > MOST_LABELS
        else ""
    )
    return Picture(
        title=name(question.told),
        chart=partial(bars, rows, unit="share of labeled rows", share=True),
        reading=f"{name(most['label'])} is the most frequent label: {percent(most['share'])} of the rows.{tail}",
        caption=f"n = {count(top['rows'])} labeled rows, all corpora together.{left}",
        numbers=numbers(found),
        sql=sql,
        mart=mart("label_counts"),
    )


def _none(found: object) -> float:
    import polars as pl

    assert isinstance(found, pl.DataFrame)
    none = found.filter(pl.col("label").is_null())
    return float(none["share"][0]) if none.height else 0.0
