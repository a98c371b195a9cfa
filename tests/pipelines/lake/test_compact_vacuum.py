import os
import time
from pathlib import Path

import polars as pl
import pytest

from pipelines.lake.compact import compact_lake
from pipelines.lake.journal import Journal
from pipelines.lake.lake import Lake
from pipelines.lake.rows import read_batches
from pipelines.lake.snapshots import state
from pipelines.lake.vacuum import vacuum
from tests.pipelines.lake.builders import commit_clean, new_lake
from tests.pipelines.lake.test_snapshots import put

HOUR = 3600.0


def stored_ids(lake: Lake) -> list[str]:
    parts = state(lake)[1].values()
    files = [lake.path(name) for part in parts for name in part.stored]
    return sorted(pl.read_parquet(files)["record_id"].to_list())


def age(lake: Lake) -> None:
    old = time.time() - 48 * HOUR
    for path in lake.root.rglob("*"):
        os.utime(path, (old, old))


def test_compaction_keeps_rows_shards_and_fingerprints(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    shards = [commit_clean(lake, [f"r{n}", f"s{n}"], source=f"f{n}") for n in range(5)]
    put(lake, shards)
    before = stored_ids(lake)
    assert compact_lake(lake, "run") == 1
    (part,) = state(lake)[1].values()
    assert len(part.stored) == 1
    assert stored_ids(lake) == before
    assert part.manifests == tuple(sorted(shard.name for shard in shards))
    assert put(lake, shards)[1] == 0  # the same run again: nothing to publish
    assert compact_lake(lake, "run") == 0

    age(lake)
    swept = vacuum(lake, retain=1, older_than=24 * HOUR, dry_run=False)
    assert swept.files == 5
    assert not any(lake.path(shard.outputs[0].path).exists() for shard in shards)
    # A single shard can still be read, out of the compacted file.
    rows = [row for batch in read_batches(lake, shards[3].outputs[0]) for row in batch["record_id"]]
    assert rows == ["r3", "s3"]
    assert put(lake, shards)[1] == 0


@pytest.mark.parametrize("longer", [0, 1])
def test_a_column_that_only_some_files_have_is_null_in_the_rows_of_others(
    tmp_path: Path, longer: int
) -> None:
    """Files of one day that two versions wrote: the newer one knows a column more."""
    lake = new_lake(tmp_path)
    shards = [commit_clean(lake, [f"r{n}"], source=f"f{n}") for n in range(2)]
    path = lake.path(shards[longer].outputs[0].path)
    pl.read_parquet(path).with_columns(agreement=pl.lit(0.75)).write_parquet(path)
    put(lake, shards)
    assert compact_lake(lake, "run") == 1
    (part,) = state(lake)[1].values()
    (stored,) = part.stored
    frame = pl.read_parquet(lake.path(stored)).select("record_id", "agreement").sort("record_id")
    assert frame.rows() == [(f"r{n}", 0.75 if n == longer else None) for n in range(2)]


def test_a_changed_shard_of_a_compacted_day_brings_the_others_back(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    shards = [commit_clean(lake, [f"r{n}"], source=f"f{n}") for n in range(3)]
    put(lake, shards)
    compact_lake(lake, "run")
    age(lake)
    vacuum(lake, retain=1, older_than=24 * HOUR, dry_run=False)
    changed = commit_clean(lake, ["new"], source="f1", fingerprint="e" * 16)
    put(lake, [shards[0], changed, shards[2]])
    assert stored_ids(lake) == ["new", "r0", "r2"]


def test_vacuum_keeps_what_is_named_and_what_is_young(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    old = commit_clean(lake, ["a"])
    put(lake, [old])
    new = commit_clean(lake, ["a2"], fingerprint="e" * 16)
    put(lake, [new])
    orphan = lake.folder("clean", "c", "2026-03-02") / "shard-x-y-attempt.parquet"
    orphan.write_bytes(b"left over")
    unpublished = commit_clean(lake, ["b"], source="other")
    assert vacuum(lake, retain=5, older_than=24 * HOUR, dry_run=False).files == 0  # all too young
    age(lake)
    running = Journal(lake, "run")
    running.done(unpublished)
    swept = vacuum(lake, retain=1, older_than=24 * HOUR, dry_run=True)
    assert swept.files == 3  # orphan, old data, old manifest
    assert orphan.exists()
    vacuum(lake, retain=1, older_than=24 * HOUR, dry_run=False)
    assert not orphan.exists()
    assert not lake.path(old.outputs[0].path).exists()
    assert lake.path(new.outputs[0].path).exists()
    assert lake.path(unpublished.outputs[0].path).exists()  # a live run names it
    running.finish(0, None)
    age(lake)
    vacuum(lake, retain=1, older_than=24 * HOUR, dry_run=False)
    assert not lake.path(unpublished.outputs[0].path).exists()
    assert not lake.path(unpublished.name).exists()
    assert stored_ids(lake) == ["a2"]
