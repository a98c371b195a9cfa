"""Our own kinds of expectation, brought into a form that Great Expectations evaluates.

A rule becomes a column of the candidate view. Great Expectations then tests all of them in one
query, and DuckDB computes them in one scan, however many there are.
"""

from __future__ import annotations

from typing import Any

from pipelines.gates.engine import Library
from schemas.expectation_suite import Expectation, Suite

BASE = "candidate_rows"  # the files and the derived columns; what queries read
VIEW = "candidate"  # and the rules


def rule_columns(suite: Suite) -> dict[str, str]:
    """The columns, as SQL over a row, that the rules of a suite need; by name."""
    columns: dict[str, str] = {}
    for item in suite.expectations:
        rule = item.parameters.get("rule")
        if item.type == "every_row":
            columns[rule_column(item)] = f"coalesce(({rule}), false)"
        elif item.type == "share_of_rows":
            among = item.parameters.get("among", "true")
            share = f"CASE WHEN coalesce(({rule}), false) THEN 1.0 ELSE 0.0 END"
            columns[rule_column(item)] = f"CASE WHEN ({among}) THEN {share} END::DOUBLE"
    return columns


def rule_column(item: Expectation) -> str:
    """The column of the view that holds what a rule says."""
    return f"rule_{item.id}"


def query_view(item: Expectation) -> str:
    """The view that holds the unexpected rows of a query."""
    return f"query_{item.id}"


def translate(item: Expectation, library: Library) -> Any:
    """The expectation as an object of Great Expectations. Raises ValueError when a parameter does
    not fit.
    """
    known: dict[str, Any] = {"severity": item.severity, "meta": {"id": item.id}}
    given = {k: v for k, v in item.parameters.items() if k not in ("rule", "among", "sql")}
    if item.type == "every_row":
        return library.expectations.ExpectColumnValuesToBeInSet(
            column=rule_column(item), value_set=[True], **given, **known
        )
    if item.type == "share_of_rows":
        return library.expectations.ExpectColumnMeanToBeBetween(
            column=rule_column(item), **given, **known
        )
    if item.type == "no_rows":
        # The batch is named in a comment: the query is a view over it already.
        query = f"SELECT 1 FROM {query_view(item)} /* {{batch}} */"
        return library.no_rows(unexpected_rows_query=query, **known)
    if len(item.columns) == 2 and "_pair_" in item.type:
        given |= {"column_A": item.columns[0], "column_B": item.columns[1]}
    elif item.columns:
        given["column_list"] = list(item.columns)
    if item.column:
        given["column"] = item.column
    return getattr(library.expectations, _class_name(item.type))(**given, **known)


def _class_name(kind: str) -> str:
    return "".join(word.capitalize() for word in kind.split("_"))
