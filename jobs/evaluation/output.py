"""What becomes of an evaluation: screen or JSON, a page, and the limits that it must keep."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from jobs.evaluation.result import EvaluationResult
from jobs.target import check_target
from transforms.evaluate.limits import Limit, enforce_limits, judge


def check_output(page: Path | None) -> None:
    """Raises ConfigError, before the work, for a page that could not be written."""
    if page is not None:
        check_target(page, (".html",))
        from jobs.evaluation.page import require_templates

        require_templates()


def show(
    found: EvaluationResult,
    of: str,
    *,
    page: Path | None = None,
    limits: Sequence[Limit] = (),
    as_json: bool = False,
) -> int:
    """Prints an evaluation and writes its page; returns the exit code. `of`: what the gold is from.

    GateError, exit code 3, when a limit does not hold; by then all is printed and written.
    """
    content = {"gold": of} | found.to_json()
    if page is not None:
        from jobs.evaluation.page import write_page

        write_page(page, content)
    if as_json:
        print(json.dumps(content, allow_nan=False))
    else:
        from jobs.evaluation.screen import print_evaluation

        print_evaluation(content)
        if page is not None:
            print(f"\npage: {page}")
    enforce_limits([judge(limit, content) for limit in limits])
    return 0
