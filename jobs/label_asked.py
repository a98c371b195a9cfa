"""Label stages that ask a language model: shard by shard in threads, which share the clients of this process."""

from collections.abc import Iterator, Mapping, Sequence

from jobs.session import Session, dump, mine
from jobs.stopping import stopping
from pipelines.engines.threads import ThreadEngine
from pipelines.stages.label import VERSION, settings, variant
from pipelines.stages.label_asked import AskedTask, run_asked_task
from pipelines.stages.row import OPERATIONAL
from schemas.config.run import LabelConfig
from schemas.errors import StoppedError
from schemas.label_task import load_task
from schemas.manifest import DataFile, Manifest

_SHARDS = 4  # at once: while one ends, the others keep the servers busy


def label_asked(
    session: Session,
    cleaned: Sequence[Manifest],
    config: LabelConfig,
    failed: set[tuple[str, str]],
    chosen: Mapping[str, DataFile] | None,
    contexts: Mapping[str, DataFile] | None,
    name: str,
) -> list[Manifest]:
    """Runs one label stage whose labeler is a language model; see jobs.label.label.

    On SIGTERM or Ctrl-C, requests in flight get some seconds to finish, their answers go to the cache, and StoppedError
    is raised: a rerun goes on from there.
    """
    reads = load_task(settings(config, session.base)[OPERATIONAL]["task"]).context.turns
    shown = contexts if reads else None  # what is not read does not make labels anew
    tasks = [
        task
        for task in asked_tasks(session, cleaned, config, chosen, shown)
        if mine(session.group, task.shard)
    ]
    made = 0 if session.config.windows is None else session.config.windows.turns
    if reads > made and tasks:
        session.screen.warn(
            f"The task {config.task} reads up to {reads} earlier turns; the section windows of the config makes "
            f"{made or 'none'}, so it sees no more. `windows: {{turns: {reads}, chars: …}}` makes more."
        )
    with stopping() as stopped:
        labeled = session.units(
            "label",
            run_asked_task,
            tasks,
            variant=name,
            total=len(tasks),
            rows=sum(manifest.counts["kept"] for manifest in cleaned),
            on_failure=lambda task: failed.add((task.input.corpus, task.input.partition)),
            engine=ThreadEngine(_SHARDS, session.config.engine.retries),
        )
    if stopped.is_set():
        raise StoppedError(
            "Stopped. Finished shards and the answers so far are kept.",
            remedy="Run the same command again: it goes on from there.",
        )
    return labeled


def asked_tasks(
    session: Session,
    cleaned: Sequence[Manifest],
    config: LabelConfig,
    chosen: Mapping[str, DataFile] | None,
    contexts: Mapping[str, DataFile] | None,
) -> Iterator[AskedTask]:
    """One task a clean shard; of shards that have a choice (dedup, cascade), about what it kept."""
    clinical = {corpus.name for corpus in session.config.corpora if corpus.domain == "clinical"}
    wanted = {each: settings(config, session.base, clinical=each) for each in (False, True)}
    dumped = {each: dump(of) for each, of in wanted.items()}
    for manifest in cleaned:
        for file in manifest.outputs:
            if chosen is not None and manifest.shard not in chosen:
                continue
            if contexts is not None and manifest.shard not in contexts:
                continue
            secret = file.corpus in clinical
            yield AskedTask(
                lake=session.lake,
                run_id=session.run_id,
                key_id=session.key_id,
                module="pipelines.stages.label_asked",
                settings=dumped[secret],
                stage="label",
                version=VERSION,
                dataset="labels",
                variant=variant(wanted[secret]),
                source_file=manifest.source_file,
                source_chunk=manifest.source_chunk,
                input=file,
                chosen=None if chosen is None else chosen[manifest.shard],
                contexts=None if contexts is None else contexts[manifest.shard],
                clinical=secret,
                memory_limit=session.config.engine.memory_limit,
            )
