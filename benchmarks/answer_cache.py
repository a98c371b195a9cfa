"""The answer cache: seconds and peak memory of look-ups in a large cache, and what writing an answer costs.

    python benchmarks/answer_cache.py [--answers 5000000] [--asked 250000] [--put 100000] [--repeat 5]

The cache is filled with score-mode answers (seven probabilities, drawn at random) in segments of a million, as
compaction leaves them; keys are the cache's own hashes. Then, in a process of its own with 1 GB for DuckDB and two
threads, it is asked for keys that: were put one after another (a shard that is run again), were put anywhere, or are
not there. What comes back is checked. Peak memory: of that process, above what it had before (a small look-up has been
made by then). `put`: answers a second through one writer, each durable within 2 s, and the small segments that this
leaves. Prints JSON; exit code 1 where a bar is missed.
"""

import argparse
import datetime as dt
import json
import multiprocessing
import random
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipelines.lake.answer_files import segments
from pipelines.serving.answer_cache import AnswerCache
from pipelines.serving.answer_segments import SCHEMA, Answer, merge, write_segment

KEY = b"benchmark" * 4
PIECE = 50_000
SEGMENT = 1_000_000
BARS = {"seconds": 5.0, "peak_mb": 1500.0}


def name(cache: AnswerCache, number: int) -> str:
    return cache.key(b"question %d" % number)


def told(draw: random.Random) -> str:
    return json.dumps({"scores": [round(draw.random(), 6) for _ in range(7)]})


def fill(folder: Path, answers: int) -> float:
    """Writes the cache; returns MB."""
    cache, draw = AnswerCache(folder, KEY), random.Random(1)
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for first in range(0, answers, SEGMENT):
        last = min(first + SEGMENT, answers)
        for piece in range(first, last, PIECE):
            rows = [
                Answer(
                    bytes.fromhex(name(cache, number)),
                    f"{draw.getrandbits(128):032x}",
                    f"{draw.randrange(100_000):032x}",
                    told(draw),
                    200 + number % 50,
                    180,
                    1,
                    start + dt.timedelta(milliseconds=number),
                )
                for number in range(piece, min(piece + PIECE, last))
            ]
            write_segment(folder / f"small-{piece:09d}.parquet", rows)
        small = sorted(folder.glob("small-*.parquet"))
        if not merge(folder, small, folder / f"answers-{first:09d}.parquet"):
            small[0].rename(folder / f"answers-{first:09d}.parquet")
    return sum(path.stat().st_size for path in folder.glob("*.parquet")) / 1e6


class Peak:
    """The largest resident memory of this process while it is watched, sampled every 5 ms."""

    def __enter__(self) -> "Peak":
        self.start = self.most = resident()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.005):
            self.most = max(self.most, resident())


def resident() -> float:
    """MB that this process has in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def ask(folder: Path, numbers: list[int], expected: int) -> dict[str, float]:
    """One look-up, in a process of its own."""
    cache = AnswerCache(folder, KEY)
    keys = pl.Series([name(cache, number) for number in numbers])
    cache.look_up(keys.head(1))
    with Peak() as peak:
        start = time.perf_counter()
        found = cache.look_up(keys)
        seconds = time.perf_counter() - start
    assert found.height == found["key"].n_unique() == expected
    assert set(found["key"]) <= set(keys)
    assert all(len(json.loads(each)["scores"]) == 7 for each in found["told"].head(100))
    return {"seconds": seconds, "peak_mb": peak.most - peak.start}


def look_ups(folder: Path, answers: int, asked: int, repeat: int) -> dict[str, dict[str, float]]:
    draw = random.Random(2)
    first = answers // 3
    questions = {
        "one_after_another": (list(range(first, first + asked)), asked),
        "anywhere": (draw.sample(range(answers), asked), asked),
        "not_there": (list(range(answers, answers + asked)), 0),
    }
    figures = {}
    spawn = multiprocessing.get_context("spawn")
    for kind, (numbers, expected) in questions.items():
        runs = []
        for _ in range(repeat):
            with spawn.Pool(1) as pool:
                runs.append(pool.apply(ask, (folder, numbers, expected)))
        figures[kind] = {
            "seconds": round(statistics.median(run["seconds"] for run in runs), 2),
            "peak_mb": round(max(run["peak_mb"] for run in runs)),
        }
    return figures


def puts(folder: Path, answers: int) -> dict[str, float]:
    cache, draw = AnswerCache(folder, KEY), random.Random(3)
    given = [(name(cache, number), told(draw)) for number in range(answers)]
    writer = cache.writer()
    start = time.perf_counter()
    spent = time.process_time()
    for key, text in given:
        writer.put(key, key, text, 200, 180, 1)
    writer.close()
    seconds = time.perf_counter() - start
    return {
        "answers_per_second": round(answers / seconds),
        "cpu_us_per_answer": round((time.process_time() - spent) / answers * 1e6, 1),
        "segments": len(segments(folder)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=5_000_000)
    parser.add_argument("--asked", type=int, default=250_000)
    parser.add_argument("--put", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="affectmine-answers-") as made:
        folder = Path(made)
        size = fill(folder / "full", given.answers)
        figures = {
            "answers": given.answers,
            "mb": round(size),
            "columns": SCHEMA.names,
            "asked": given.asked,
            "look_up": look_ups(folder / "full", given.answers, given.asked, given.repeat),
            "put": puts(folder / "new", given.put),
        }
    print(json.dumps(figures, indent=2))
    missed = [
        f"{kind} {bar}"
        for kind, run in figures["look_up"].items()
        for bar, most in BARS.items()
        if run[bar] > most
    ]
    print("missed: " + ", ".join(missed) if missed else "every bar is met", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
