"""Clean: records become redacted text with one outcome each."""

from jobs.ingest import Ingested
from jobs.session import Session, dump, mine
from pipelines.stages.conversation_names import conversation_names
from pipelines.stages.row import RowTask, run_row_task
from pipelines.stages.superseded import superseded
from schemas.config.base import semantic
from schemas.config.corpus import DOMAINS, Domain
from schemas.manifest import Manifest
from transforms.clean.clean import VERSION


def clean_tasks(session: Session, ingested: Ingested) -> list[RowTask]:
    """One task a records shard, knowing which of its rows lost against a double."""
    records = ingested.records()
    lost = superseded(
        session.lake,
        [file for _, file in records],
        memory_limit=session.config.engine.memory_limit,
        threads=session.config.engine.workers,
    )
    # In posts names of accounts are no names of people: nothing to gather.
    talks = {corpus.name for corpus in session.config.corpora if corpus.domain != "social"}
    names = conversation_names(
        session.lake,
        [file for _, file in records if file.corpus in talks],
        memory_limit=session.config.engine.memory_limit,
        threads=session.config.engine.workers,
    )
    settings = {corpus.name: _settings(session, corpus.domain) for corpus in session.config.corpora}
    return [
        RowTask(
            lake=session.lake,
            run_id=session.run_id,
            key_id=session.key_id,
            module="pipelines.stages.clean",
            settings=settings[file.corpus],
            stage="clean",
            version=VERSION,
            dataset="clean",
            variant="",
            source_file=manifest.source_file,
            source_chunk=manifest.source_chunk,
            input=file,
            superseded=lost.get(file.path, ()),
            names=names.get(file.path, ()),
        )
        for manifest, file in records
    ]


def _settings(session: Session, domain: Domain) -> str:
    # The policy of another domain must not redo this one.
    config = semantic(session.config.clean)
    return dump(
        {key: value for key, value in config.items() if key not in DOMAINS or key == domain}
    )


def clean(session: Session, ingested: Ingested, failed: set[tuple[str, str]]) -> list[Manifest]:
    """Cleans every records shard; partitions (corpus, day) with a failed shard join `failed`."""
    todo = clean_tasks(session, ingested)
    todo = [task for task in todo if mine(session.group, task.shard)]
    return session.units(
        "clean",
        run_row_task,
        todo,
        total=len(todo),
        rows=sum(task.input.rows for task in todo),
        on_failure=lambda task: failed.add((task.input.corpus, task.input.partition)),
    )
