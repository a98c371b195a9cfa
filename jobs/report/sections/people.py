"""How far people agree with one another, and how far labelers agree with people and each other."""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl

from jobs.report.charts.bars import bars
from jobs.report.model import Absent, Item, Numbers, Picture, Section, Sheet
from jobs.report.sections.gates import what_was_found
from jobs.report.source import MOST_CORPORA, MOST_LABELS, Source, mart
from jobs.report.words import count, many, name, number, numbers
from pipelines.gates.result import GateResult
from transforms.evaluate.figures import Undefined

_MOST = 4


def people_section(source: Source, gates: list[GateResult]) -> Section:
    """Annotators, evaluations of the run's gates, cascades."""
    intro = "How far people agree bounds what labels can be worth. Evaluations are those of the run that published."
    items: list[Item] = [*_annotators(source), *_evaluations(gates), *_cascades(source)]
    return Section("agreement", "Agreement and calibration", intro, items)


def _annotators(source: Source) -> list[Item]:
    told, title = mart("annotator_disagreement"), "Agreement of annotators"
    missing = source.missing("annotator_disagreement")
    if missing is not None:
        return [Absent(title, missing, told)]
    sql = (
        "SELECT corpus, task, taxonomy, label_set, label, records, ratings, agreement, alpha, positive_share\n"
        "FROM mart_annotator_disagreement \n"
        "ORDER BY label IS NULL DESC, records DESC, corpus, task, taxonomy, label_set, label LIMIT 1000"
    )
    found = source.frame(sql)
    if not found.height:
        return [Absent(title, "No record was rated by two people.", told)]
    sets = list(dict.fromkeys(found.select("corpus", "task", "taxonomy", "label_set").iter_rows()))
    left = f" {len(sets) - _MOST} more sets are not shown." if len(sets) > _MOST else ""
    return [_agreement(_set(found, *each), each, sql, left) for each in sets[:_MOST]]


def _set(
    found: pl.DataFrame, corpus: str, task: str, taxonomy: str | None, label_set: str | None
) -> pl.DataFrame:
    return found.filter(
        pl.col("corpus").eq_missing(corpus),
        pl.col("task").eq_missing(task),
        pl.col("taxonomy").eq_missing(taxonomy),
        pl.col("label_set").eq_missing(label_set),
    )


def _agreement(mine: pl.DataFrame, key: tuple[Any, ...], sql: str, left: str) -> Item:
    corpus, task, taxonomy, label_set = key
    told = mart("annotator_disagreement")
    title = f"Agreement of annotators: {name(corpus)}, {name(task)} ({name(taxonomy)})"
    defined = mine.drop_nulls("alpha").sort("alpha", "label", descending=[True, False])
    if not defined.height:
        return Absent(title, "Everybody gave one label: alpha does not exist.", told)
    rows = [
        {"name": _label(r["label"]), "value": r["alpha"], "text": number(r["alpha"])}
        for r in defined.head(MOST_LABELS).iter_rows(named=True)
    ]
    best, worst = defined.row(0, named=True), defined.row(-1, named=True)
    whole = mine.filter(pl.col("label").is_null())
    first = f"Over all labels alpha is {number(whole['alpha'][0])}; " if whole.height else ""
    records = many(max(mine["records"].to_list()), "record")
    of_set = f", label set {name(label_set)}" if label_set is not None else ""
    return Picture(
        title=title,
        chart=partial(bars, rows, unit="alpha (1 agree, 0 as by chance)"),
        reading=f"{first}highest {number(best['alpha'])} ({_label(best['label'])}), lowest "
        f"{number(worst['alpha'])} ({_label(worst['label'])}).",
        caption=f"Krippendorff's alpha. n = {records} with two and more ratings{of_set}.{left}",
        numbers=numbers(mine),
        sql=sql,
        mart=told,
    )


def _label(label: str | None) -> str:
    return "all labels" if label is None else name(label)


def _evaluations(gates: list[GateResult]) -> list[Item]:
    title = "Evaluations against gold"
    found = [gate for gate in gates if gate.kind == "evaluation"]
    if not found:
        return [
            Absent(
                title,
                "The run that published this snapshot asked for no evaluation (check: evaluate).",
            )
        ]
    rows = tuple(
        (
            gate.variant,
            finding.id,
            what_was_found(finding),
            "held" if finding.success else finding.severity,
        )
        for gate in found
        for finding in gate.findings
    )
    failed = sum(row[3] != "held" for row in rows)
    return [
        Sheet(
            title,
            Numbers(("labels", "figure", "found", "result"), rows[:50], max(0, len(rows) - 50)),
            f"{many(len(rows), 'figure')} judged, {failed} below what was asked. Calibration stands there as "
            "calibration error, where it was asked for.",
        )
    ]


def _cascades(source: Source) -> list[Item]:
    if source.lake is None or not any(
        part.dataset == "selection" for part in source.parts.values()
    ):
        return []
    from jobs.cascade_files import published

    rows = []
    for told in published(source.lake, source.parts)[:MOST_CORPORA]:
        saved = told.saved.because if isinstance(told.saved, Undefined) else f"{told.saved:.1%}"
        rows.append(
            (f"{told.task} ({told.taxonomy})", told.first, told.second, f"{count(told.asked)} of {count(told.rows)}",
             told.audited, str(told.agreement["exact_match"]), saved)
        )  # fmt: skip
    columns = ("question", "first", "then", "asked", "audited", "exact match", "cost saved")
    return [
        Sheet(
            "Cascades",
            Numbers(columns, tuple(rows)),
            "Agreement of the two labelers on the audit sample.",
        )
    ]
