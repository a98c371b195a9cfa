"""Publish: what passed its gates becomes the newest snapshot, all datasets at once."""

from collections.abc import Iterable, Mapping, Set

from jobs.session import Session
from pipelines.lake.candidates import candidates
from pipelines.lake.failpoint import failpoint
from pipelines.lake.lake import Lake
from pipelines.lake.snapshots import State, numbers, publish, state
from pipelines.query.catalog import write_catalog
from schemas.manifest import Manifest, Part


class Moved(Exception):  # noqa: N818 - not an error: a signal to check again
    """Another run published into the same partitions between check and publication."""


def candidate_parts(
    session: Session,
    manifests: Iterable[Manifest],
    sources: Mapping[str, Set[str]],
    failed: Set[tuple[str, str]],
    published: State,
) -> tuple[list[Part], list[str]]:
    """What this run would publish; partitions with a failed shard are left as they are."""
    parts, gone = candidates(
        session.lake,
        manifests,
        published,
        sources=sources,
        retire_missing=session.config.engine.retire_missing_sources,
    )
    broken = {corpus for corpus, partition in failed if partition == "*"}

    def whole(corpus: str, partition: str) -> bool:
        return corpus not in broken and (corpus, partition) not in failed

    parts = [part for part in parts if whole(part.corpus, part.partition)]
    gone = [key for key in gone if whole(*key.split("|")[2:4])]
    return parts, gone


def publish_parts(
    session: Session,
    manifests: Iterable[Manifest],
    sources: Mapping[str, Set[str]],
    failed: Set[tuple[str, str]],
    checked: list[Part],
    marks: Mapping[str, dict[str, object]],
) -> tuple[int, int]:
    """Publishes the checked partitions; returns the snapshot's number and how many partitions changed.

    Raises Moved when they are no longer what was checked.
    """
    made = list(manifests)

    def change(newest: State) -> tuple[list[Part], list[str]]:
        parts, gone = candidate_parts(session, made, sources, failed, newest)
        if [(part.key, part.stored) for part in parts] != [
            (part.key, part.stored) for part in checked
        ]:
            raise Moved
        return [
            part.model_copy(update={"gate": marks.get(part.dataset, {})}) for part in parts
        ], gone

    number, changed = publish(session.lake, session.run_id, change)
    refresh_catalog(session.lake)
    failpoint("publish.catalog_written")
    return number, changed


def refresh_catalog(lake: Lake) -> None:
    """Writes catalog.duckdb for the newest snapshot, again if another one appears meanwhile."""
    while True:
        number, parts = state(lake)
        write_catalog(lake.root / "catalog.duckdb", published_files(lake, parts))
        newest = numbers(lake)
        if not newest or newest[-1] == number:
            return


def published_files(lake: Lake, parts: State) -> dict[str, list[str]]:
    """The Parquet files of each dataset, in a fixed order."""
    files: dict[str, list[str]] = {}
    for key in sorted(parts):
        part = parts[key]
        files.setdefault(part.dataset, []).extend(str(lake.path(name)) for name in part.stored)
    return files
