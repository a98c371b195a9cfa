"""Plans the dedup stage: which shards are decided now, which stay as they are, and what each depends on."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import xxhash

from jobs.session import Session
from pipelines.lake.commit import finished, read_manifest
from pipelines.lake.fingerprint import fingerprint
from pipelines.lake.lake import Lake
from pipelines.lake.snapshots import State
from pipelines.stages.dedup import VERSION
from pipelines.stages.dedup_signatures import settings as signature_settings
from schemas.config.base import semantic
from schemas.config.dedup import DedupConfig
from schemas.datasets import DEDUP
from schemas.manifest import DataFile, Manifest


@dataclass(frozen=True)
class Shard:
    """A clean shard, and the manifest of what was decided for it where that stays."""

    made_by: Manifest  # of clean, or of dedup: they have the same shard and source
    clean: DataFile
    frozen: Manifest | None

    @property
    def order(self) -> tuple[str, bool, str]:
        """Partition by partition; in each what stays comes first."""
        return self.clean.partition, self.frozen is None, self.made_by.shard


def plan(
    session: Session,
    config: DedupConfig,
    cleaned: Sequence[tuple[Manifest, DataFile]],
    published: State,
    *,
    covered: Mapping[str, Set[str]],
    failed: Set[tuple[str, str]],
    rebuild: bool,
) -> dict[str, list[Shard]]:
    """By corpus, the shards of this run and the published ones that stay beside them; in ascending order.

    `covered` are the source files of this run, per corpus: of them only what it cleaned counts, but for partitions
    that `failed`, which stay published as they are. Of other files a shard that was cleaned again, because of a newer
    revision, takes the place of what it was.
    """
    again = {made_by.shard for made_by, _ in cleaned}
    found: dict[str, list[Shard]] = {
        corpus: [
            shard
            for shard in _published(session.lake, published, corpus)
            if shard.made_by.shard not in again
            and _stays(session, shard, covered.get(corpus, set()), failed)
        ]
        for corpus in {file.corpus for _, file in cleaned}
    }
    decided: dict[tuple[str, str], Manifest] = {}
    if not rebuild:
        for part in published.values():
            if part.dataset == "dedup" and part.corpus in found:
                for name in part.manifests:
                    manifest = finished(session.lake, name)
                    if manifest is not None:
                        decided[manifest.inputs[0], manifest.inputs[1]] = manifest
    for made_by, clean in cleaned:
        own = own_hash(session, config, clean)
        found[clean.corpus].append(Shard(made_by, clean, decided.get((clean.identity, own))))
    return {corpus: sorted(shards, key=lambda each: each.order) for corpus, shards in found.items()}


def _published(lake: Lake, published: State, corpus: str) -> list[Shard]:
    clean = {
        file.identity: file
        for part in published.values()
        if part.dataset == "clean" and part.corpus == corpus
        for file in part.files
    }
    manifests = [
        read_manifest(lake.path(name))
        for part in published.values()
        if part.dataset == "dedup" and part.corpus == corpus
        for name in part.manifests
    ]
    return [
        Shard(manifest, clean[manifest.inputs[0]], manifest)
        for manifest in manifests
        if manifest.inputs[0] in clean
    ]


def _stays(session: Session, shard: Shard, covered: Set[str], failed: Set[tuple[str, str]]) -> bool:
    if (shard.clean.corpus, shard.clean.partition) in failed:
        return True
    retired = session.config.engine.retire_missing_sources
    return not retired and shard.made_by.source_file not in covered


def own_hash(session: Session, config: DedupConfig, clean: DataFile) -> str:
    """What determines the answers for a shard, but for what it is compared with."""
    return fingerprint(
        stage="dedup",
        version=VERSION,
        inputs=[clean.identity],
        meaning={"settings": semantic(config), "schema": DEDUP.version},
        key_id=session.key_id,
    )


def contexts(session: Session, config: DedupConfig, shards: Sequence[Shard]) -> dict[str, str]:
    """For each partition with shards to decide: a hash of all that they are compared with, themselves included."""
    digest = xxhash.xxh3_128(json.dumps(signature_settings(config), sort_keys=True).encode())
    partitions: dict[str, list[str]] = defaultdict(list)
    for shard in shards:
        name = shard.frozen.name if shard.frozen else own_hash(session, config, shard.clean)
        partitions[shard.clean.partition].append(name)
    found = {}
    for partition in sorted(partitions):
        digest.update(json.dumps([partition, sorted(partitions[partition])]).encode())
        found[partition] = digest.hexdigest()
    return found
