"""Check: quality gates over what the run would publish."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import xxhash

from jobs.session import Session
from pipelines.gates.client import close, require, run_gate, taxonomy_table, warm
from pipelines.gates.page import write_page
from pipelines.gates.result import GateResult
from pipelines.lake.snapshots import State
from pipelines.lake.store import replace
from schemas.config.base import semantic
from schemas.config.run import RunConfig
from schemas.datasets import DATASETS
from schemas.expectation_suite import Suite, load_suite
from schemas.manifest import Part
from schemas.taxonomy import load_taxonomy

CHECKED = ("records", "clean", "dedup", "contexts", "labels")


class Gate:
    """The quality gate of a run: its suites, and the process that runs them."""

    def __init__(self, config: RunConfig, base: Path) -> None:
        """Loads the suites: ours, or the user's in place of them.

        Raises MissingExtraError without the extra, ConfigError for a suite with mistakes.
        """
        require()
        self.suites = {name: load_suite(name) for name in CHECKED}
        for name in config.check.suites:
            suite = load_suite(base / name)
            self.suites[suite.dataset] = suite
        self._config, self._base = config, base
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._ahead: dict[tuple[str, tuple[str, ...]], Future[GateResult]] = {}

    def warm(self) -> None:
        """Starts the gate process, whose imports take seconds; returns at once."""
        warm()

    def close(self) -> None:
        """Ends the gate process."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        close()

    def ahead(self, session: Session, parts: Sequence[Part], published: State) -> None:
        """Begins to check datasets that are complete while later stages still run; `check` collects."""
        for dataset, files in self._todo(session, parts, published).items():
            self._begin(dataset, files)

    def check(
        self, session: Session, parts: Sequence[Part], published: State
    ) -> tuple[list[GateResult], Path]:
        """Runs the suites over the candidate partitions; writes the results as a page and as JSON.

        A dataset that is published just so already, after the same suite, is not checked again.
        """
        results = []
        for dataset, files in self._todo(session, parts, published).items():
            results.append(self._begin(dataset, files).result())
            session.screen.say(f"{'check ' + dataset:>16}  {results[-1].seconds:.1f} s")
        page = session.journal.folder / "gates.html"
        write_page(page, results, title=f"Quality gates of run {session.run_id}")
        content = json.dumps([result.to_dict() for result in results], indent=1)
        replace(session.journal.folder / "gates.json", content.encode())
        return results, page

    def marks(self, results: Iterable[GateResult]) -> dict[str, dict[str, Any]]:
        """What a published partition keeps of its gate, by dataset."""
        return {
            result.dataset: {
                "suite": result.suite,
                "version": result.version,
                "meaning": meaning(self.suites[result.dataset]),
                "passed": result.passed,
                "warnings": len(result.failures("warning")),
            }
            for result in results
        }

    def _begin(self, dataset: str, files: tuple[str, ...]) -> "Future[GateResult]":
        key = (dataset, files)
        if key not in self._ahead:
            self._ahead[key] = self._pool.submit(self._run, dataset, files)
        return self._ahead[key]

    def _run(self, dataset: str, files: tuple[str, ...]) -> GateResult:
        suite, engine = self.suites[dataset], self._config.engine
        used = [
            load_taxonomy(self._base / label.taxonomy if "." in label.taxonomy else label.taxonomy)
            for label in self._config.label
        ]
        taxonomies = {taxonomy.name: taxonomy.names for taxonomy in used}
        return run_gate(
            suite,
            files,
            memory_limit=engine.memory_limit,
            restricted=DATASETS[dataset].restricted,
            threads=engine.workers,
            tables=taxonomy_table(taxonomies) if "taxonomy_labels" in suite.tables else None,
        )

    def _todo(
        self, session: Session, parts: Sequence[Part], published: State
    ) -> dict[str, tuple[str, ...]]:
        changed = set()
        files: dict[str, list[str]] = defaultdict(list)
        for part in parts:
            suite, old = self.suites.get(part.dataset), published.get(part.key)
            if suite is None:
                continue
            files[part.dataset] += [str(session.lake.path(name)) for name in part.stored]
            fresh = old is None or old.stored != part.stored
            if fresh or (old is not None and old.gate.get("meaning") != meaning(suite)):
                changed.add(part.dataset)
        return {name: tuple(files[name]) for name in self.suites if name in changed}


def meaning(suite: Suite) -> str:
    """A hash of all that a suite asks."""
    return xxhash.xxh3_128_hexdigest(json.dumps(semantic(suite), sort_keys=True).encode())[:16]
