"""Opens a snapshot for a report: its marts are built first where they are not there."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from jobs.report.source import Source
from pipelines.lake.lake import Lake
from pipelines.lake.mart_files import mart_files, queryable_files
from pipelines.lake.snapshots import published, read_snapshot
from pipelines.query.catalog import open_catalog
from schemas.errors import TransientError
from schemas.mart import mart_names

_MEMORY = "1500MB"
_NO_RIGHT: Final = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def open_source(lake: Lake, as_of: int | None = None) -> Iterator[Source]:
    """The newest snapshot, or the one `as_of`. Raises TerminalError when nothing is published."""
    number, parts = published(lake, as_of)
    unbuilt: dict[str, str] = {}
    missing = sorted(set(mart_names()) - set(mart_files(lake, parts)))
    if missing:
        unbuilt = _build(lake, number, missing)
    files = queryable_files(lake, parts)
    with open_catalog(files, memory_limit=_MEMORY) as catalog:
        yield Source(
            catalog, frozenset(catalog.views), lake, read_snapshot(lake, number), parts, unbuilt
        )


def _build(lake: Lake, number: int, missing: Sequence[str]) -> dict[str, str]:
    """Builds marts; says of those that are not there afterwards why. A lake that may only be read is shown as it is."""
    from jobs.marts import build_marts  # late: most reports find their marts built

    try:
        # Without settings: with those that the lake's marts were last built with.
        built = build_marts(lake.root, as_of=number, names=missing)
    except (OSError, TransientError) as error:
        if not _forbidden(error):
            raise
        why = "the lake's folder may only be read. Who may write builds it: affectmine marts build"
        return dict.fromkeys(missing, why)
    return {mart: str(error) for mart, error in built.errors.items()}


def _forbidden(error: BaseException | None) -> bool:
    """Whether the file system has refused for want of a right, and not for want of space."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _NO_RIGHT:
            return True
        error = error.__cause__ or error.__context__
    return False
