"""Ingest: source files become records."""

from dataclasses import dataclass, field

from jobs.revisions import Revisions, find_revisions
from jobs.session import Session
from jobs.sources import Broken, Input, tasks
from pipelines.stages.ingest import ingest_chunk
from pipelines.stages.ingest_task import IngestTask
from schemas.manifest import DataFile, Manifest


@dataclass
class Ingested:
    """What ingest made: its manifests, and what could not be read."""

    manifests: list[Manifest] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    failed_corpora: set[str] = field(default_factory=set)
    revisions: Revisions = field(default_factory=Revisions)

    def records(self) -> list[tuple[Manifest, DataFile]]:
        """The records shards, with the manifest that names each."""
        return [
            (manifest, file)
            for manifest in self.manifests
            for file in manifest.outputs
            if file.dataset == "records"
        ]


def ingest(session: Session, given: list[Input]) -> Ingested:
    """Reads all inputs, chunk by chunk; what is done already is skipped."""
    made = Ingested()

    def failed(task: IngestTask) -> None:
        # A chunk that failed may have had rows of any day: nothing of its corpus is published.
        made.failed_corpora.add(task.corpus.name)

    made.manifests = session.units(
        "ingest",
        ingest_chunk,
        tasks(
            session.lake,
            given,
            session.config,
            key_id=session.key_id,
            run_id=session.run_id,
            broken=made.broken,
        ),
        on_failure=failed,
    )
    for broken in made.broken:
        if broken.lost:
            made.failed_corpora.add(broken.input.corpus.name)
            session.failures.append(("ingest", broken.input.file_id, broken.error))
        else:
            session.screen.warn(str(broken.error))
        kind = type(broken.error).__name__
        session.journal.failed("ingest", broken.input.file_id, kind, "broken source")
    sources = {(each.corpus.name, each.file_id) for each in given}
    records = [file for _, file in made.records()]
    made.revisions = find_revisions(session, sources, records)
    return made
