"""Evaluating a suite over candidate files, inside the gate process.

Semantics: an expectation that cannot be evaluated has failed, with its severity. Nothing that
leaves this module holds a value of a row: numbers, column names and error classes only.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from pipelines.gates.candidate import Candidate, open_candidate
from pipelines.gates.engine import batch, library
from pipelines.gates.errors import safe_class
from pipelines.gates.request import Request
from pipelines.gates.result import Finding, GateResult
from pipelines.gates.rules import VIEW, rule_column, translate
from schemas.expectation_suite import Expectation

# No failing value is asked for, so none is fetched: counts only.
_FORMAT = {
    "result_format": "BASIC",
    "partial_unexpected_count": 0,
    "exclude_unexpected_values": True,
    "include_unexpected_rows": False,
    "return_unexpected_index_query": False,
}


def evaluate(request: Request) -> GateResult:
    """What Great Expectations finds in the candidate. A failed expectation raises nothing.

    Raises SourceError for a file that is no Parquet, ConfigError for a table that the suite needs
    and lacks.
    """
    started = time.perf_counter()
    suite = request.suite
    with open_candidate(request) as candidate:
        findings = _findings(suite.expectations, candidate)
    return GateResult(
        suite=suite.suite,
        version=suite.version,
        dataset=suite.dataset,
        rows=candidate.rows,
        files=len(request.files),
        seconds=round(time.perf_counter() - started, 3),
        findings=tuple(findings[item.id] for item in suite.expectations),
    )


def _findings(items: Sequence[Expectation], candidate: Candidate) -> dict[str, Finding]:
    findings: dict[str, Finding] = {}
    ready: list[tuple[Expectation, Any]] = []
    for item in items:
        error = _broken(item, candidate)
        if error is None:
            try:
                ready.append((item, translate(item, library())))
            except (ValueError, TypeError, AttributeError) as mistake:
                error = f"its parameters do not fit {item.type} ({type(mistake).__name__})"
        if error is not None:
            findings[item.id] = _failed(item, error)
    together = _validate(candidate, VIEW, ready)
    findings |= together
    for item, expectation in ready:
        if together[item.id].error:
            # Expectations share queries, so one that crashes takes others along: each again, alone.
            findings |= _validate(candidate, candidate.alone(item), [(item, expectation)])
    return findings


def _broken(item: Expectation, candidate: Candidate) -> str | None:
    for name in (item.id, rule_column(item), item.column, *item.columns):
        if name is not None and name in candidate.broken:
            return candidate.broken[name]
    absent = [
        name for name in (item.column, *item.columns) if name and name not in candidate.columns
    ]
    return f"there is no column {', '.join(absent)}" if absent else None


def _validate(
    candidate: Candidate, view: str, ready: Sequence[tuple[Expectation, Any]]
) -> dict[str, Finding]:
    items = {item.id: item for item, _ in ready}
    if not items:
        return {}
    suite = library().gx.ExpectationSuite("gate", expectations=[each for _, each in ready])
    try:
        with batch(candidate.connection, view) as data:
            results = data.validate(suite, result_format=_FORMAT).results
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not pass for a success
        name = safe_class(type(error).__name__)
        return {key: _failed(item, name) for key, item in items.items()}
    findings = {}
    for result in results:
        item = items[result.expectation_config.meta["id"]]
        findings[item.id] = _finding(item, result)
    for name in items.keys() - findings.keys():
        findings[name] = _failed(items[name], "no result")
    return findings


def _finding(item: Expectation, result: Any) -> Finding:
    crash = _crash(result.exception_info)
    if crash is not None:
        return _failed(item, crash)
    numbers = {k: v for k, v in (result.result or {}).items() if _is_number(v)}
    count = numbers.get("unexpected_count")
    return Finding(
        id=item.id,
        type=item.type,
        column=item.about,
        severity=item.severity,
        success=bool(result.success),
        observed=numbers.get("observed_value"),
        unexpected_count=int(count) if count is not None else None,
        why=item.why,
    )


def _crash(info: Any) -> str | None:
    entries = [info, *info.values()] if isinstance(info, dict) else []
    for entry in entries:
        if isinstance(entry, dict) and entry.get("raised_exception"):
            return safe_class(
                str(entry.get("exception_message") or entry.get("exception_traceback"))
            )
    return None


def _failed(item: Expectation, error: str) -> Finding:
    return Finding(
        id=item.id,
        type=item.type,
        column=item.about,
        severity=item.severity,
        success=False,
        observed=None,
        unexpected_count=None,
        why=item.why,
        error=error,
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
