"""Rows per second from ingest to published emotion labels, against the time in which Polars copies the same bytes.

    python benchmarks/pipeline_speed.py [--rows 1000000 10000000] [--data ../shared/data] [--keep FOLDER]

The corpus: texts of GoEmotions train, resampled with new ids; 10 % are exact duplicates of an earlier post, some
carry dirt (entities, URLs, mentions, e-mail addresses, mojibake, one broken line in 50,000). It is made anew in a
temporary folder and never committed. The copy is JSON lines in, zstd Parquet out, without the broken lines.
Memory is the sum over all our processes of what each has for itself, sampled four times a second.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import zstandard

DIRT = (
    lambda text: text.replace("'", "&#39;") + " &amp; more",
    lambda text: text + " https://example.com/a?b=c",
    lambda text: "@someone_else " + text,
    lambda text: text + " mail me: jo.doe@example.org",
    lambda text: text + " call 212-555-0142",
    lambda text: text.replace("'", "â€™"),
    lambda text: "**" + text + "**  \n\n> quoted",
    lambda text: text + " soooo goood 😂😂",
)
PAGE = os.sysconf("SC_PAGE_SIZE")
CONFIG = """lake: lake
corpora:
  - name: speed
    domain: social
    license: CC-BY-4.0
    sources: posts.jsonl
    columns: {text: body, id: id, speaker: author, created_at: created_utc}
label:
  - {task: emotion, taxonomy: goemotions, labeler: student}
"""


def texts(data: Path) -> list[str]:
    """The texts of GoEmotions train."""
    raw = zstandard.ZstdDecompressor().stream_reader(
        (data / "social/goemotions/train.tsv.zst").open("rb")
    )
    return [line.split("\t")[0] for line in raw.read().decode().splitlines()]


def posts(source: list[str], rows: int, seed: int = 7) -> Iterator[bytes]:
    """`rows` lines of JSON, deterministic."""
    draw = random.Random(seed)
    earlier: list[str] = []
    for number in range(rows):
        if earlier and draw.random() < 0.1:
            text = draw.choice(earlier)
        else:
            text = draw.choice(source)
            # Resampling alone would repeat texts; a word of another post makes most of them new.
            word = draw.choice(source).split(" ", 1)[0]
            text = draw.choice(DIRT)(text) if draw.random() < 0.1 else f"{text} {word}"
            if len(earlier) < 100_000:
                earlier.append(text)
        post = {
            "id": f"p{number:09d}",
            "author": f"user{draw.randrange(rows // 10 + 1)}",
            "created_utc": 1_767_225_600 + number * 4 * 86_400 // rows,
            "body": text,
        }
        line = orjson.dumps(post)
        yield line[:-9] if number % 50_000 == 49_999 else line


def measure(command: list[str], folder: Path) -> tuple[float, float, str]:
    """Seconds, peak memory in MB over the whole process tree, and stdout."""
    peak = 0.0
    over = threading.Event()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)

    def sample() -> None:
        nonlocal peak
        while not over.wait(0.25):
            peak = max(peak, sum(memory(pid) for pid in tree(process.pid)))

    thread = threading.Thread(target=sample)
    started = time.perf_counter()
    thread.start()
    out, _ = process.communicate()
    seconds = time.perf_counter() - started
    over.set()
    thread.join()
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} failed with exit code {process.returncode}")
    return seconds, peak, out


def tree(root: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def memory(pid: int) -> float:
    """The resident memory of a process in MB, without what it shares (libraries, mapped files)."""
    try:
        _, resident, shared, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
    except (OSError, ValueError):
        return 0.0
    return (resident - shared) * PAGE / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    here = Path(__file__).resolve().parents[1]
    parser.add_argument("--data", type=Path, default=here.parent / "shared" / "data")
    parser.add_argument("--keep", type=Path, help="work here and leave the lake behind")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    source = texts(args.data)
    found = []
    for rows in args.rows:
        folder = args.keep or Path(tempfile.mkdtemp(prefix="affectmine-speed-"))
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder / "lake", ignore_errors=True)
        corpus = folder / "posts.jsonl"
        with corpus.open("wb") as file, (folder / "whole.jsonl").open("wb") as whole:
            for line in posts(source, rows):
                file.write(line + b"\n")
                if line.endswith(b"}"):  # one broken line would end the copy
                    whole.write(line + b"\n")
        (folder / "speed.yaml").write_text(CONFIG)
        copy = (
            "import polars as pl; pl.scan_ndjson('whole.jsonl')"
            ".sink_parquet('copy.parquet', compression='zstd')"
        )
        copying, _, _ = measure([sys.executable, "-c", copy], folder)
        command = [sys.executable, "-m", "jobs.cli", "run", "speed.yaml", "--json"]
        os.environ["PYTHONPATH"] = str(here)
        seconds, peak, out = measure(command, folder)
        outcome = json.loads(out.splitlines()[-1])
        row = {
            "rows": rows,
            "megabytes": round(corpus.stat().st_size / 1e6),
            "seconds": round(seconds, 1),
            "rows_per_second": round(rows / seconds),
            "polars_copy_seconds": round(copying, 1),
            "ratio_to_copy": round(seconds / copying, 1),
            "peak_mb": round(peak),
            "stages": {
                f"{stage['stage']}": round(stage["seconds"], 1) for stage in outcome["stages"]
            }
            | {f"check {gate['dataset']}": round(gate["seconds"], 1) for gate in outcome["gates"]},
            "snapshot": outcome["snapshot"],
        }
        found.append(row)
        print(json.dumps(row))
        if args.keep is None:
            shutil.rmtree(folder)
    if len(found) > 1 and not args.json:
        speed = found[-1]["rows_per_second"] / found[0]["rows_per_second"]
        peak = found[-1]["peak_mb"] / found[0]["peak_mb"]
        print(
            f"{found[-1]['rows']:,} rows against {found[0]['rows']:,}: speed x{speed:.2f}, memory x{peak:.2f}"
        )


if __name__ == "__main__":
    main()
