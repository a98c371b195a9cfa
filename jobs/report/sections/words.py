"""Words: what marks a label, and what comes before hostile or negative turns."""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl

from jobs.report.build import about, of_mart
from jobs.report.charts.bars import bars
from jobs.report.model import Absent, Item, Picture, Section
from jobs.report.source import Focus, Source
from jobs.report.words import Z_RANKS, listed, many, name, numbers
from schemas.mart import Mart

_BARS = 16
_OFTEN = 10  # times said, before an expression is named
_WEAK = 2


def words_section(source: Source) -> Section:
    """Expressions and precursors. Words of many speakers only, so that nobody is quoted."""
    intro = (
        f"Words and pairs of words by z of their log-odds with an informative Dirichlet prior. {Z_RANKS} "
        "The marts keep only expressions of several records and speakers."
    )
    few = "No expression is frequent enough, or no label sets rows apart."
    items = [
        *of_mart(source, "expressions", "Expressions that mark a label", few, _expressions),
        *of_mart(source, "precursor_words", "Words before hostile or negative turns",
                 "No such turn follows one by another speaker, or no expression is frequent enough.", _precursors),
    ]  # fmt: skip
    return Section("words", "Words", intro, items)


def _expressions(source: Source, focus: Focus, mart: Mart | None) -> Item:
    sql = (
        "WITH ranked AS (SELECT contrast, label, words, expression, n, n_rest, records, speakers, log_odds, z,\n"
        "  row_number() OVER (PARTITION BY contrast, label\n"
        f"    ORDER BY n < {_OFTEN}, z DESC NULLS LAST, expression, words) AS place\n"
        f"  FROM mart_expressions WHERE {focus.where} AND z > 0)\n"
        "SELECT contrast, label, expression, n, n_rest, records, speakers, log_odds, z FROM ranked\n"
        "WHERE place <= 3 ORDER BY contrast DESC, z DESC, label, expression LIMIT 100"
    )
    return _ranked(
        source.frame(sql), sql, f"Expressions that mark a label: {name(focus.corpus)}",
        "Up to three expressions a label; “hidden”: texts in which the label is felt and not shown.", focus, mart,
    )  # fmt: skip


def _precursors(source: Source, focus: Focus, mart: Mart | None) -> Item:
    sql = (
        "WITH ranked AS (SELECT role, label, words, expression, n, n_rest, records, speakers, log_odds, z,\n"
        "  row_number() OVER (PARTITION BY label\n"
        f"    ORDER BY n < {_OFTEN}, z DESC NULLS LAST, expression, words, role) AS place\n"
        f"  FROM mart_precursor_words WHERE {focus.where} AND z > 0)\n"
        "SELECT role, label, expression, n, n_rest, records, speakers, log_odds, z FROM ranked\n"
        "WHERE place <= 5 ORDER BY label = 'hostile' DESC, z DESC, label, expression LIMIT 100"
    )
    return _ranked(
        source.frame(sql), sql, f"Words before hostile or negative turns: {name(focus.corpus)}",
        "Words of the turn right before, by another speaker.", focus, mart,
    )  # fmt: skip


def _ranked(
    found: pl.DataFrame, sql: str, title: str, what: str, focus: Focus, mart: Mart | None
) -> Item:
    if not found.height:
        return Absent(title, "No expression is more frequent there than elsewhere.", mart)
    # Rare expressions are drawn after all others, and are named only where there is nothing else.
    order = [pl.col("n") >= _OFTEN, "z", "expression"]
    shown = found.sort(order, descending=[True, True, False]).head(_BARS)
    rows = [
        {"name": f"{name(r['expression'])} · {_label(r)}", "value": r["z"],
         "text": f"{r['z']:.1f} (n {r['n']:,})"}
        for r in shown.iter_rows(named=True)
    ]  # fmt: skip
    top = shown.row(0, named=True)
    of_top = shown.filter(
        pl.col("label").eq_missing(top["label"]),
        (pl.col("n") >= _OFTEN) | (top["n"] < _OFTEN),
        *([pl.col("contrast") == top["contrast"]] if "contrast" in top else []),
    )["expression"].head(3)
    marks = f"{_label(top)}: {listed([name(each) for each in of_top])}"
    lead = "Marks of" if "contrast" in top else "Before"
    weak = top["z"] < _WEAK
    return Picture(
        title=title,
        chart=partial(bars, rows, unit="z"),
        reading=f"{f'None stands out (z below {_WEAK}); closest: {lead.lower()}' if weak else lead} {marks} "
        f"(the first {many(top['n'], 'time')} there, {many(top['n_rest'], 'time')} elsewhere).",
        caption=f"{what} The {len(rows)} greatest of {found.height}, those said less than "
        f"{_OFTEN} times last; n: times said. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )


def _label(row: dict[str, Any]) -> str:
    return (
        f"{name(row['label'])}, hidden" if row.get("contrast") == "hidden" else name(row["label"])
    )
