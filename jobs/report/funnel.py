"""The way of the rows: what came in, what became of it, and why, from the manifests of a snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipelines.lake.commit import read_manifest
from pipelines.lake.lake import Lake
from schemas.errors import TerminalError
from schemas.manifest import Manifest, Part

_ORDER = ("ingest", "clean", "dedup", "windows", "label", "select")


@dataclass
class Step:
    """One stage over all its shards; of labels and selections, one variant (task/taxonomy/labeler).

    `together`: some of its shards were made in one pass with those of other variants.
    """

    stage: str
    variant: str
    shards: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    cost: dict[str, float] = field(default_factory=dict)
    together: bool = False

    @property
    def title(self) -> str:
        """In words."""
        return f"{self.stage} {self.variant}".strip()

    @property
    def came_in(self) -> int:
        """Rows (of ingest: units of the sources) that came in."""
        return self.counts.get("in", 0)

    @property
    def went_on(self) -> int:
        """Rows that the next stage gets."""
        for name in ("records", "kept", "labeled"):
            if name in self.counts:
                return self.counts[name]
        return self.came_in


@dataclass(frozen=True)
class Funnel:
    """All steps in their order; `lost`: manifests that could not be read."""

    steps: tuple[Step, ...]
    lost: int = 0

    def of(self, stage: str) -> list[Step]:
        """The steps of a stage."""
        return [step for step in self.steps if step.stage == stage]


def read_funnel(lake: Lake, parts: Iterable[Part]) -> Funnel:
    """The funnel of the published partitions. Each manifest counts once, whatever partitions it wrote."""
    seen: dict[str, tuple[str, str]] = {}
    for part in parts:
        for name in part.manifests:
            seen.setdefault(name, (part.dataset, part.variant))
    found, lost = [], 0
    for name, (_, variant) in sorted(seen.items()):
        try:
            found.append((read_manifest(lake.path(name)), variant))
        except (OSError, TerminalError):
            lost += 1
    return Funnel(summed(found), lost)


def summed(manifests: Iterable[tuple[Manifest, str]]) -> tuple[Step, ...]:
    """Manifests and their variants, added up by stage and variant."""
    steps: dict[tuple[str, str], Step] = {}
    passes: dict[tuple[str, str], set[str]] = {}  # an attempt is one pass over a shard
    for manifest, variant in manifests:
        passes.setdefault((manifest.stage, manifest.attempt), set()).add(variant)
        step = steps.setdefault((manifest.stage, variant), Step(manifest.stage, variant))
        step.shards += 1
        step.seconds += manifest.seconds
        _add(step.counts, manifest.counts)
        _add(step.reasons, manifest.reasons)
        for kind, spent in manifest.cost.items():
            step.cost[kind] = step.cost.get(kind, 0.0) + spent
    for (stage, _), variants in passes.items():
        for variant in variants if len(variants) > 1 else ():
            steps[stage, variant].together = True
    place = {stage: number for number, stage in enumerate(_ORDER)}
    return tuple(
        sorted(steps.values(), key=lambda s: (place.get(s.stage, len(_ORDER)), s.stage, s.variant))
    )


def _add(total: dict[str, int], more: Mapping[str, int]) -> None:
    for name, value in more.items():
        total[name] = total.get(name, 0) + value
