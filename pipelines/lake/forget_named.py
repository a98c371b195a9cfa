"""Everything in a lake that names a data file: manifests, snapshots, notes of compactions."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.lake.commit import read_manifest
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place
from pipelines.lake.rows import Compaction, read_compaction
from pipelines.lake.snapshots import numbers, read_snapshot
from schemas.manifest import DataFile, Manifest, Snapshot

_NO_DATA = ("snapshots", "runs", "corpora", "marts")


@dataclass(frozen=True)
class Named:
    """What names data files now. `compactions` by the path of their note; of each, the shards that lie in it."""

    manifests: dict[str, Manifest]
    snapshots: dict[int, Snapshot]
    compactions: dict[str, Compaction]

    def files(self) -> dict[str, DataFile]:
        """The data files of shards, by path; one that was compacted may no longer lie there."""
        found = {file.path: file for each in self.manifests.values() for file in each.outputs}
        for snapshot in self.snapshots.values():
            for part in (*snapshot.changes, *(snapshot.state or ())):
                for file in part.files:
                    found.setdefault(file.path, file)
        return found

    def stored(self) -> set[str]:
        """The Parquet files that must stay: of shards, of snapshots, of compactions that hold a named shard."""
        shards = self.files().keys()
        found = set(shards)
        for snapshot in self.snapshots.values():
            for part in (*snapshot.changes, *(snapshot.state or ())):
                found.update(part.stored)
        for compaction in self.compactions.values():
            if compaction.starts.keys() & shards:
                found.add(compaction.path)
        return found


def read_named(lake: Lake) -> Named:
    """Reads all manifests, snapshots and notes. Raises TerminalError where one is damaged."""
    manifests: dict[str, Manifest] = {}
    compactions: dict[str, Compaction] = {}
    for path in data_paths(lake, ".json"):
        if path.name.startswith("compact-"):
            compactions[lake.relative(path)] = read_compaction(path)
        elif path.name.startswith(("shard-", "chunk-")) and not path.name.endswith(".error.json"):
            manifests[lake.relative(path)] = read_manifest(path)
    snapshots = {number: read_snapshot(lake, number) for number in numbers(lake)}
    return Named(manifests, snapshots, compactions)


def data_paths(lake: Lake, suffix: str) -> Iterator[Place]:
    """The files with this suffix in the folders of data, hidden ones included, in order."""
    for folder in sorted(lake.root.iterdir()):
        if folder.is_dir() and folder.name not in _NO_DATA:
            yield from sorted(path for path in folder.rglob(f"*{suffix}") if path.is_file())
