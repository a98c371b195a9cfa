"""Clean on one core: rows/s in all and microseconds per row by step.

    python benchmarks/clean_speed.py --data ../shared/data [--rows 200000] [--batch 32768]

The corpus is GoEmotions texts, resampled with a fixed seed; a tenth gets dirt (entities, links,
mentions, mark-up, mojibake, zero-width characters, PII). Time is processor time of this process.
"""

import os

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # before Polars is imported

import argparse
import json
import random
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import zstandard

from schemas.config.clean import CleanConfig
from transforms.clean import clean as clean_batch

DIRT: tuple[Callable[[str], str], ...] = (
    lambda text: text.replace("'", "&#39;").replace("&", "&amp;"),
    lambda text: f"{text} https://example.com/r/{len(text)}?utm=x",
    lambda text: f"@user_{len(text)} {text}",
    lambda text: f"&gt; quoted words\n\n{text}",
    lambda text: f"**{text}**",
    lambda text: f"<p>{text}</p><br>",
    lambda text: f"{text} donâ€™t",
    lambda text: f"{text[:9]}\u200b{text[9:]}",
    lambda text: f"{text} mail me: jo{len(text)}@example.com",
    lambda text: f"{text} call 555-010-{len(text):04}",
    lambda text: f"  {text}  ",
    lambda text: f"{text} 😂👍🏽",
)


def corpus(data: Path, rows: int) -> pl.DataFrame:
    """Make records of resampled GoEmotions texts."""
    packed = (data / "social/goemotions/train.tsv.zst").read_bytes()
    lines = zstandard.ZstdDecompressor().stream_reader(packed).read().decode().split("\n")
    texts = [line.split("\t")[0] for line in lines if line]
    rng = random.Random(20260302)
    chosen = rng.choices(texts, k=rows)
    dirty = [rng.choice(DIRT)(text) if rng.random() < 0.1 else text for text in chosen]
    return pl.DataFrame(
        {
            "record_id": [f"r{row:032d}" for row in range(rows)],
            "sample_key": pl.Series(range(rows), dtype=pl.UInt64),
            "text": dirty,
        }
    ).with_columns(
        corpus=pl.lit("goemotions"),
        domain=pl.lit("social"),
        partition=pl.lit("2026-03-02"),
        revision=pl.lit(0, dtype=pl.Int64),
    )


def timed(steps: dict[str, float], names: tuple[str, ...]) -> None:
    """Wrap the functions that clean calls, so that each adds its time to `steps`."""
    module = sys.modules["transforms.clean.clean"]

    def wrap(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            start = time.process_time()
            result = function(*args, **kwargs)
            steps[name] += time.process_time() - start
            return result

        return wrapped

    for name in names:
        setattr(module, name, wrap(name, getattr(module, name)))


def run(batches: list[pl.DataFrame]) -> tuple[float, pl.DataFrame]:
    start = time.process_time()
    done = [clean_batch(batch, CleanConfig()) for batch in batches]
    return time.process_time() - start, pl.concat(done)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=32_768)
    options = parser.parse_args()

    records = corpus(options.data, options.rows)
    batches = list(records.iter_slices(options.batch))
    run(batches[:1])  # tables and patterns are built on first use
    seconds, table = min((run(batches) for _ in range(3)), key=lambda result: result[0])

    steps: dict[str, float] = defaultdict(float)
    timed(steps, ("sifted", "_tidied", "counts", "emoji", "languages", "outcomes", "_spans"))
    whole, _ = run(batches)
    steps["_tidied"] -= steps["sifted"] + steps["_spans"]
    steps["rest"] = whole - sum(steps.values())
    rows = options.rows
    report = {
        "rows": rows,
        "characters_per_row": round(records["text"].str.len_chars().mean() or 0, 1),
        "rows_per_second": round(rows / seconds),
        "microseconds_per_row": round(seconds / rows * 1e6, 2),
        "by_step": {name: round(value / rows * 1e6, 2) for name, value in steps.items()},
        "kept": table.filter(pl.col("outcome") == "kept").height,
        "pii": int(table["pii"].list.len().sum()),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
