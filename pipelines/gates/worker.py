"""The gate process: reads requests from stdin, one line of JSON each, and answers on stdout.

Great Expectations has a process of its own: its import takes seconds of Python that would otherwise
compete with the run, its memory goes back when the process ends, and what it prints or logs
(tracebacks may name values of rows) goes nowhere.
"""

from __future__ import annotations

import json
import os
import sys
from typing import IO, Any

from schemas.errors import AffectmineError


def main() -> None:
    """Imports, then answers until stdin closes."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not look like an answer
    try:
        # Late: a mistake in the installation must be answered, too.
        from pipelines.gates.engine import library
        from pipelines.gates.evaluate import evaluate
        from pipelines.gates.request import Request

        library()
    except Exception as error:  # noqa: BLE001 - told to the other side, which raises
        _say(answers, {"broken": f"{type(error).__name__}: {error}"})
        return
    _say(answers, {"ready": True})
    for line in sys.stdin:
        try:
            result = evaluate(Request.model_validate_json(line))
            _say(answers, {"result": result.to_dict()})
        except AffectmineError as error:
            _say(answers, {"error": [type(error).__name__, error.message, error.remedy]})
        except Exception as error:  # noqa: BLE001 - the message may hold values of rows: the class only
            _say(answers, {"crash": type(error).__name__})


def _say(answers: IO[str], what: dict[str, Any]) -> None:
    answers.write(json.dumps(what) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
    # Without the interpreter's own goodbye, which takes a second and prints pages about
    # DuckDB's types.
    os._exit(0)
