"""What a run would publish: its shards by partition, beside published shards of other source files."""

from collections.abc import Iterable, Iterator, Mapping, Set

from pipelines.lake.commit import read_manifest
from pipelines.lake.compact import stored_files
from pipelines.lake.lake import Lake
from pipelines.lake.snapshots import State
from schemas.manifest import DataFile, Manifest, Part

_Key = tuple[str, str, str, str]
# Made of clean shards, one for one: the first input of each is its clean shard.
_OF_CLEAN = ("labels", "calls", "signatures", "dedup", "contexts", "selection")
_Row = tuple[str, str, DataFile]  # source file, manifest, data file


def candidates(
    lake: Lake,
    manifests: Iterable[Manifest],
    published: State,
    *,
    sources: Mapping[str, Set[str]],
    made: Set[tuple[str, str]],
    retire_missing: bool = False,
) -> tuple[list[Part], list[str]]:
    """The partitions as they would be after publication, and the keys of those that would go.

    `sources` has, per corpus, the keyed source files that this run read, `made` the datasets and variants that it
    made of them: its shards replace what was published of these files, also where nothing is left of them. Shards
    of other files stay published (a late file adds to a day, it does not replace it), unless `retire_missing`; but a
    shard that this run made again, because a revision in its files beats a row of it, replaces its older self. What
    this run did not make (labels of other variants, say) stays where the clean shard that it was made from stays.
    """
    fresh: dict[_Key, list[_Row]] = {}
    for manifest in manifests:
        for file in manifest.outputs:
            key = (file.dataset, file.variant, file.corpus, file.partition)
            fresh.setdefault(key, []).append((manifest.source_file, manifest.name, file))
    rows: dict[_Key, list[_Row]] = {key: list(found) for key, found in fresh.items()}
    others: list[Part] = []
    for old in published.values():
        key = (old.dataset, old.variant, old.corpus, old.partition)
        covered = sources.get(old.corpus)
        if covered is None:
            continue
        if (old.dataset, old.variant) in made:
            again = {_unit(name) for _, name, _ in fresh.get(key, ())}
            kept = [
                row for row in _rows(old) if row[0] not in covered and _unit(row[1]) not in again
            ]
            if retire_missing:
                kept = []
            rows.setdefault(key, []).extend(kept)
        elif old.dataset in _OF_CLEAN:
            others.append(old)
    if ("clean", "") in made:
        _follow_clean(lake, rows, others)
    parts: list[Part] = []
    gone: list[str] = []
    for key in sorted(rows):
        if rows[key]:
            parts.append(_part(lake, key, sorted(rows[key], key=_order), published))
        else:
            gone.append("|".join(key))
    return parts, gone


def _follow_clean(lake: Lake, rows: dict[_Key, list[_Row]], others: list[Part]) -> None:
    """Adds partitions of what this run did not make, without the shards whose clean shard is gone."""
    clean = {
        file.identity for key, found in rows.items() if key[0] == "clean" for _, _, file in found
    }
    for old in others:
        kept = [row for row in _rows(old) if _made_from(lake, row[1]) in clean]
        if len(kept) < len(old.files):
            rows[(old.dataset, old.variant, old.corpus, old.partition)] = kept


def _made_from(lake: Lake, manifest: str) -> str | None:
    """What stands for the clean shard that a shard was made from; None where its manifest is gone: somebody deleted it
    so that it is made anew.
    """
    try:
        return read_manifest(lake.path(manifest)).inputs[0]
    except FileNotFoundError:
        return None


def _rows(part: Part) -> Iterator[_Row]:
    return zip(part.sources, part.manifests, part.files, strict=True)


def _unit(manifest: str) -> str:
    """What a manifest's name says of its unit of work: all but the fingerprint."""
    return manifest.rpartition("-")[0]


def _order(row: _Row) -> tuple[str, str]:
    return row[0], row[1]


def _part(lake: Lake, key: _Key, rows: list[_Row], published: State) -> Part:
    dataset, variant, corpus, partition = key
    old = published.get("|".join(key))
    files = tuple(file for _, _, file in rows)
    return Part(
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
