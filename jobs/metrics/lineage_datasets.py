"""Which datasets a stage read and wrote, by dataset and variant: partitions and shards are no datasets of their own."""

from collections.abc import Iterable, Iterator, Mapping

from jobs.metrics.families import corpus_of
from jobs.metrics.told import RunTold, StageTold
from pipelines.gates.result import GateResult
from schemas.manifest import DataFile, Manifest

Name = tuple[str, str]
"""A dataset and, for labels and the like, its variant."""

_READS = {
    "clean": ("records",),
    "signatures": ("clean",),
    "dedup": ("signatures", "clean"),
    "windows": ("clean",),
    "label": ("clean", "dedup"),
    "select": ("clean", "dedup", "labels"),
}


def written(manifests: Iterable[Manifest]) -> dict[Name, list[DataFile]]:
    """The files that these manifests name, by dataset."""
    found: dict[Name, list[DataFile]] = {}
    for manifest in manifests:
        for file in manifest.outputs:
            found.setdefault((file.dataset, file.variant), []).append(file)
    return found


def of_this_run(manifests: Iterable[Manifest], run_id: str) -> list[Manifest]:
    """Without those of shards that were done before."""
    return [manifest for manifest in manifests if manifest.run_id == run_id]


def corpora(manifests: Iterable[Manifest]) -> Iterator[tuple[str, list[Manifest]]]:
    """The manifests of each corpus, sorted by its name."""
    found: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        found.setdefault(corpus_of(manifest), []).append(manifest)
    yield from sorted(found.items())


def before(told: RunTold, stage: StageTold) -> list[Name]:
    """What stages that began before this one wrote or found done."""
    earlier = [each for each in told.stages if each.began < stage.began]
    return sorted({name for each in earlier for name in written(each.totals.manifests)})


def all_written(told: RunTold) -> list[Name]:
    """What all stages of the run wrote or found done."""
    return sorted({name for each in told.stages for name in written(each.totals.manifests)})


def read(stage: str, outputs: Mapping[Name, object], there: Iterable[Name]) -> list[Name]:
    """What a stage reads of the datasets that are `there`; of labels, those of its own task and taxonomy."""
    wanted = set(_READS.get(stage, ()))
    asked = any(dataset == "calls" for dataset, _ in outputs)
    if stage == "label" and asked:  # only language models see the turns before
        wanted.add("contexts")
    questions = {variant.rpartition("/")[0] for _, variant in outputs}
    found = []
    for dataset, variant in there:
        if dataset == "labels" and variant.rpartition("/")[0] not in questions:
            continue
        chosen = stage == "label" and dataset == "selection" and ("labels", variant) in outputs
        if dataset in wanted or chosen:
            found.append((dataset, variant))
    return found


def is_about(gate: GateResult, name: Name) -> bool:
    """Whether a gate judged this dataset: a suite judges all its variants."""
    return gate.dataset == name[0] and gate.variant in ("", name[1])
