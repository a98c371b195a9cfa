"""Which SQL the door lets through: one statement that only reads.

DuckDB calls a statement a SELECT even where a common table expression in it inserts or copies to a
file, and the table functions `query` and `json_execute_serialized_sql` run SQL that hides in a
string. So the parsed tree is checked: known kinds of query only, and of table functions only those
that cannot reach beyond the views.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from schemas.errors import TerminalError

_QUERIES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
_TABLE_FUNCTIONS = {
    "duckdb_columns",
    "duckdb_functions",
    "duckdb_keywords",
    "duckdb_types",
    "duckdb_views",
    "generate_series",
    "json_each",
    "json_tree",
    "pragma_show",
    "pragma_table_info",
    "pragma_version",
    "range",
    "repeat",
    "repeat_row",
    "summary",
    "unnest",
}


def check_select(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raises TerminalError when `sql` is anything but one statement that reads."""
    try:
        cursor = connection.cursor()
        ((text,),) = cursor.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()
        parsed: dict[str, Any] = json.loads(text)
        nodes = list(_nodes(parsed.get("statements", [])))
    except (duckdb.Error, ValueError, RecursionError) as error:
        raise TerminalError(f"The SQL cannot be read ({type(error).__name__}).") from None
    if parsed.get("error", True):
        if parsed.get("error_type") == "parser":
            raise TerminalError(
                f"The SQL has a mistake: {parsed.get('error_message')}.{_place(sql, parsed)}"
            )
        raise _refused("only SELECT is accepted: this door reads, it never writes or configures")
    statements = len(parsed["statements"])
    if not statements:
        raise TerminalError(
            "There is no SQL to run.", remedy="For example: SELECT * FROM labels LIMIT 5"
        )
    if statements != 1:
        raise _refused(f"one statement at a time, not {statements}")
    for node in nodes:
        kind = str(node.get("type", ""))
        if kind.endswith("_NODE") and kind not in _QUERIES:
            raise _refused(f"{kind.split('_')[0]} inside a query would write")
        if kind == "TABLE_FUNCTION":
            name = str(node.get("function", {}).get("function_name", "")).lower()
            if name not in _TABLE_FUNCTIONS:
                raise _refused(f"the table function {name or 'without a name'} is not accepted")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    pending = [tree]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            yield item
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def _place(sql: str, parsed: dict[str, Any]) -> str:
    position = str(parsed.get("position", ""))
    if not position.isdigit() or int(position) > len(sql.encode()):
        return ""
    before = sql.encode()[: int(position)].decode(errors="ignore")
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    return f" (line {line}, column {column})"


def _refused(why: str) -> TerminalError:
    return TerminalError(
        f"This SQL is not run: {why}.", remedy="`SHOW TABLES` lists the views to select from."
    )
