"""What a gate found: plain numbers, never a value of a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

from schemas.errors import GateError


@dataclass(frozen=True)
class Finding:
    """One expectation and how it went. `error` is set when it could not be evaluated: then it
    counts as failed.
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


@dataclass(frozen=True)
class GateResult:
    """The findings of a suite over the candidate files of a dataset."""

    suite: str
    version: int
    dataset: str
    rows: int | None
    files: int
    seconds: float
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """True when every expectation held, the warnings included."""
        return all(finding.success for finding in self.findings)

    @property
    def blocked(self) -> bool:
        """True when a critical expectation failed: the candidate must not be published."""
        return any(not f.success and f.severity == "critical" for f in self.findings)

    def failures(self, severity: Literal["critical", "warning"]) -> list[Finding]:
        """The failed expectations of a severity."""
        return [f for f in self.findings if not f.success and f.severity == severity]

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON values, for snapshots, reports and `--json`."""
        return {**asdict(self), "passed": self.passed, "blocked": self.blocked}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> GateResult:
        """The result that `to_dict` wrote."""
        known = {name: content[name] for name in cls.__dataclass_fields__ if name != "findings"}
        findings = cast("Iterable[dict[str, Any]]", content["findings"])
        return cls(**known, findings=tuple(Finding(**finding) for finding in findings))


def enforce(results: Iterable[GateResult]) -> None:
    """Raises GateError with every failed critical expectation when one of the results blocks."""
    lines = []
    for result in results:
        for finding in result.failures("critical"):
            what = finding.error or (
                f"{finding.unexpected_count:,} unexpected"
                if finding.unexpected_count is not None
                else f"observed {finding.observed}"
            )
            lines.append(f"  {result.dataset}.{finding.id}: {what}. {finding.why}")
    if lines:
        raise GateError(
            f"{len(lines)} critical expectation(s) failed, nothing is published:\n"
            + "\n".join(lines),
            remedy="\nFix the data, config or suite, and run again; finished shards are kept.",
        )
