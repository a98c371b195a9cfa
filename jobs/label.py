"""Label: kept records get their labels, one stage a task, taxonomy and labeler."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jobs.select import cascades, select, selected_files
from jobs.session import Session, dump, mine
from pipelines.stages.label import VERSION, settings, shared, variant
from pipelines.stages.row import RowTask, run_row_tasks
from schemas.config.run import LabelConfig
from schemas.errors import ConfigError
from schemas.language_model import is_language_model
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


def made(session: Session) -> list[tuple[str, str]]:
    """The datasets and variants that `label` makes."""
    chosen = [each.variant for each in cascades(session.config.label, session.base)]
    return [
        *(("labels", name) for name in variants(session)),
        *(("selection", name) for name in chosen),
        *(
            ("calls", name)
            for name, config in zip(variants(session), session.config.label, strict=True)
            if is_language_model(config.labeler)
        ),
    ]


def label(
    session: Session,
    cleaned: list[Manifest],
    failed: set[tuple[str, str]],
    deduped: Mapping[str, DataFile] | None = None,
    contexts: Mapping[str, DataFile] | None = None,
) -> list[Manifest]:
    """Runs every label stage of the config; partitions with a failed shard join `failed`.

    Stages whose labelers can share a pass over the texts do. `deduped` are the dedup files by shard
    (jobs.dedup.deduped_files), `contexts` those of windows; None without that stage. A stage with `select` is about
    what that stage chose, and the manifests of the choice are returned, too.
    """
    found: list[Manifest] = []
    everything = replace(session, group=None)  # a choice needs all rows of a partition
    for configs in passes(session.config.label):
        chosen: Mapping[str, DataFile] | None = deduped
        if configs[0].select is not None:
            selected = select(everything, configs[0], cleaned, found, failed, deduped)
            found += selected
            chosen = selected_files(selected)
        whole = any(_selected_from(each, session.config.label) for each in configs)
        its = everything if whole else session
        if is_language_model(configs[0].labeler):
            from jobs.label_asked import label_asked

            name = names_of(configs, session.base)[0]
            found += label_asked(its, cleaned, configs[0], failed, chosen, contexts, name)
        else:
            found += _label(its, configs, cleaned, failed, chosen)
    return found


def _label(
    session: Session,
    configs: Sequence[LabelConfig],
    cleaned: list[Manifest],
    failed: set[tuple[str, str]],
    chosen: Mapping[str, DataFile] | None,
) -> list[Manifest]:
    """One pass: label stages that are run together, about what is kept in the files `chosen`, by shard."""
    stages = [
        [
            task
            for task in label_tasks(session, cleaned, config, chosen)
            if mine(session.group, task.shard)
        ]
        for config in configs
    ]
    return session.bundles(
        "label",
        run_row_tasks,
        zip(*stages, strict=True),
        variants=names_of(configs, session.base),
        total=sum(len(tasks) for tasks in stages),
        rows=len(configs) * sum(manifest.counts["kept"] for manifest in cleaned),
        on_failure=lambda task: failed.add((task.input.corpus, task.input.partition)),
    )


def _selected_from(config: LabelConfig, configs: Sequence[LabelConfig]) -> bool:
    return any(
        each.select is not None
        and each.model_copy(update={"labeler": each.select.from_, "select": None}) == config
        for each in configs
    )


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
    cascades(configs, base)


def names_of(configs: Sequence[LabelConfig], base: Path) -> list[str]:
    """What the stages are called on screen: by their taxonomy, or where that is not enough, by their place."""
    short = [Path(config.taxonomy).stem for config in configs]
    if len(set(short)) == len(short) and not any(config.select for config in configs):
        return short
    return [variant(settings(config, base)) for config in configs]


def passes(configs: Sequence[LabelConfig]) -> list[list[LabelConfig]]:
    """The label stages that are run together: all students that are asked about every row, and each other by itself.

    In the order of the config, in which a stage with `select` comes after the one that it selects from.
    """
    found: list[list[LabelConfig]] = []
    together: list[LabelConfig] = []
    for config in configs:
        if config.select is not None or not shared(config):
            found.append([config])
            continue
        if not together:
            found.append(together)
        together.append(config)
    return found
