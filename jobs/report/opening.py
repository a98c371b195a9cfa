"""Opens a snapshot for a report: its marts are built first where they are not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jobs.report.source import Source
from pipelines.lake.lake import Lake
from pipelines.lake.mart_files import mart_files, queryable_files
from pipelines.lake.snapshots import read_snapshot, state
from pipelines.query.catalog import open_catalog
from schemas.errors import TerminalError
from schemas.mart import mart_names

_MEMORY = "1500MB"
_THREADS = 2


@contextmanager
def open_source(lake: Lake, as_of: int | None = None) -> Iterator[Source]:
    """The newest snapshot, or the one `as_of`. Raises TerminalError when nothing is published."""
    number, parts = state(lake, as_of)
    if number == 0:
        raise TerminalError(
            f"Nothing is published in {lake.root} yet.",
            remedy="Run a config first: affectmine run CONFIG",
        )
    unbuilt: dict[str, str] = {}
    missing = sorted(set(mart_names()) - set(mart_files(lake, parts)))
    if missing:
        from jobs.marts import build_marts  # late: most reports find their marts built

        # Without settings: with those that the lake's marts were last built with.
        built = build_marts(lake.root, as_of=number, names=missing)
        unbuilt = {mart: str(error) for mart, error in built.errors.items()}
    files = queryable_files(lake, parts)
    with open_catalog(files, memory_limit=_MEMORY, threads=_THREADS) as catalog:
        yield Source(
            catalog, frozenset(catalog.views), lake, read_snapshot(lake, number), parts, unbuilt
        )
