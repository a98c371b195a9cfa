"""Which stratum a row is of, in SQL.

A row with several labels is of the stratum of the rarest one, so that each row is of one stratum and rare labels are
reached. Rows whose answer are numbers: the far end of the dimension that lies farthest from the middle of its range;
`(middle)` where all lie in the middle third. Without an answer: `(rejected)`, `(failed)`.
"""

from __future__ import annotations

import duckdb

from jobs.annotate.question import Question
from pipelines.query.views import literal, quoted

NONE = "(none)"
_JOINT = " | "


def stratum(
    by: tuple[str, ...], question: Question, database: duckdb.DuckDBPyConnection, relation: str
) -> str:
    """SQL of a row's stratum; counts labels in the relation where strata are made of these."""
    parts = [
        _label(question, database, relation)
        if name == "label"
        else f"coalesce({quoted(name)}, '{NONE}')"
        for name in by
    ]
    return f" || '{_JOINT}' || ".join(parts)


def _label(question: Question, database: duckdb.DuckDBPyConnection, relation: str) -> str:
    if question.task.answer == "scalars":
        answered = _far_end(question)
    else:
        counts = database.sql(
            f"SELECT label, count(*) FROM (SELECT unnest(labels) AS label FROM ({relation})) GROUP BY 1"
        ).fetchall()
        answered = _rarest(sorted(counts, key=lambda pair: (pair[1], pair[0])))
    return f"(CASE WHEN status = 'labeled' THEN {answered} ELSE '(' || status || ')' END)"


def _rarest(counts: list[tuple[str, int]]) -> str:
    if not counts:
        return f"'{NONE}'"
    places = ", ".join(
        f"{literal(name)}: {place}" for place, (name, _) in enumerate(counts, start=1)
    )
    names = ", ".join(literal(name) for name, _ in counts)
    rarest = f"list_min(list_transform(labels, lambda name: MAP {{{places}}}[name]))"
    return f"coalesce([{names}][{rarest}], '{NONE}')"


def _far_end(question: Question) -> str:
    low, high = question.taxonomy.range or (0.0, 1.0)
    middle, third = (low + high) / 2, (high - low) / 6
    names = question.taxonomy.names
    away = {name: f"(answer.{quoted(name)}::DOUBLE - {middle})" for name in names}
    greatest = f"greatest({', '.join(f'abs({each})' for each in away.values())})"
    cases = "".join(
        f" WHEN abs({each}) = {greatest} THEN CASE WHEN {each} < 0 THEN {literal(f'low {name}')} "
        f"ELSE {literal(f'high {name}')} END"
        for name, each in away.items()
    )
    return f"CASE WHEN {greatest} <= {third} THEN '(middle)'{cases} ELSE '{NONE}' END"
