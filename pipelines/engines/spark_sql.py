"""DuckDB's SQL as Spark's.

sqlglot does most of it. What it leaves is here: what differs in meaning though both understand it, and functions that
it does not know. Of lists, texts for both use array_length (len is that of a string), and no ORDER BY in list().
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from pipelines.engines.database import Parameters

# UBIGINT has no twin: Spark's Parquet reader gives such columns as this.
UBIGINT: Final = exp.DataType.build("DECIMAL(20, 0)", dialect="spark")


class _AsWritten(DuckDB):
    """DuckDB's SQL with the indexes of lists as they are written: sqlglot would count some of them from 0."""

    INDEX_OFFSET = 0


def parsed(text: str, parameters: Parameters | None = None) -> exp.Expr:
    """A statement of DuckDB's SQL as Spark's, with the values of its parameters in it."""
    found = _parsed(text).copy()
    if parameters:
        found = found.transform(lambda node: _filled(node, parameters))
    return found


def spark_sql(node: exp.Expr) -> str:
    """The text of what `parsed` gave, or of a part of it."""
    return node.sql(dialect="spark", comments=False)


def expressions(columns: str) -> list[str]:
    """A list of SQL expressions, each by itself, as Spark's."""
    return [spark_sql(each) for each in parsed(f"SELECT {columns}").args["expressions"]]


def columns_of(columns: str) -> list[str] | None:
    """The columns of a file that a list of SQL expressions reads; None: all of them."""
    found = parsed(f"SELECT {columns}")
    if any(True for _ in found.find_all(exp.Star)):
        return None
    bound = {each.name for node in found.find_all(exp.Lambda) for each in node.expressions}
    names = (each.parts[0].name for each in found.find_all(exp.Column))
    return list(dict.fromkeys(name for name in names if name not in bound))


@lru_cache(maxsize=1024)
def _parsed(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, read=_AsWritten).transform(_translated)


def _filled(node: exp.Expr, parameters: Parameters) -> exp.Expr:
    if not isinstance(node, exp.Placeholder | exp.Parameter):
        return node
    value = parameters[node.name]
    if isinstance(value, float):  # 0.7 by itself is a decimal
        return exp.cast(exp.Literal.string(repr(value)), "DOUBLE")
    return exp.convert(value)


def _translated(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Bracket) and len(node.expressions) == 1:
        return _element(node.this, node.expressions[0])
    if isinstance(node, exp.DataType) and node.this in (exp.DType.UBIGINT, exp.DType.UINT128):
        return UBIGINT.copy()
    if isinstance(node, exp.Anonymous):
        translate = FUNCTIONS.get(node.name.lower())
        return translate(*node.expressions) if translate else node
    translate = NODES.get(type(node))
    return translate(node) if translate else node


def _element(of: exp.Expr, index: exp.Expr) -> exp.Expr:
    """An element of a list, from 1; null where there is none."""
    if isinstance(index, exp.Slice):
        return exp.Bracket(this=of, expressions=[index])
    return exp.func("TRY_ELEMENT_AT", of, index)


def _md5_lower(text: exp.Expr) -> exp.Expr:
    """The last 8 bytes of the hash as a number, the first of them the least."""
    pairs, turned = "(..)" * 8, "".join(f"${number}" for number in range(8, 0, -1))
    half = exp.func("SUBSTRING", exp.func("MD5", text), exp.Literal.number(17))
    reversed_ = exp.Anonymous(
        this="REGEXP_REPLACE",
        expressions=[half, exp.Literal.string(pairs), exp.Literal.string(turned)],
    )
    digits = exp.Anonymous(
        this="CONV",
        expressions=[reversed_, exp.Literal.number(16), exp.Literal.number(10)],
    )
    return exp.cast(digits, UBIGINT.copy())


def _regexp(node: exp.RegexpLike) -> exp.Expr:
    """RE2 ignores the case of all letters, Java of those of ASCII unless it is told."""
    pattern = node.expression
    if isinstance(pattern, exp.Literal) and pattern.name.startswith("(?i)"):
        pattern.set("this", "(?iu)" + pattern.name.removeprefix("(?i)"))
    return node


def _called(name: str, *more: exp.Expr) -> Callable[..., exp.Expr]:
    return lambda *given: exp.Anonymous(
        this=name, expressions=[*given, *(each.copy() for each in more)]
    )


FUNCTIONS: Final[Mapping[str, Callable[..., exp.Expr]]] = {
    "md5_number_lower": _md5_lower,
    "list_reverse_sort": _called("SORT_ARRAY", exp.false()),
    "list_min": _called("ARRAY_MIN"),
    "list_max": _called("ARRAY_MAX"),
}
"""Functions that sqlglot does not know, by DuckDB's name."""

NODES: Final[Mapping[type[exp.Expr], Callable[[Any], exp.Expr]]] = {exp.RegexpLike: _regexp}
"""Expressions that it knows, and writes for Spark with another meaning."""
