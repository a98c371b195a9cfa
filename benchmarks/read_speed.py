"""Speed of the readers: MB/s of cutting (one process feeds all workers) and rows/s of parsing a
core.

Run: python benchmarks/read_speed.py [rows]. The rows are made here; nothing is downloaded.
In dirty.jsonl one line of 1,000 is no JSON, in broken.jsonl one of seven.
"""

import os

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import csv
import gzip
import json
import random
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from schemas.config.corpus import Columns, Values
from transforms.read.chunk import MIB, WANTED, Limits
from transforms.read.columns import wanted
from transforms.read.mapping import map_columns
from transforms.read.registry import READERS
from transforms.read.source import expand

COLUMNS = Columns(
    text="text", id="id", speaker="author", created_at="created_at", conversation_id="thread"
)
WORDS = [
    "the",
    "of",
    "a",
    "that",
    "I",
    "you",
    "love",
    "hate",
    "my",
    "dog",
    "😀",
    "really",
    "so",
    "much",
    "today",
    "lol",
    "http://x.y",
    "sad",
]


def make(folder: Path, count: int) -> None:
    random.seed(1)
    rows = [
        {
            "id": f"t{i}",
            "text": " ".join(random.choices(WORDS, k=20)),
            "author": f"u{i % 1000}",
            "created_at": 1600000000 + i,
            "thread": f"c{i // 5}",
            "score": i % 7,
        }
        for i in range(count)
    ]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    (folder / "a.jsonl").write_bytes(lines)
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(lines, 6))
    (folder / "a.jsonl.zst").write_bytes(zstandard.compress(lines))
    (folder / "dirty.jsonl").write_bytes(lines.replace(b'000", "text"', b'", text'))
    (folder / "broken.jsonl").write_bytes(lines.replace(b'"score": 3}', b'"score": }'))
    for name, quoting in (("a.csv", csv.QUOTE_MINIMAL), ("quoted.csv", csv.QUOTE_ALL)):
        with (folder / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), quoting=quoting)
            writer.writeheader()
            writer.writerows(rows)
    with (folder / "a.tsv").open("w") as file:
        file.write("\t".join(rows[0]) + "\n")
        file.writelines("\t".join(map(str, row.values())) + "\n" for row in rows)
    pq.write_table(pa.Table.from_pylist(rows), folder / "a.parquet")


def measure(path: Path, reader: str, options: Mapping[str, Any]) -> None:
    [source] = expand([str(path)], Path("/"))
    limits, read = Limits(), READERS[reader]
    start = time.process_time()
    chunks = list(read.cut(source, limits, options))
    cut = time.process_time() - start
    frames, rows, bad = [], 0, 0
    start = time.process_time()
    for chunk in chunks:
        for batch in read.parse(source, chunk, limits, options):
            rows += batch.frame.height
            bad += len(batch.bad)
            frames.append(batch.frame)
    parse = time.process_time() - start
    start = time.process_time()
    for frame in frames:
        map_columns(frame, COLUMNS, Values(), ())
    mapping = time.process_time() - start
    size = path.stat().st_size if reader == "parquet" else sum(chunk.length for chunk in chunks)
    print(
        f"{path.name:14} {size / MIB:6.0f} MiB  cut {size / MIB / cut:6.0f} MiB/s   "
        f"parse {size / MIB / parse:5.0f} MiB/s {rows / parse / 1e6:5.2f}M rows/s   "
        f"map {rows / mapping / 1e6:5.2f}M rows/s   {rows:,} rows, {bad:,} bad"
    )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500_000
    options = {WANTED: wanted(COLUMNS)}
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), count)
        for path in sorted(Path(folder).iterdir()):
            suffix = path.name.split(".")[1]
            measure(path, suffix, options)


if __name__ == "__main__":
    main()
