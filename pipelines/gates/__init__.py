"""Quality gates: Great Expectations over candidate files, before anything is published."""

from pipelines.gates.client import close, require, run_gate, taxonomy_table, warm
from pipelines.gates.result import Finding, GateResult, enforce

__all__ = [
    "Finding",
    "GateResult",
    "close",
    "enforce",
    "require",
    "run_gate",
    "taxonomy_table",
    "warm",
]
