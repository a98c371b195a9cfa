"""Writes the files of a lake anew, without the people of a plan, and lets everything name the new ones.

Semantics: new files have names of their own and are durable before anything names them; manifests and snapshots are
replaced whole, one by one. At every instant each snapshot names files that are there: the old one or the new one.
Done again after it was killed, it writes the same names and leaves what is done.
"""

import json
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyarrow.parquet as pq

from pipelines.lake.commit import dictionary_columns, file_checksum
from pipelines.lake.failpoint import failpoint
from pipelines.lake.forget_named import Named
from pipelines.lake.forget_plan import Plan, ShardLoss
from pipelines.lake.forget_rows import Target, erase
from pipelines.lake.forget_scan import schema_of, values
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place, created_locally, open_parquet
from pipelines.lake.rows import Compaction, read_batches
from pipelines.lake.snapshots import replace_snapshot
from pipelines.lake.store import create, disk_trouble, replace
from schemas.manifest import DataFile, Manifest, Part, Snapshot

FORGOTTEN = "forgotten"


def write_files(lake: Lake, plan: Plan) -> None:
    """The Parquet files without the people, beside the old ones."""
    for name in plan.files:
        old, new = lake.path(name), lake.path(plan.new_name(name))
        if not new.exists():
            write_without(old, new, plan.target)
            failpoint("forget.file_written")


def write_without(old: Place, new: Place, target: Target) -> None:
    """Writes the rows of a Parquet file without the people into a new one, durable when this returns."""
    schema = schema_of(old)
    try:
        with (
            created_locally(new) as made,
            open_parquet(old) as source,
            pq.ParquetWriter(
                made,
                schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=dictionary_columns(schema),
                store_schema=True,
            ) as writer,
        ):
            for group in range(source.num_row_groups):
                left = erase(source.read_row_group(group), target).table
                if left.num_rows:
                    writer.write_table(left.cast(schema), row_group_size=1 << 20)
    except OSError as error:
        raise disk_trouble("write", new, error) from None


def write_compactions(lake: Lake, plan: Plan, named: Named) -> None:
    """Notes that say where in the new compacted files the shards lie."""
    for note, old in named.compactions.items():
        if old.path not in plan.files:
            continue
        gone = plan.files[old.path].gone
        starts = {
            plan.new_name(path) if path in plan.shards else path: start
            - int(np.searchsorted(gone, start))
            for path, start in old.starts.items()
        }
        made = Compaction(plan.new_name(old.path), starts)
        content = json.dumps({"path": made.path, "starts": made.starts}).encode()
        create(lake.path(plan.new_name(note)), content, step="forget.compaction")


def name_anew(lake: Lake, plan: Plan, named: Named) -> None:
    """Lets manifests, then snapshots, name the new files."""
    files = {path: _moved(lake, plan, loss) for path, loss in plan.shards.items()}
    stored = {name: plan.new_name(name) for name in plan.files}
    for name, manifest in named.manifests.items():
        if any(file.path in files for file in manifest.outputs):
            made = _without(lake, manifest, files, plan.shards)
            replace(lake.path(name), made.model_dump_json().encode())
            failpoint("forget.manifest_replaced")
    for snapshot in named.snapshots.values():
        changed = _renamed(snapshot, files, stored)
        if changed != snapshot:
            replace_snapshot(lake, changed)
            failpoint("forget.snapshot_replaced")


def _moved(lake: Lake, plan: Plan, loss: ShardLoss) -> DataFile:
    old, path = loss.file, plan.new_name(loss.file.path)
    place = lake.path(path)
    # A shard that lies only in a compacted file has no file of its own to describe.
    facts = (
        {"bytes": place.stat().st_size, "checksum": file_checksum(place)} if place.exists() else {}
    )
    change = {"path": path, "rows": old.rows - loss.rows, "origin": old.identity} | facts
    return old.model_copy(update=change)


def _without(
    lake: Lake, manifest: Manifest, files: Mapping[str, DataFile], losses: Mapping[str, ShardLoss]
) -> Manifest:
    """The manifest with its new files; its counts are those of the rows that are left."""
    counts, reasons = dict(manifest.counts), Counter(manifest.reasons)
    lost = [losses[file.path] for file in manifest.outputs if file.path in losses]
    if manifest.stage == "ingest":
        units = sum(loss.units for loss in lost)
        counts["records"] -= sum(loss.rows for loss in lost if loss.file.dataset == "records")
        counts["used"] -= units
        counts["skipped"] += units
        reasons[FORGOTTEN] += units
    else:
        for loss in lost:
            # A stage counts the rows of its first dataset; what else it writes goes with them.
            if loss.file.dataset == manifest.outputs[0].dataset:
                _subtract(counts, reasons, loss)
            if loss.file.dataset == "contexts" and "with_context" in counts:
                counts |= _windows(lake, files[loss.file.path])
    outputs = tuple(files.get(file.path, file) for file in manifest.outputs)
    left = {name: count for name, count in reasons.items() if count > 0}
    return manifest.model_copy(update={"outputs": outputs, "counts": counts, "reasons": left})


def _subtract(counts: dict[str, int], reasons: Counter[str], loss: ShardLoss) -> None:
    outcomes = values(loss.told, "outcome") + values(loss.told, "status")
    others = [name for name in counts if name != "in"]
    if not outcomes and len(others) == 1:
        outcomes = Counter({others[0]: loss.rows})
    counts["in"] -= loss.rows
    for outcome, rows in outcomes.items():
        counts[outcome] -= rows
    reasons.subtract(values(loss.told, "reason"))


def _windows(lake: Lake, file: DataFile) -> dict[str, int]:
    """What the stage windows counts: a context may have lost its only turn."""
    some = sum(
        int((batch["context"].list.len() > 0).sum())
        for batch in read_batches(lake, file, ["context"])
    )
    return {"with_context": some, "without_context": file.rows - some}


def _renamed(
    snapshot: Snapshot, files: Mapping[str, DataFile], stored: Mapping[str, str]
) -> Snapshot:
    def part(old: Part) -> Part:
        change = {
            "files": tuple(files.get(file.path, file) for file in old.files),
            "stored": tuple(sorted(stored.get(name, name) for name in old.stored)),
        }
        return old.model_copy(update=change)

    state = None if snapshot.state is None else tuple(map(part, snapshot.state))
    return snapshot.model_copy(
        update={"changes": tuple(map(part, snapshot.changes)), "state": state}
    )
