"""What forgetting somebody changes in a lake: which files, which shards, how many rows. Writes nothing."""

import hashlib
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from pipelines.lake.forget_named import Named
from pipelines.lake.forget_rows import Target, erase
from pipelines.lake.forget_scan import Hits, batches, hits, positions, schema_of
from pipelines.lake.lake import Lake
from schemas.manifest import DataFile


@dataclass(frozen=True)
class ShardLoss:
    """What one shard loses. `rows` of its own go (`told`: what was counted of them), `mentions` in others change.

    `units`: native units of which no record is left (ingest only). `first`: the numbers that the lost rows had.
    """

    file: DataFile
    rows: int
    mentions: int
    told: pa.Table
    units: int
    first: np.ndarray


@dataclass(frozen=True)
class Plan:
    """The Parquet files to write anew, and the shards that this changes, by their paths."""

    target: Target
    files: dict[str, Hits]
    shards: dict[str, ShardLoss]

    def new_name(self, path: str) -> str:
        """The name of the file or shard without the people: the same in every attempt."""
        return new_name(path, self.target.salt)


def new_name(path: str, salt: str) -> str:
    """`path` with another attempt in its name."""
    folder, _, name = path.rpartition("/")
    stem, _, suffix = name.rpartition(".")
    attempt = hashlib.blake2b(path.encode(), key=salt.encode(), digest_size=4).hexdigest()
    return f"{folder}/{stem.rpartition('-')[0]}-{attempt}.{suffix}"


def make_plan(lake: Lake, named: Named, target: Target) -> Plan:
    """Looks through all named files. Raises TerminalError for one that cannot be read."""
    present = sorted(name for name in named.stored() if lake.path(name).exists())
    target = replace(target, hints=_hints_to_keep(lake, present, target))
    files = {}
    for name in present:
        found = hits(lake.path(name), target)
        if found:
            files[name] = found
    shards = {}
    for path, file in named.files().items():
        place, start = _place(lake, named, path)
        if place in files:
            loss = _loss(lake, file, files[place], place, start)
            if loss.rows or loss.mentions:
                shards[path] = loss
    return Plan(target, files, shards)


def _place(lake: Lake, named: Named, path: str) -> tuple[str, int]:
    """The Parquet file in which a shard lies, and its first row there."""
    if lake.path(path).exists():
        return path, 0
    for compaction in named.compactions.values():
        if path in compaction.starts and lake.path(compaction.path).exists():
            return compaction.path, compaction.starts[path]
    return path, 0


def _loss(lake: Lake, file: DataFile, found: Hits, place: str, start: int) -> ShardLoss:
    low, high = np.searchsorted(found.gone, [start, start + file.rows])
    first = found.gone[low:high] - start
    told = found.told.slice(low, high - low)
    touched = np.searchsorted(found.touched, [start, start + file.rows])
    units = 0
    if file.dataset == "records" and len(first):
        theirs = positions(told)
        units = len(theirs - _left(lake, place, start, file.rows, first, theirs))
    return ShardLoss(file, len(first), int(touched[1] - touched[0]), told, units, first)


def _left(
    lake: Lake, place: str, start: int, rows: int, first: np.ndarray, wanted: Collection[int]
) -> set[int]:
    """Those of the native units `wanted` that keep a row of the shard."""
    left: set[int] = set()
    row, lost = -start, set(first.tolist())
    for table in batches(lake.path(place), ["source"]):
        for each in table["source"].to_pylist():
            if 0 <= row < rows and row not in lost and each["position"] in wanted:
                left.add(each["position"])
            row += 1
    return left


def _hints_to_keep(lake: Lake, present: list[str], target: Target) -> dict[str, tuple[str, ...]]:
    """Names that only rows which go knew of their conversation: its other rows must go on to redact them."""
    records = [name for name in present if name.startswith("restricted/records/")]
    made = {new_name(name, target.salt) for name in records}
    known: dict[str, set[str]] = defaultdict(set)
    left: dict[str, set[str]] = defaultdict(set)
    columns = ["record_id", "speaker", "domain", "conversation_id", "pii_hints"]
    concerned = [name for name in records if name not in made and _is_talk(lake, name)]
    for name in concerned:
        for table in batches(lake.path(name), columns):
            gone = erase(table, target).gone
            if gone.any():
                _gather(table.filter(pa.array(gone)), known)
    if not known:
        return {}
    for name in concerned:
        for table in batches(lake.path(name), columns):
            gone = erase(table, target).gone
            _gather(table.filter(pa.array(~gone)), left, only=known.keys())
    missing = {each: known[each] - names for each, names in left.items()}
    return {each: tuple(sorted(names)) for each, names in missing.items() if names}


def _is_talk(lake: Lake, name: str) -> bool:
    # A corpus has one domain: its first row tells.
    path = lake.path(name)
    if "domain" not in schema_of(path).names:
        return False
    first = next(batches(path, ["domain"]), None)
    return first is not None and first.num_rows > 0 and first["domain"][0].as_py() != "social"


def _gather(
    table: pa.Table, names: dict[str, set[str]], only: Collection[str] | None = None
) -> None:
    rows = zip(table["conversation_id"].to_pylist(), table["pii_hints"].to_pylist(), strict=True)
    for conversation, hints in rows:
        if conversation is not None and (only is None or conversation in only):
            names[conversation].update(hints or ())
