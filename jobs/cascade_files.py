"""Finds the files of cascades: of a run, and of what is published."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jobs.cascade_told import CascadeReport
from jobs.select import cascade_of
from jobs.session import Session
from pipelines.lake.commit import finished
from pipelines.lake.lake import Lake
from pipelines.lake.rows import read_batches
from pipelines.lake.snapshots import State
from pipelines.stages.label import settings
from pipelines.stages.row import OPERATIONAL
from schemas.errors import ConfigError
from schemas.label_task import LabelTask, load_task
from schemas.manifest import DataFile, Manifest
from schemas.taxonomy import Taxonomy, load_taxonomy


@dataclass(frozen=True)
class CascadeFiles:
    """The files of a cascade: of the choice, of both labelers, and the clean shards with the gold. `spent`: manifests
    of the second labeler.
    """

    task: LabelTask
    taxonomy: Taxonomy
    first: str
    second: str
    selection: Sequence[DataFile]
    first_labels: Sequence[DataFile]
    second_labels: Sequence[DataFile]
    clean: Sequence[DataFile]
    spent: Sequence[Manifest]


def of_run(session: Session, manifests: Sequence[Manifest]) -> list[CascadeReport]:
    """The reports of the cascades of a config, about what this run made or found done."""
    engine = session.config.engine
    found = []
    for config in session.config.label:
        if config.select is None:
            continue
        cascade, where = (
            cascade_of(config, session.base),
            settings(config, session.base)[OPERATIONAL],
        )
        question, last = f"{cascade.task}/{cascade.taxonomy}", cascade.variant
        made = [(manifest, file) for manifest in manifests for file in manifest.outputs]

        def those(
            dataset: str,
            variant: str = "",
            made: Sequence[tuple[Manifest, DataFile]] = made,
        ) -> list[DataFile]:
            return [f for _, f in made if (f.dataset, f.variant) == (dataset, variant)]

        files = CascadeFiles(
            task=load_task(where["task"]),
            taxonomy=load_taxonomy(where["taxonomy"]),
            first=cascade.labeler,
            second=cascade.cascade,
            selection=those("selection", last),
            first_labels=those("labels", f"{question}/{cascade.labeler}"),
            second_labels=those("labels", last),
            clean=those("clean"),
            spent=[m for m, f in made if (f.dataset, f.variant) == ("labels", last)],
        )
        if files.selection:
            from jobs.cascade_report import report  # a run without a cascade need not load it

            found.append(
                report(
                    session.lake, files, memory_limit=engine.memory_limit, threads=engine.workers
                )
            )
    return found


def published(lake: Lake, parts: State) -> list[CascadeReport]:
    """The reports of the published cascades whose task and taxonomy ship with affectmine; of others the files are not
    known here, and the end of their run tells.
    """
    variants = sorted({p.variant for p in parts.values() if p.dataset == "selection"})
    return [told for variant in variants if (told := _published(lake, parts, variant)) is not None]


def _published(lake: Lake, parts: State, variant: str) -> CascadeReport | None:
    question, _, second = variant.rpartition("/")
    asked, _, answered = question.partition("/")
    try:
        task, taxonomy = load_task(asked), load_taxonomy(answered)
    except ConfigError:
        return None
    selection = _files(parts, "selection", variant)
    first = _first(lake, selection)
    names = [
        n
        for p in parts.values()
        if (p.dataset, p.variant) == ("labels", variant)
        for n in p.manifests
    ]
    files = CascadeFiles(
        task=task,
        taxonomy=taxonomy,
        first=first,
        second=second,
        selection=selection,
        first_labels=_files(parts, "labels", f"{question}/{first}"),
        second_labels=_files(parts, "labels", variant),
        clean=_files(parts, "clean", ""),
        spent=[made for name in names if (made := finished(lake, name)) is not None],
    )
    from jobs.cascade_report import report

    return report(lake, files, memory_limit="1GB", threads=2)


def _files(parts: State, dataset: str, variant: str) -> list[DataFile]:
    return [
        f for p in parts.values() if (p.dataset, p.variant) == (dataset, variant) for f in p.files
    ]


def _first(lake: Lake, selection: Iterable[DataFile]) -> str:
    """Who answered first, as the newest choice says."""
    for file in sorted(selection, key=lambda each: each.partition, reverse=True):
        for batch in read_batches(lake, file, ["labeler"]):
            if batch.height:
                return str(batch["labeler"][0])
    return ""
