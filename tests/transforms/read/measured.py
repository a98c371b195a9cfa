"""Reads a folder in a process of its own, as a worker does, and prints what came of it.

Run: python -m tests.transforms.read.measured READER FOLDER
"""

import os

os.environ["POLARS_MAX_THREADS"] = "1"

import json
import re
import sys
from collections import Counter
from pathlib import Path

from transforms.read.chunk import POSITION, Limits, Pairing
from transforms.read.registry import READERS
from transforms.read.source import expand


def main(name: str, folder: str) -> None:
    reader, limits = READERS[name], Limits()
    sources = expand([folder], Path("/"))
    sources = reader.pair(sources) if isinstance(reader, Pairing) else sources
    units = used = rows = 0
    skipped, bad = Counter[str](), Counter[str]()
    for source in sources:
        for chunk in reader.cut(source, limits, {}):
            for batch in reader.parse(source, chunk, limits, {}):
                units += batch.units
                used += batch.frame[POSITION].n_unique()
                rows += batch.frame.height
                skipped.update(batch.skipped)
                bad.update(unit.error_class for unit in batch.bad)
    status = Path("/proc/self/status").read_text()
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", status)
    told = {"units": units, "used": used, "rows": rows, "skipped": skipped, "bad": bad}
    print(json.dumps({**told, "sources": len(sources), "peak_mib": int(peak) // 1024}))


if __name__ == "__main__":
    main(*sys.argv[1:])
