"""What a gate found: plain numbers, never a value of a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

from schemas.errors import GateError

Kind = Literal["suite", "drift", "evaluation"]


@dataclass(frozen=True)
class Finding:
    """One expectation and how it went. `error` is set when it could not be evaluated: then it
    counts as failed.

    `told` says in words what was found, where a number does not. What was not `judged` (too few rows, nothing to
    compare with) counts as success, and `told` says why.
    """

    id: str
    type: str
    column: str | None
    severity: Literal["critical", "warning"]
    success: bool
    observed: int | float | None
    unexpected_count: int | None
    why: str
    error: str | None = None
    told: str | None = None
    judged: bool = True


@dataclass(frozen=True)
class GateResult:
    """The findings of a suite over the candidate files of a dataset, or of a drift or evaluation gate over the labels
    of a variant (task/taxonomy/labeler).

    `shares` has what a drift gate compared: per group the rows, distances and shares of labels on both sides. `key`
    stands for all that determines the result.
    """

    suite: str
    version: int
    dataset: str
    rows: int | None
    files: int
    seconds: float
    findings: tuple[Finding, ...]
    kind: Kind = "suite"
    variant: str = ""
    shares: tuple[dict[str, Any], ...] = ()
    key: str = ""

    @property
    def title(self) -> str:
        """What was gated, for tables and pages."""
        if self.kind == "suite":
            return self.dataset
        return f"{self.kind} of {self.variant}"

    @property
    def passed(self) -> bool:
        """True when every expectation held, the warnings included."""
        return all(finding.success for finding in self.findings)

    @property
    def blocked(self) -> bool:
        """True when a critical expectation failed: the candidate must not be published."""
        return any(not f.success and f.severity == "critical" for f in self.findings)

    @property
    def judged(self) -> int:
        """How many of the findings are judgments."""
        return sum(finding.judged for finding in self.findings)

    def failures(self, severity: Literal["critical", "warning"]) -> list[Finding]:
        """The failed expectations of a severity."""
        return [f for f in self.findings if not f.success and f.severity == severity]

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON values, for snapshots, reports and `--json`."""
        return {
            **asdict(self),
            "title": self.title,
            "passed": self.passed,
            "blocked": self.blocked,
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> GateResult:
        """The result that `to_dict` wrote."""
        names = cls.__dataclass_fields__.keys() & content.keys()
        known = {name: content[name] for name in names - {"findings", "shares"}}
        findings = cast("Iterable[dict[str, Any]]", content["findings"])
        return cls(
            **known,
            findings=tuple(Finding(**finding) for finding in findings),
            shares=tuple(content.get("shares", ())),
        )


def enforce(results: Iterable[GateResult]) -> None:
    """Raises GateError with every failed critical expectation when one of the results blocks."""
    lines = [
        f"  {_name(result, finding)}: {said(finding)}. {finding.why}"
        for result in results
        for finding in result.failures("critical")
    ]
    if lines:
        raise GateError(
            f"{len(lines)} critical expectation(s) failed, nothing is published:\n"
            + "\n".join(lines),
            remedy="\nFix the data, config or suite, and run again; finished shards are kept.",
        )


def said(finding: Finding) -> str:
    """What was found, in words."""
    if finding.error is not None:
        return f"could not be evaluated: {finding.error}"
    if finding.told is not None:
        return finding.told
    if finding.unexpected_count is not None:
        return f"{finding.unexpected_count:,} unexpected"
    return f"observed {finding.observed}"


def _name(result: GateResult, finding: Finding) -> str:
    return f"{result.title}.{finding.id}" if result.kind == "suite" else result.title
