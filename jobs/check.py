"""Check: quality gates over what the run would publish."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from jobs.session import Session
from pipelines.gates.gate import run_gate
from pipelines.gates.page import write_page
from pipelines.gates.result import GateResult
from pipelines.lake.store import replace
from schemas.expectation_suite import Suite, load_suites
from schemas.manifest import Part

CHECKED = ("records", "clean", "labels")


def suites(session: Session) -> dict[str, Suite]:
    """The suites by dataset: ours, with the user's in place of them or beside them."""
    paths = [session.base / name for name in session.config.check.suites]
    return load_suites(paths)


def check(
    session: Session, parts: Sequence[Part], chosen: dict[str, Suite]
) -> tuple[list[GateResult], Path]:
    """Runs the gates over the candidate partitions; writes the results as a page and as JSON.

    Datasets that already are published just so, after the same suite, are not checked again.
    """
    results: list[GateResult] = []
    files: dict[str, list[str]] = defaultdict(list)
    for part in parts:
        files[part.dataset] += [str(session.lake.path(name)) for name in part.stored]
    for dataset in CHECKED:
        if files[dataset]:
            with session.screen.waiting(f"checking {dataset}"):
                results.append(
                    run_gate(
                        chosen[dataset],
                        files[dataset],
                        memory_limit=session.config.engine.memory_limit,
                        threads=session.config.engine.workers,
                        taxonomies=taxonomies(session) if dataset == "labels" else {},
                    )
                )
    page = session.journal.folder / "gates.html"
    write_page(page, results, title=f"Quality gates of run {session.run_id}")
    content = json.dumps([result.to_dict() for result in results], indent=1)
    replace(session.journal.folder / "gates.json", content.encode())
    return results, page


def taxonomies(session: Session) -> dict[str, list[str]]:
    """The labels of each taxonomy that the run used."""
    from schemas.taxonomy import load_taxonomy

    return {
        config.taxonomy: list(load_taxonomy(config.taxonomy).names)
        for config in session.config.label
    }


def gate_marks(results: Iterable[GateResult]) -> dict[str, dict[str, Any]]:
    """What a published partition keeps of its gate."""
    return {
        result.dataset: {
            "suite": result.suite,
            "version": result.version,
            "passed": result.passed,
            "warnings": len(result.failures("warning")),
        }
        for result in results
    }
