"""Check: quality gates over what the run would publish: suites, drift of labels, evaluations."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any

import xxhash

from jobs.check_drift import drift_gates
from jobs.check_evaluate import evaluation_gates
from jobs.check_memory import NAME, Memory, as_json, key_of
from jobs.check_stages import require_figures, stages
from jobs.label import variants
from jobs.session import Session
from pipelines.gates.client import close, label_tables, require, run_gate, warm
from pipelines.gates.page import write_page
from pipelines.gates.result import GateResult
from pipelines.lake.place import Place
from pipelines.lake.snapshots import State
from pipelines.lake.store import replace
from schemas.config.base import Config, semantic
from schemas.config.run import RunConfig
from schemas.datasets import DATASETS
from schemas.expectation_suite import Suite, load_suite
from schemas.label_task import load_task
from schemas.manifest import Part
from schemas.taxonomy import load_taxonomy

CHECKED = ("records", "clean", "dedup", "contexts", "labels", "selection")


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
        asked = stages(config.label, [""] * len(config.label), base)
        require_figures(asked, config.check.evaluate)
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
        self, session: Session, parts: Sequence[Part], published: tuple[int, State]
    ) -> tuple[list[GateResult], Place]:
        """Runs the gates over the candidate partitions; writes the results as a page and as JSON.

        `published` is the newest snapshot: its number and state. A dataset that is published just so already, after
        the same suite, is not checked again; nor is drift where no row is new. An evaluation over the same files and
        gold is remembered.
        """
        begun = [self._begin(*each) for each in self._todo(session, parts, published[1]).items()]
        memory = Memory(session.lake)
        asked = stages(self._config.label, variants(session), self._base)
        labels = [
            *drift_gates(session, asked, parts, published, memory),
            *evaluation_gates(session, asked, parts, memory),
        ]
        results = [*(each.result() for each in begun), *labels]
        for result in results:
            session.screen.say(f"{'check ' + result.title:>16}  {result.seconds:.1f} s")
            for finding in result.findings:
                if not finding.judged:
                    session.screen.say(f"{'':>16}  {finding.told}")
        page = session.journal.folder / "gates.html"
        write_page(page, results, title=f"Quality gates of run {session.run_id}")
        replace(session.journal.folder / NAME, as_json(results))
        return results, page

    def marked(self, parts: Iterable[Part], results: Iterable[GateResult]) -> list[Part]:
        """The partitions with what they keep of their gates; those that no gate looked at as they are."""
        found = list(results)
        marks = {result.dataset: self._mark(result) for result in found if result.kind == "suite"}
        return [
            part.model_copy(update={"gate": marks[part.dataset] | _label_marks(part, found)})
            if part.dataset in marks
            else part
            for part in parts
        ]

    def _mark(self, result: GateResult) -> dict[str, Any]:
        return {
            "suite": result.suite,
            "version": result.version,
            "meaning": self._meaning(result.dataset),
            "passed": result.passed,
            "warnings": len(result.failures("warning")),
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
        asked = [
            load_task(self._base / label.task if "." in label.task else label.task)
            for label in self._config.label
        ]
        words = [task.name for task in asked if task.answer == "words"]
        taxonomies = {taxonomy.name: taxonomy.names for taxonomy in used}
        result = run_gate(
            suite,
            files,
            memory_limit=engine.memory_limit,
            restricted=DATASETS[dataset].restricted,
            threads=engine.workers,
            tables=label_tables(taxonomies, words) if "taxonomy_labels" in suite.tables else None,
        )
        return replaced(result, key=self._key(dataset, files))

    def _todo(
        self, session: Session, parts: Sequence[Part], published: State
    ) -> dict[str, tuple[str, ...]]:
        fresh, otherwise = set(), set()
        files: dict[str, list[str]] = defaultdict(list)
        for part in parts:
            suite, old = self.suites.get(part.dataset), published.get(part.key)
            if suite is None:
                continue
            files[part.dataset] += [str(session.lake.path(name)) for name in part.stored]
            if old is None or old.stored != part.stored:
                fresh.add(part.dataset)
            elif old.gate.get("meaning") != self._meaning(part.dataset):
                otherwise.add(part.dataset)
        # A publication that changes nothing leaves no mark: only the results of earlier runs tell that it was checked.
        memory = Memory(session.lake)
        for name in otherwise - fresh:
            known = memory.find(self._key(name, files[name]))
            if known is None or known.blocked:
                fresh.add(name)
        return {name: tuple(files[name]) for name in self.suites if name in fresh}

    def _meaning(self, dataset: str) -> str:
        check = self._config.check
        more = (*check.drift, *check.evaluate) if dataset == "labels" else ()
        return meaning(self.suites[dataset], more)

    def _key(self, dataset: str, files: Iterable[str]) -> str:
        return key_of("suite", self._meaning(dataset), sorted(Path(file).name for file in files))


def meaning(suite: Suite, more: Iterable[Config] = ()) -> str:
    """A hash of all that a suite, and the settings of further gates, ask."""
    asked = [semantic(suite), *map(semantic, more)]
    content = json.dumps(asked if len(asked) > 1 else asked[0], sort_keys=True)
    return xxhash.xxh3_128_hexdigest(content.encode())[:16]


def _label_marks(part: Part, results: Iterable[GateResult]) -> dict[str, Any]:
    """What a partition of labels keeps of its drift gates and evaluations."""
    told: dict[str, Any] = {}
    for result in results:
        if result.kind != "suite" and (result.dataset, result.variant) == (
            part.dataset,
            part.variant,
        ):
            mark = told.setdefault(result.kind, {"passed": True, "judged": 0, "warnings": 0})
            mark["passed"] &= result.passed
            mark["judged"] += result.judged
            mark["warnings"] += len(result.failures("warning"))
    return told
