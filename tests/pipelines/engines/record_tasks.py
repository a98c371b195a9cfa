"""Real units of work for tests of engines: records shards that a test writes, and the tasks that clean them."""

import datetime as dt
import hashlib
from pathlib import Path

import pyarrow as pa

from jobs.session import dump
from pipelines.lake.commit import DataWriter
from pipelines.lake.lake import Lake, create_lake
from pipelines.stages.row import RowTask
from schemas.config.base import semantic
from schemas.config.clean import CleanConfig
from schemas.config.corpus import DOMAINS
from schemas.datasets import RECORDS
from transforms.clean.clean import VERSION

CORPUS, DAY, KEY_ID = "posts", "2026-03-01", "0" * 16
AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def clean_tasks(root: Path, shards: int, rows: int) -> tuple[Lake, list[RowTask]]:
    """A lake with so many records shards, and one task for each."""
    lake = create_lake(root, KEY_ID)
    config = semantic(CleanConfig())
    settings = dump({key: value for key, value in config.items() if key not in DOMAINS[1:]})
    tasks = []
    for shard in range(shards):
        writer = DataWriter(
            lake, "records", corpus=CORPUS, partition=DAY, stem=f"shard-{shard:04d}"
        )
        made = [_record(shard, row) for row in range(rows)]
        writer.write(pa.Table.from_pylist(made, schema=RECORDS.schema))
        tasks.append(
            RowTask(
                lake=lake,
                run_id="run",
                key_id=KEY_ID,
                module="pipelines.stages.clean",
                settings=settings,
                stage="clean",
                version=VERSION,
                dataset="clean",
                variant="",
                source_file="0123456789abcdef",
                source_chunk=shard,
                input=writer.close(),
            )
        )
    return lake, tasks


def _record(shard: int, row: int) -> dict[str, object]:
    name = hashlib.md5(f"{shard} {row}".encode(), usedforsecurity=False).hexdigest()
    return {
        "record_id": name,
        "sample_key": int(name[:15], 16),
        "corpus": CORPUS,
        "domain": "social",
        "partition": DAY,
        "created_at": AT,
        "revision": 0,
        "text": f"Why did nobody tell me that number {row} of {shard} was so wonderful? Write to me@example.org!",
        "source": {"file": "0123456789abcdef", "position": row},
    }
