"""Revisions over runs: published rows that lose against a newer revision in the files of this run.

A run reads some source files; rows of others stay published. Where a file of this run has a newer revision of a post
that is published from another file (edited, or deleted at the source), the clean shard of that other file is made
again, without the old revision, and published in the same snapshot. The other way round, a run of the old file sees
the newer revision that is published. Both compare the same rows, so that the runs agree whichever comes last.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from jobs.session import Session
from pipelines.lake.commit import read_manifest
from pipelines.lake.fingerprint import shard_id
from pipelines.lake.rows import read_batches
from pipelines.lake.snapshots import State, state
from pipelines.stages.superseded import Lost, losing
from schemas.manifest import DataFile, Manifest, Part
from transforms.clean.outcome import DUPLICATE_ID


@dataclass(frozen=True)
class Revisions:
    """Published shards of records of files that this run does not read.

    `revised`: of which a row that is published now loses, with their ingest manifests; `beside`: all the others;
    `whole`: all those of the source files of the revised ones.
    """

    revised: list[tuple[Manifest, DataFile]] = field(default_factory=list)
    beside: list[DataFile] = field(default_factory=list)
    whole: list[DataFile] = field(default_factory=list)


_Row = tuple[str, str, DataFile]  # source file, manifest, records shard


def find_revisions(
    session: Session, sources: set[tuple[str, str]], records: list[DataFile]
) -> Revisions:
    """Compares the records of this run with those published of other files of its corpora.

    `sources`: corpora and keyed source files of this run. With `engine.retire_missing_sources` other files are about
    to go, so that there is nothing to compare with.
    """
    if session.config.engine.retire_missing_sources or not records:
        return Revisions()
    published = state(session.lake)[1]
    corpora = {corpus for corpus, _ in sources}
    others = [
        row
        for part in published.values()
        if part.dataset == "records" and part.corpus in corpora
        for row in _rows(part)
        if (part.corpus, row[0]) not in sources
    ]
    lost: dict[str, Lost] = {}
    if others:
        with session.database("Looking for doubles") as database:
            beside = [file for _, _, file in others]
            lost = losing(database, session.lake, records, beside=beside)
    revised: list[tuple[Manifest, DataFile]] = []
    files: set[str] = set()
    for source, name, file in others:
        rows = lost[file.path].rows if file.path in lost else ()
        if rows:
            manifest = read_manifest(session.lake.path(name))
            if _is_published(session, published, manifest, file, rows):
                revised.append((manifest, file))
                files.add(source)
    paths = {file.path for _, file in revised}
    return Revisions(
        revised,
        [file for _, _, file in others if file.path not in paths],
        [file for source, _, file in others if source in files],
    )


def _rows(part: Part) -> Iterator[_Row]:
    return zip(part.sources, part.manifests, part.files, strict=True)


def _is_published(
    session: Session, published: State, made_by: Manifest, file: DataFile, rows: tuple[int, ...]
) -> bool:
    """Whether one of these rows of a records shard is published as anything else than superseded."""
    part = published.get("|".join(("clean", "", file.corpus, file.partition)))
    shard = shard_id(file.corpus, file.partition, made_by.source_file, made_by.source_chunk)
    if part is None:
        return False
    for _, name, clean in _rows(part):
        if f"/shard-{shard}-" in name:
            wanted, seen = set(rows), 0
            for batch in read_batches(session.lake, clean, ["reason"]):
                reasons = batch["reason"].to_list()
                here = [row - seen for row in wanted if seen <= row < seen + len(reasons)]
                if any(reasons[row] != DUPLICATE_ID for row in here):
                    return True
                seen += len(reasons)
    return False
