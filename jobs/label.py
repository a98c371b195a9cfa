"""Label: kept records get their labels, one stage a task, taxonomy and labeler."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jobs.session import Session, dump, mine
from pipelines.stages.label import VERSION, settings, shared, variant
from pipelines.stages.row import RowTask, run_row_tasks
from schemas.config.run import LabelConfig
from schemas.errors import ConfigError
from schemas.manifest import DataFile, Manifest


def label_tasks(
    session: Session,
    cleaned: list[Manifest],
    config: LabelConfig,
    deduped: Mapping[str, DataFile] | None = None,
) -> list[RowTask]:
    """One task a clean shard; where there was dedup, about what it kept of those that it decided."""
    wanted = settings(config, session.base)
    return [
        RowTask(
            lake=session.lake,
            run_id=session.run_id,
            key_id=session.key_id,
            module="pipelines.stages.label",
            settings=dump(wanted),
            stage="label",
            version=VERSION,
            dataset="labels",
            variant=variant(wanted),
            source_file=manifest.source_file,
            source_chunk=manifest.source_chunk,
            input=file,
            chosen=deduped[manifest.shard] if deduped is not None else None,
        )
        for manifest in cleaned
        for file in manifest.outputs
        if deduped is None or manifest.shard in deduped
    ]


def variants(session: Session) -> list[str]:
    """The folders below labels/ that the config's label stages fill."""
    return [variant(settings(config, session.base)) for config in session.config.label]


def label(
    session: Session,
    cleaned: list[Manifest],
    failed: set[tuple[str, str]],
    deduped: Mapping[str, DataFile] | None = None,
) -> list[Manifest]:
    """Runs every label stage of the config; partitions with a failed shard join `failed`.

    Stages whose labelers can share a pass over the texts do. `deduped` are the dedup files by shard
    (jobs.dedup.deduped_files); None without that stage.
    """
    made: list[Manifest] = []
    for configs in passes(session.config.label):
        stages = [
            [
                task
                for task in label_tasks(session, cleaned, config, deduped)
                if mine(session.group, task.shard)
            ]
            for config in configs
        ]
        made += session.bundles(
            "label",
            run_row_tasks,
            zip(*stages, strict=True),
            variants=names_of(configs, session.base),
            total=sum(len(tasks) for tasks in stages),
            rows=len(configs) * sum(manifest.counts["kept"] for manifest in cleaned),
            on_failure=lambda task: failed.add((task.input.corpus, task.input.partition)),
        )
    return made


def refuse_equal(configs: Sequence[LabelConfig], base: Path) -> None:
    """Raises ConfigError for label stages that would write to the same place, and for what cannot be answered."""
    seen: dict[str, LabelConfig] = {}
    for config in configs:
        place = variant(settings(config, base))
        if place in seen:
            raise ConfigError(
                f"Two label stages write to labels/{place}: those of {seen[place].labeler} and {config.labeler}.",
                remedy="Remove one, or give files of your own weights different names.",
            )
        seen[place] = config


def names_of(configs: Sequence[LabelConfig], base: Path) -> list[str]:
    """What the stages are called on screen: by their taxonomy, or where that is not enough, by their place."""
    short = [Path(config.taxonomy).stem for config in configs]
    if len(set(short)) == len(short):
        return short
    return [variant(settings(config, base)) for config in configs]


def passes(configs: Sequence[LabelConfig]) -> list[list[LabelConfig]]:
    """The label stages that are run together: all students, and each other by itself; in the order of the config."""
    found: list[list[LabelConfig]] = []
    together: list[LabelConfig] = []
    for config in configs:
        if not shared(config):
            found.append([config])
            continue
        if not together:
            found.append(together)
        together.append(config)
    return found
