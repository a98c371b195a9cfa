"""Dedup: of posts that say the same, one is kept; turns of conversations and rows with human labels are marked."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace

from jobs.dedup_plan import Shard, contexts, own_hash, plan
from jobs.session import Session, dump
from pipelines.lake.commit import finished
from pipelines.lake.fingerprint import fingerprint
from pipelines.lake.place import Place
from pipelines.lake.snapshots import state
from pipelines.stages.database import bytes_of
from pipelines.stages.dedup import VERSION, DedupTask, run_dedup_task
from pipelines.stages.dedup_compare import compare
from pipelines.stages.dedup_database import Side
from pipelines.stages.dedup_signatures import settings as signature_settings
from pipelines.stages.row import RowTask, run_row_task
from schemas.config.dedup import DedupConfig
from schemas.errors import ConfigError
from schemas.manifest import DataFile, Manifest
from transforms.dedup.layout import layout
from transforms.dedup.signatures import VERSION as SIGNATURES_VERSION

MADE = (("signatures", ""), ("dedup", ""))
"""The datasets and variants that this stage makes."""

_WHOLE_CORPUS = "*"


def dedup(
    session: Session,
    cleaned: Sequence[Manifest],
    failed: set[tuple[str, str]],
    *,
    sources: Mapping[str, Set[str]] | None = None,
    rebuild: bool = False,
) -> list[Manifest]:
    """Decides for every kept row of the clean shards; returns the manifests of both datasets.

    What is published for a shard that did not change stays, unless `rebuild`. `sources` are the source files that the
    run read, per corpus; by default those of `cleaned`. Partitions that failed are left out; partitions with a shard
    that fails here join `failed`.
    """
    config = session.config.dedup
    if config is None:
        return []
    if session.group is not None:
        raise ConfigError(
            "dedup compares all shards with one another: --group cannot go with it.",
            remedy="Clean with --group, then run once without it up to dedup.",
        )
    given = _files(cleaned, failed)
    shards = plan(
        session,
        config,
        given,
        state(session.lake)[1],
        covered=_sources(cleaned) if sources is None else sources,
        failed=failed,
        rebuild=rebuild,
    )
    made, signed = _signatures(session, config, shards, given, failed)
    mine = {file.path for _, file in _files(cleaned, failed)}
    with session.scratch() as scratch:
        decided = session.units(
            "dedup",
            run_dedup_task,
            _tasks(session, config, shards, signed, failed, mine, scratch),
            total=len(mine),
            rows=sum(file.rows for path, file in signed.items() if path in mine),
            on_failure=lambda task: failed.add((task.signatures.corpus, task.signatures.partition)),
        )
    return made + decided


def deduped_files(made: Sequence[Manifest]) -> dict[str, DataFile]:
    """The files of the dataset `dedup`, by shard."""
    return {
        manifest.shard: file
        for manifest in made
        for file in manifest.outputs
        if file.dataset == "dedup"
    }


def _files(
    cleaned: Sequence[Manifest], failed: Set[tuple[str, str]]
) -> list[tuple[Manifest, DataFile]]:
    return [
        (manifest, file)
        for manifest in cleaned
        for file in manifest.outputs
        if (file.corpus, file.partition) not in failed
        and (file.corpus, _WHOLE_CORPUS) not in failed
    ]


def _sources(cleaned: Sequence[Manifest]) -> dict[str, set[str]]:
    covered: dict[str, set[str]] = {}
    for manifest in cleaned:
        for file in manifest.outputs:
            covered.setdefault(file.corpus, set()).add(manifest.source_file)
    return covered


def _signatures(
    session: Session,
    config: DedupConfig,
    shards: Mapping[str, Sequence[Shard]],
    given: Sequence[tuple[Manifest, DataFile]],
    failed: set[tuple[str, str]],
) -> tuple[list[Manifest], dict[str, DataFile]]:
    """The manifests of the run's signatures; and all signatures that are needed, by the clean file's path."""
    mine = {file.path for _, file in given}
    open_corpora = {
        corpus for corpus, all_of in shards.items() if any(each.frozen is None for each in all_of)
    }
    settings = dump(signature_settings(config))
    tasks = [
        RowTask(
            lake=session.lake,
            run_id=session.run_id,
            key_id=session.key_id,
            module="pipelines.stages.dedup_signatures",
            settings=settings,
            stage="signatures",
            version=SIGNATURES_VERSION,
            dataset="signatures",
            variant="",
            source_file=shard.made_by.source_file,
            source_chunk=shard.made_by.source_chunk,
            input=shard.clean,
        )
        for corpus, all_of in shards.items()
        for shard in all_of
        if shard.clean.path in mine or corpus in open_corpora
    ]
    manifests = session.units(
        "signatures",
        run_row_task,
        tasks,
        total=len(tasks),
        on_failure=lambda task: failed.add((task.input.corpus, task.input.partition)),
    )
    by_name = {manifest.name: manifest for manifest in manifests}
    signed = {
        task.input.path: by_name[task.manifest_name].outputs[0]
        for task in tasks
        if task.manifest_name in by_name
    }
    of_run = {task.manifest_name for task in tasks if task.input.path in mine}
    return [manifest for manifest in manifests if manifest.name in of_run], signed


def _tasks(
    session: Session,
    config: DedupConfig,
    shards: Mapping[str, Sequence[Shard]],
    signed: Mapping[str, DataFile],
    failed: Set[tuple[str, str]],
    mine: Set[str],
    scratch: Place,
) -> Iterator[DedupTask]:
    """One task a shard of the run, with its answers where some shard of its corpus is not done yet."""
    for corpus in sorted(shards):
        usable = [
            shard
            for shard in shards[corpus]
            if shard.clean.path in signed
            and (shard.frozen is not None or (corpus, shard.clean.partition) not in failed)
        ]
        context = contexts(session, config, usable)
        tasks = [
            _task(session, config, shard, signed[shard.clean.path], context)
            for shard in usable
            if shard.clean.path in mine
        ]
        if all(finished(session.lake, task.manifest_name) is not None for task in tasks):
            yield from tasks
            continue
        answers = _answers(session, config, usable, signed, scratch / corpus)
        for task in tasks:
            yield replace(task, answers=answers.get(task.signatures.path))


def _task(
    session: Session,
    config: DedupConfig,
    shard: Shard,
    signatures: DataFile,
    context: Mapping[str, str],
) -> DedupTask:
    clean, name = shard.clean, shard.made_by.shard
    own = own_hash(session, config, clean)
    inputs = (clean.identity, own, context[clean.partition])
    made = fingerprint(
        stage="dedup", version=VERSION, inputs=inputs, meaning={}, key_id=session.key_id
    )
    folder = session.lake.folder("dedup", clean.corpus, clean.partition)
    manifest = session.lake.relative(folder / f"shard-{name}-{made}.json")
    return DedupTask(
        lake=session.lake,
        run_id=session.run_id,
        shard=name,
        manifest_name=manifest if shard.frozen is None else shard.frozen.name,
        fingerprint=made,
        inputs=inputs,
        source_file=shard.made_by.source_file,
        source_chunk=shard.made_by.source_chunk,
        signatures=signatures,
        replies=config.replies,
        answers=None,
    )


def _answers(
    session: Session,
    config: DedupConfig,
    shards: Sequence[Shard],
    signed: Mapping[str, DataFile],
    folder: Place,
) -> dict[str, str]:
    eras = sorted({shard.order[:2] for shard in shards})
    sides = [
        Side(
            era=eras.index(shard.order[:2]),
            signatures=signed[shard.clean.path],
            clean=shard.clean,
            answered=shard.frozen.outputs[0] if shard.frozen else None,
        )
        for shard in shards
    ]
    with session.database("Looking for duplicates") as database:
        return compare(
            database,
            session.lake,
            sides,
            folder,
            bands=layout(config.threshold).bands if config.near else 0,
            threshold=config.threshold,
            memory=bytes_of(session.config.engine.memory_limit),
        )
