"""What may be said of an error inside a gate: its class, and its message only where no data was
read yet.
"""

from __future__ import annotations

import re

import duckdb

# Raised while a query is parsed and bound to columns: the message can hold nothing but the query.
_BEFORE_DATA = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.PermissionException,
)
_CLASS = re.compile(r"\b([A-Z][A-Za-z]*(?:Exception|Error))\b")


def safe_error(error: BaseException) -> str:
    """An error of DuckDB, without any value of a row."""
    name = type(error).__name__
    if isinstance(error, _BEFORE_DATA):
        return f"{name}: {str(error).splitlines()[0]}"
    return name


def safe_class(message: str) -> str:
    """The class of an error of which only text is left; its message is dropped, a cast names the
    value it choked on.
    """
    found = _CLASS.search(message)
    return found.group(1) if found else "error"
