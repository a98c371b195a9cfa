"""Control of a synthesis: the last word on each row, gates on how varied it is, and the rows as they are published."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import xxhash

from jobs.synthesize_ready import Ready
from pipelines.lake.lake import Lake
from pipelines.stages.control import VERSION, Agreement, control
from pipelines.stages.synthesize_final import FinalTask, run_final_task
from schemas.config.base import semantic
from schemas.config.synthesize import DiversityConfig
from schemas.manifest import Manifest
from transforms.synthesize.diversity import Diversity


@dataclass(frozen=True)
class Controlled:
    """What control came to. `blocked` has the gates that failed, in words; then there are no manifests."""

    rows: int
    kept: int
    reasons: dict[str, int]
    agreement: list[Agreement]
    diversity: Diversity
    blocked: list[str]
    manifests: list[Manifest]

    @property
    def agreed(self) -> float | None:
        """The share of the checked texts that the checker agreed on."""
        checked = sum(each.checked for each in self.agreement)
        return sum(each.agreed for each in self.agreement) / checked if checked else None

    def told(self) -> dict[str, Any]:
        """Counts, rates and figures: no text."""
        return {
            "rows": self.rows,
            "kept": self.kept,
            "reasons": self.reasons,
            "agreement": None if self.agreed is None else round(self.agreed, 4),
            "agreement_by_label": {
                each.label: {"checked": each.checked, "agreed": each.agreed}
                for each in self.agreement
            },
            "diversity": self.diversity.told(),
        }

    def summary(self) -> str:
        """One line for people."""
        figures = ", ".join(
            f"{name.replace('_', ' ')} {value:.2f}"
            for name, value in self.diversity.told().items()
            if name != "rows" and value is not None
        )
        agreed = "nothing was checked" if self.agreed is None else f"{self.agreed:.0%} agreement"
        return f"The checker: {agreed}. Diversity of what is kept: {figures or 'nothing is kept'}."


def controlled(
    ready: Ready, lake: Lake, key_id: str, run_id: str, drafts: list[Manifest]
) -> Controlled:
    """Decides on all rows of the drafts; where no gate blocks, writes the rows of the dataset synthetic."""
    config = ready.config
    files = [file for manifest in drafts for file in manifest.outputs]
    digest = _digest(ready, [file.identity for file in files])
    with control(
        lake,
        files,
        similarity=config.copies.similarity,
        max_per_label=config.max_per_label,
        memory_limit=config.memory_limit,
    ) as verdicts:
        found = verdicts.diversity()
        blocked = _blocked(found, config.diversity)
        manifests = []
        if not blocked:
            manifests = [
                run_final_task(
                    FinalTask(
                        lake=lake,
                        run_id=run_id,
                        key_id=key_id,
                        shard=manifest.shard,
                        source_file=manifest.source_file,
                        source_chunk=manifest.source_chunk,
                        draft=file,
                        digest=digest,
                        verdicts=verdicts.of(number),
                    )
                )
                for number, (manifest, file) in enumerate(zip(drafts, files, strict=True))
            ]
        return Controlled(
            rows=sum(file.rows for file in files),
            kept=verdicts.kept(),
            reasons=verdicts.reasons(),
            agreement=verdicts.agreement(),
            diversity=found,
            blocked=blocked,
            manifests=manifests,
        )


def _digest(ready: Ready, identities: list[str]) -> str:
    config = ready.config
    meaning = [VERSION, semantic(config.copies), config.max_per_label, *identities]
    return xxhash.xxh3_128_hexdigest(json.dumps(meaning, sort_keys=True).encode())


def _blocked(found: Diversity, limits: DiversityConfig) -> list[str]:
    """The gates that fail; of too few rows, none does."""
    told: list[str] = []
    if found.rows < limits.least_rows:
        return told
    for name, value, least in (("distinct_2", found.distinct_2, limits.min_distinct_2),):
        if value is not None and least is not None and value < least:
            told.append(f"{name} is {value:.3f}, at least {least:g} is wanted")
    for name, value, most in (
        ("self_similarity", found.self_similarity, limits.max_self_similarity),
        ("opening_repetition", found.opening_repetition, limits.max_opening_repetition),
        ("tactic_repetition", found.tactic_repetition, limits.max_tactic_repetition),
    ):
        if value is not None and most is not None and value > most:
            told.append(f"{name} is {value:.3f}, at most {most:g} is wanted")
    return told
