"""Quality gates: Great Expectations over candidate files, before anything is published."""

from pipelines.gates.client import close, label_tables, require, run_gate, warm
from pipelines.gates.result import Finding, GateResult, enforce

__all__ = [
    "Finding",
    "GateResult",
    "close",
    "enforce",
    "label_tables",
    "require",
    "run_gate",
    "warm",
]
