"""What a run would publish: its shards by partition, beside published shards of other source files."""

from collections.abc import Iterable, Mapping, Set

from pipelines.lake.compact import stored_files
from pipelines.lake.lake import Lake
from pipelines.lake.snapshots import State
from schemas.manifest import DataFile, Manifest, Part

_Key = tuple[str, str, str, str]


def candidates(
    lake: Lake,
    manifests: Iterable[Manifest],
    published: State,
    *,
    sources: Mapping[str, Set[str]],
    retire_missing: bool = False,
) -> tuple[list[Part], list[str]]:
    """The partitions as they would be after publication, and the keys of those that would go.

    `sources` has, per corpus, the keyed source files that this run read: their shards replace what was
    published of them. Shards of other files stay published (a late file adds to a day, it does not replace it),
    unless `retire_missing`. Variants that this run did not make (another labeler's labels) stay untouched.
    """
    fresh: dict[_Key, dict[str, tuple[str, DataFile]]] = {}
    for manifest in manifests:
        for file in manifest.outputs:
            key = (file.dataset, file.variant, file.corpus, file.partition)
            fresh.setdefault(key, {})[manifest.name] = (manifest.source_file, file)
    made = {(dataset, variant, corpus) for dataset, variant, corpus, _ in fresh}
    # Everything that is made from a corpus may have lost its last row, quarantine first of all.
    made |= {("quarantine", "", corpus) for corpus in sources}
    made |= {("quarantine_raw", "", corpus) for corpus in sources}
    touched = {
        (part.dataset, part.variant, part.corpus, part.partition)
        for part in published.values()
        if (part.dataset, part.variant, part.corpus) in made
    }
    parts: list[Part] = []
    gone: list[str] = []
    for key in sorted(set(fresh) | touched):
        dataset, variant, corpus, partition = key
        old = published.get("|".join(key))
        rows = [(source, name, file) for name, (source, file) in fresh.get(key, {}).items()]
        if old is not None and not retire_missing:
            covered = sources.get(corpus, frozenset())
            rows += [
                (source, name, file)
                for name, source, file in zip(old.manifests, old.sources, old.files, strict=True)
                if source not in covered
            ]
        if not rows:
            gone.append("|".join(key))
            continue
        rows.sort(key=lambda row: (row[0], row[1]))
        files = tuple(file for _, _, file in rows)
        parts.append(
            Part(
                dataset=dataset,
                variant=variant,
                corpus=corpus,
                partition=partition,
                manifests=tuple(name for _, name, _ in rows),
                sources=tuple(source for source, _, _ in rows),
                files=files,
                stored=stored_files(lake, files),
                gate=old.gate if old is not None else {},
            )
        )
    return parts, gone
