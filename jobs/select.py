"""Select: of the rows that one labeler has answered, those that a second one is asked about."""

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import xxhash

from jobs.session import Session
from pipelines.engines.database import Database
from pipelines.labelers import load_labeler
from pipelines.lake.commit import finished
from pipelines.lake.place import Place
from pipelines.stages.label import settings
from pipelines.stages.row import OPERATIONAL
from pipelines.stages.select import Cascade, SelectTask, run_select_task
from pipelines.stages.select_rows import Wanted, choose
from schemas.config.run import LabelConfig
from schemas.errors import ConfigError
from schemas.label_task import load_task
from schemas.manifest import DataFile, Manifest
from schemas.taxonomy import load_taxonomy
from transforms.annotate.margins import margin
from transforms.label.thresholds import thresholds_of

_WHOLE_CORPUS = "*"


def cascade_of(config: LabelConfig, base: Path) -> Cascade:
    """What a label stage with `select` chooses from and for. ConfigError: the first labeler has no probabilities."""
    assert config.select is not None
    first = config.model_copy(update={"labeler": config.select.from_, "select": None})
    told, second = settings(first, base), settings(config, base)["labeler"]
    where = told[OPERATIONAL]
    task, taxonomy = load_task(where["task"]), load_taxonomy(where["taxonomy"])
    if task.answer != "labels":
        raise ConfigError(
            f"select: the task {task.name} is answered by {task.answer}, which have no margin.",
            remedy="Ask both labelers about every row: remove the section select.",
        )
    labeler = load_labeler(where["labeler"], task, taxonomy)
    cuts = {} if taxonomy.exclusive else thresholds_of(labeler, taxonomy)
    wanted = config.select
    return Cascade(
        task=task.name,
        taxonomy=taxonomy.name,
        labeler=told["labeler"],
        cascade=second,
        wanted=Wanted(wanted.margin, wanted.budget, wanted.budget_rows, wanted.audit),
        exclusive=taxonomy.exclusive,
        thresholds=tuple(sorted(cuts.items())),
    )


def cascades(configs: Sequence[LabelConfig], base: Path) -> list[Cascade]:
    """Those of the label stages of a config. ConfigError: see `cascade_of`."""
    return [cascade_of(config, base) for config in configs if config.select is not None]


def select(
    session: Session,
    config: LabelConfig,
    cleaned: Sequence[Manifest],
    labeled: Sequence[Manifest],
    failed: set[tuple[str, str]],
    deduped: Mapping[str, DataFile] | None = None,
) -> list[Manifest]:
    """Chooses for every clean shard; returns the manifests, one a shard. Needs all shards of a partition.

    `labeled` are manifests of label stages, among them those of the one that is chosen from; `deduped` the dedup files
    by shard. Partitions that failed are left out; partitions with a shard that fails here join `failed`.
    """
    cascade = cascade_of(config, session.base)
    first = f"{cascade.task}/{cascade.taxonomy}/{cascade.labeler}"
    answers = {
        manifest.shard: file
        for manifest in labeled
        for file in manifest.outputs
        if (file.dataset, file.variant) == ("labels", first)
    }
    partitions: dict[tuple[str, str], list[tuple[Manifest, DataFile]]] = {}
    for manifest in cleaned:
        for file in manifest.outputs:
            if _whole(file, failed) and manifest.shard in answers:
                key = (file.corpus, file.partition)
                partitions.setdefault(key, []).append((manifest, file))
    given = [answers[manifest.shard] for shards in partitions.values() for manifest, _ in shards]
    # The workers read what was chosen there: it must outlast them.
    with session.scratch() as folder, ExitStack() as stack:
        tasks = (
            [_task(session, cascade, each, answers, deduped) for each in partitions[key]]
            for key in sorted(partitions)
        )
        return session.units(
            "select",
            run_select_task,
            _chosen(session, cascade, tasks, folder, stack),
            variant=cascade.variant,
            total=len(given),
            rows=sum(file.rows for file in given),
            on_failure=lambda task: failed.add((task.clean.corpus, task.clean.partition)),
        )


def selected_files(made: Sequence[Manifest]) -> dict[str, DataFile]:
    """The files of the dataset `selection`, by shard."""
    return {manifest.shard: file for manifest in made for file in manifest.outputs}


def _whole(file: DataFile, failed: Set[tuple[str, str]]) -> bool:
    return not {(file.corpus, file.partition), (file.corpus, _WHOLE_CORPUS)} & failed


def _task(
    session: Session,
    cascade: Cascade,
    given: tuple[Manifest, DataFile],
    answers: Mapping[str, DataFile],
    deduped: Mapping[str, DataFile] | None,
) -> SelectTask:
    manifest, file = given
    return SelectTask(
        lake=session.lake,
        run_id=session.run_id,
        key_id=session.key_id,
        source_file=manifest.source_file,
        source_chunk=manifest.source_chunk,
        clean=file,
        labels=answers[manifest.shard],
        deduped=deduped[manifest.shard] if deduped is not None else None,
        digest="",
        cascade=cascade,
    )


def _chosen(
    session: Session,
    cascade: Cascade,
    partitions: Iterator[list[SelectTask]],
    folder: Place,
    stack: ExitStack,
) -> Iterator[SelectTask]:
    """The tasks, with what was chosen where some shard of their partition is not done yet."""
    database: Database | None = None
    sql = margin(exclusive=cascade.exclusive, thresholds=dict(cascade.thresholds))
    for number, shards in enumerate(partitions):
        names = sorted(f"{task.shard} {task.labels.identity}" for task in shards)
        digest = xxhash.xxh3_128_hexdigest("\n".join(names).encode())
        tasks = [replace(task, digest=digest) for task in shards]
        if all(finished(session.lake, task.manifest_name) is not None for task in tasks):
            yield from tasks
            continue
        if database is None:
            database = stack.enter_context(session.database("Selecting rows"))
        files = choose(
            database, session.lake, [task.labels for task in tasks], cascade.wanted,
            folder / str(number), margin_sql=sql,
        )  # fmt: skip
        for task, file in zip(tasks, files, strict=True):
            yield replace(task, answers=file)
