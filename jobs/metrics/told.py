"""What is known of a run so far: what metrics and lineage are made of."""

import time
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from jobs.metrics.terminated import Terminated
from pipelines.lake.lake import Lake
from schemas.errors import EXIT_TERMINAL, AffectmineError, StoppedError

if TYPE_CHECKING:
    from jobs.publish import Published
    from jobs.run import Outcome
    from jobs.session import StageTotals

_INTERRUPTED, _TERMINATED = 130, 143


@dataclass
class StageTold:
    """A stage that has begun; `ended` is None while it goes on. Times are seconds since 1970."""

    totals: "StageTotals"
    began: float
    ended: float | None = None

    @property
    def name(self) -> str:
        """Stage and variant, as on screen."""
        return f"{self.totals.name} {self.totals.variant}".strip()

    @property
    def seconds(self) -> float:
        """How long it took, or takes so far."""
        return (self.ended or time.time()) - self.began


@dataclass
class RunTold:
    """A run. Of what stops it as a whole, `error`; `failures` are those of single shards: (stage, shard, error)."""

    pipeline: str
    command: str
    engine: str
    group: str  # i/n of a run that does a part of the shards, else empty
    publishes: bool  # goes all the way, as `affectmine run` does
    began: float
    run_id: str = ""
    lake: Lake | None = None
    stages: list[StageTold] = field(default_factory=list)
    failures: list[tuple[str, str, AffectmineError]] = field(default_factory=list)
    published: "Published | None" = None
    checked: float | None = None  # when gates and publication were over
    outcome: "Outcome | None" = None
    error: BaseException | None = None
    ended: float | None = None

    @property
    def exit_code(self) -> int | None:
        """What the command returns; None while the run goes on."""
        if self.ended is None:
            return None
        if self.error is None:
            return self.outcome.exit_code if self.outcome else EXIT_TERMINAL
        if isinstance(self.error, AffectmineError):
            return self.error.exit_code
        if isinstance(self.error, Terminated):
            return _TERMINATED
        return _INTERRUPTED if isinstance(self.error, KeyboardInterrupt) else EXIT_TERMINAL

    @property
    def aborted(self) -> bool:
        """Whether somebody stopped it."""
        return isinstance(self.error, KeyboardInterrupt | StoppedError)


def our_version() -> str:
    """The version of affectmine."""
    try:
        return version("affectmine")
    except PackageNotFoundError:  # run from its sources
        return "unknown"
