"""The expectation behind `no_rows`. Imports Great Expectations: only engine.py imports it, and
late.
"""

from typing import Any, ClassVar

from great_expectations.expectations.core.unexpected_rows_expectation import (
    UnexpectedRowsExpectation,
)


class NoRows(UnexpectedRowsExpectation):
    """Counts the unexpected rows and, unlike its parent, never fetches them.

    That is half the time, and no text of people comes into this process.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002
        execution_engine: Any = None,  # noqa: ARG002 - its parent's signature
    ) -> dict[str, Any]:
        count = metrics["unexpected_rows_query.row_count"]
        return {"success": count == 0, "result": {"unexpected_count": count}}
