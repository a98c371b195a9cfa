"""Label: kept records get their labels, one stage a task, taxonomy and labeler."""

from pathlib import Path

from jobs.session import Session, dump, mine
from pipelines.stages.label import VERSION, settings, variant
from pipelines.stages.row import RowTask, run_row_task
from schemas.config.run import LabelConfig
from schemas.manifest import Manifest


def label_tasks(session: Session, cleaned: list[Manifest], config: LabelConfig) -> list[RowTask]:
    """One task a clean shard."""
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
        )
        for manifest in cleaned
        for file in manifest.outputs
    ]


def variants(session: Session) -> list[str]:
    """The folders below labels/ that the config's label stages fill."""
    return [variant(settings(config, session.base)) for config in session.config.label]


def label(
    session: Session, cleaned: list[Manifest], failed: set[tuple[str, str]]
) -> list[Manifest]:
    """Runs every label stage of the config; partitions with a failed shard join `failed`."""
    made: list[Manifest] = []
    for config in session.config.label:
        todo = label_tasks(session, cleaned, config)
        todo = [task for task in todo if mine(session.group, task.shard)]
        made += session.units(
            "label",
            run_row_task,
            todo,
            variant=Path(config.taxonomy).stem,
            total=len(todo),
            rows=sum(manifest.counts["kept"] for manifest in cleaned),
            on_failure=lambda task: failed.add((task.input.corpus, task.input.partition)),
        )
    return made
