"""What a shard of records remembers of rows that were erased: their numbers, and which lost against which.

Which rows of a shard lose against another row of the same record is part of the fingerprint of its clean shard, by
row number. With the numbers of erased rows, and the order among erased doubles, that stays what it was, and nothing
is cleaned again. Nothing here is a person's: doubles are held together by a hash that is made up.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pipelines.lake.forget_plan import Plan, ShardLoss
from pipelines.lake.forget_rows import stand_in
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place
from pipelines.lake.store import create, read_json

Double = tuple[int, str, int, bool, str, int]
"""An erased row of a record that had several: row, group, revision, deleted at the source, source file, position."""


@dataclass(frozen=True)
class Memory:
    """`rows`: numbers, ascending, that erased rows had when the shard was first written."""

    rows: tuple[int, ...] = ()
    doubles: tuple[Double, ...] = ()

    def first(self, rows: Iterable[int], count: int) -> list[int]:
        """The numbers that `rows`, of `count` that the shard has now, had at first."""
        if not self.rows:
            return list(rows)
        left = np.delete(np.arange(count + len(self.rows)), np.array(self.rows, dtype=np.int64))
        return [int(left[row]) for row in rows]


def memory_path(lake: Lake, shard: str) -> Place:
    """Where the memory of the records shard with this path lies."""
    path = lake.path(shard)
    return path.with_name(f"erased-{path.stem}.json")


def read_memory(lake: Lake, shard: str) -> Memory:
    """What a records shard remembers; nothing where no row of it was erased."""
    path = memory_path(lake, shard)
    if not path.exists():
        return Memory()
    found = read_json(
        path, "Delete it: then shards of its day may be cleaned and labeled once more."
    )
    doubles = tuple((row[0], row[1], row[2], row[3], row[4], row[5]) for row in found["doubles"])
    return Memory(tuple(found["rows"]), doubles)


def write_memories(lake: Lake, plan: Plan) -> None:
    """Notes beside the records shards that lose rows, under the names that these will have."""
    lost = [each for each in plan.shards.values() if each.rows and each.file.dataset == "records"]
    seen = Counter(record for each in lost for record in each.told["record_id"].to_pylist())
    for each in lost:
        old = read_memory(lake, each.file.path)
        first = old.first(each.first.tolist(), each.file.rows)
        doubles = old.doubles + tuple(_doubles(each, first, seen, plan.target.salt))
        content = {"rows": sorted([*old.rows, *first]), "doubles": doubles}
        create(memory_path(lake, plan.new_name(each.file.path)), json.dumps(content).encode())


def _doubles(loss: ShardLoss, first: list[int], seen: Counter[str], salt: str) -> Iterable[Double]:
    for number, row in zip(first, loss.told.to_pylist(), strict=True):
        if seen[row["record_id"]] > 1:
            group, place = stand_in(salt, row["record_id"]), row["source"]
            yield number, group, row["revision"], row["deleted"], place["file"], place["position"]
