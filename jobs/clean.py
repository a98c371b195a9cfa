"""Clean: records become redacted text with one outcome each."""

from jobs.ingest import Ingested
from jobs.session import Session, dump, mine
from pipelines.stages.clean import NER_VERSION, ner_version
from pipelines.stages.conversation_names import Names, conversation_names
from pipelines.stages.row import RowTask, run_row_task
from pipelines.stages.superseded import NOTHING_LOST, losing
from schemas.config.base import semantic
from schemas.config.corpus import DOMAINS, Domain
from schemas.manifest import Manifest
from transforms.clean.clean import VERSION


def clean_tasks(session: Session, ingested: Ingested) -> list[RowTask]:
    """One task a records shard, knowing which of its rows lost against a double."""
    records = [*ingested.records(), *ingested.revisions.revised]
    with session.database("Looking for doubles") as database:
        files = [file for _, file in records]
        lost = losing(database, session.lake, files, beside=ingested.revisions.beside)
    # In posts names of accounts are no names of people: nothing to gather.
    talks = {corpus.name for corpus in session.config.corpora if corpus.domain != "social"}
    names: dict[str, Names] = {}
    # A revised shard has the names of its own file, as when that file is run.
    for files in (ingested.revisions.whole, [file for _, file in ingested.records()]):
        told = [file for file in files if file.corpus in talks]
        if told:
            with session.database("Gathering the names of conversations") as database:
                names |= conversation_names(database, session.lake, told)
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
            superseded=lost.get(file.path, NOTHING_LOST).rows,
            lost_at_first=lost.get(file.path, NOTHING_LOST).first,
            names=names.get(file.path, ()),
        )
        for manifest, file in records
    ]


def _settings(session: Session, domain: Domain) -> str:
    # The policy of another domain must not redo this one.
    config = semantic(session.config.clean)
    wanted = {key: value for key, value in config.items() if key not in DOMAINS or key == domain}
    version = ner_version(session.config.clean)
    return dump(wanted if version is None else wanted | {NER_VERSION: version})


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
