"""Windows: each kept record gets its context, over shards, days and earlier runs of its corpus."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set

from jobs.session import Session
from pipelines.lake.place import Place
from pipelines.lake.snapshots import State, state
from pipelines.stages.windows import WindowsTask, run_windows_task
from pipelines.stages.windows_references import references
from schemas.config.windows import WindowsConfig
from schemas.manifest import DataFile, Manifest

MADE = (("contexts", ""),)
"""The datasets and variants that this stage makes."""

_WHOLE_CORPUS = "*"


def windows(
    session: Session,
    cleaned: Sequence[Manifest],
    failed: set[tuple[str, str]],
    *,
    sources: Mapping[str, Set[str]] | None = None,
) -> list[Manifest]:
    """Makes the contexts of every clean shard; returns their manifests.

    Turns that earlier runs published count as earlier turns where they stay published: of other source files, and of
    partitions that failed. `sources` are the source files that the run read, per corpus; by default those of `cleaned`.
    No contexts are made for partitions that failed; partitions with a shard that fails here join `failed`.
    """
    config: WindowsConfig | None = session.config.windows
    if config is None:
        return []
    given = [
        (manifest, file)
        for manifest in cleaned
        for file in manifest.outputs
        if not {(file.corpus, file.partition), (file.corpus, _WHOLE_CORPUS)} & failed
    ]
    if sources is None:
        sources = _sources(cleaned)
    published = state(session.lake)[1]
    stay = {
        corpus: _stay(session, published, corpus, sources.get(corpus, set()), given, failed)
        for corpus in sorted({file.corpus for _, file in given})
    }
    # The workers read the references there: it must outlast them.
    with session.scratch() as folder:
        return session.units(
            "windows",
            run_windows_task,
            _tasks(session, config, given, stay, folder),
            total=len(given),
            rows=sum(manifest.counts["kept"] for manifest, _ in given),
            on_failure=lambda task: failed.add((task.input.corpus, task.input.partition)),
        )


def context_files(made: Sequence[Manifest]) -> dict[str, DataFile]:
    """The files of the dataset `contexts`, by shard."""
    return {manifest.shard: file for manifest in made for file in manifest.outputs}


def _tasks(
    session: Session,
    config: WindowsConfig,
    given: Sequence[tuple[Manifest, DataFile]],
    stay: Mapping[str, Sequence[DataFile]],
    folder: Place,
) -> Iterator[WindowsTask]:
    for corpus, beside in stay.items():
        own = [(manifest, file) for manifest, file in given if file.corpus == corpus]
        files = dict(enumerate([*(file for _, file in own), *beside]))
        with session.database("Gathering contexts") as database:
            found = references(
                database,
                session.lake,
                {number: files[number] for number in range(len(own))},
                {number: files[number] for number in range(len(own), len(files))},
                folder / corpus,
                config=config,
            )
        for number, (manifest, file) in enumerate(own):
            yield WindowsTask(
                lake=session.lake,
                run_id=session.run_id,
                key_id=session.key_id,
                source_file=manifest.source_file,
                source_chunk=manifest.source_chunk,
                input=file,
                references=found[number].path,
                digest=found[number].digest,
                files=tuple((other, files[other]) for other in found[number].shards),
            )


def _sources(cleaned: Sequence[Manifest]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for manifest in cleaned:
        for file in manifest.outputs:
            found[file.corpus].add(manifest.source_file)
    return found


def _stay(
    session: Session,
    published: State,
    corpus: str,
    covered: Set[str],
    given: Sequence[tuple[Manifest, DataFile]],
    failed: Set[tuple[str, str]],
) -> list[DataFile]:
    """The published clean shards of a corpus that this run does not replace. It replaces those of the source files that
    it `covered`, and single shards of others that it made again (a newer revision beats a row of theirs).
    """
    retires = session.config.engine.retire_missing_sources
    # A shard's manifest is called shard-ID-FINGERPRINT.json.
    again = {manifest.name.rpartition("-")[0] for manifest, _ in given}
    return [
        file
        for part in published.values()
        if part.dataset == "clean" and part.corpus == corpus
        for source, name, file in zip(part.sources, part.manifests, part.files, strict=True)
        if (corpus, part.partition) in failed
        or not (retires or source in covered or name.rpartition("-")[0] in again)
    ]
