"""Seconds of the row-wise stages (ingest, clean, label) on each engine of this machine, against the local one.

    python benchmarks/engine_speed.py [--rows 2000000] [--workers 2] [--engines local beam spark] [--data FOLDER]

The posts are those of benchmarks/pipeline_speed.py. Start-up is what the same stages take over two shards of a few
rows: engine, session and workers start, Beam's once a stage. It is told, and taken off the seconds of the stages. The
rows of all engines are compared (order-independent checksum). Prints JSON; exit code 1 where an engine needs more than
1.3 times the seconds of the local one, or makes other rows.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from pipeline_speed import CONFIG, measure, posts, texts

BAR = 1.3
HERE = Path(__file__).resolve().parents[1]


def write(folder: Path, source: list[str], rows: int, shard_records: int, workers: int) -> Path:
    """A corpus and its config."""
    folder.mkdir(parents=True)
    with (folder / "posts.jsonl").open("wb") as file:
        file.writelines(line + b"\n" for line in posts(source, rows))
    config = folder / "config.yaml"
    spark = f'{{spark.master: "local[{workers}]", spark.driver.memory: 2g}}'
    config.write_text(
        f"{CONFIG}ingest: {{shard_records: {shard_records}}}\n"
        f"engine: {{workers: {workers}, spark: {spark}}}\n"
    )
    return config


def timed(config: Path, engine: str, lake: Path) -> tuple[dict[str, float], float, float]:
    """Seconds of each stage; of the whole command; and the peak memory of its processes in MB."""
    started = time.perf_counter()
    command = [
        sys.executable, "-m", "jobs.cli", "label", str(config), "--engine", engine, "--lake", str(lake), "--json",
    ]  # fmt: skip
    _, peak, out = measure(command, HERE)
    stages = {each["stage"]: each["seconds"] for each in json.loads(out.splitlines()[-1])["stages"]}
    return stages, time.perf_counter() - started, peak


def rows_of(lake: Path) -> dict[str, tuple[int, str]]:
    """Rows and sum of row hashes by dataset."""
    found = {}
    for dataset in ("restricted/records", "clean", "labels"):
        told = duckdb.execute(
            f"SELECT count(*), sum(hash(t)::HUGEINT) FROM read_parquet('{lake}/{dataset}/**/*.parquet') t"
        ).fetchone()
        found[dataset] = (told[0], str(told[1])) if told else (0, "")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--engines", nargs="+", default=["local", "beam", "spark"])
    parser.add_argument("--data", type=Path, default=HERE.parent / "shared" / "data")
    asked = parser.parse_args()
    found: dict[str, dict[str, object]] = {}
    seconds: dict[str, float] = {}
    made = {}
    with tempfile.TemporaryDirectory(prefix="affectmine-engines-") as scratch:
        folder, source = Path(scratch), texts(asked.data)
        tiny = write(folder / "tiny", source, 2 * asked.workers, 2, asked.workers)
        whole = write(folder / "whole", source, asked.rows, 125_000, asked.workers)
        for engine in asked.engines:
            timed(
                tiny, engine, folder / f"first-{engine}"
            )  # compiles kernels, fills the disk's cache
            start, _, _ = timed(tiny, engine, folder / f"tiny-{engine}")
            stages, wall, peak = timed(whole, engine, folder / f"lake-{engine}")
            made[engine] = rows_of(folder / f"lake-{engine}")
            seconds[engine] = sum(stages.values()) - sum(start.values())
            found[engine] = {
                "stages": stages,
                "start_up_of_stages": start,
                "seconds": round(seconds[engine], 2),
                "wall_seconds": round(wall, 2),
                "peak_mb": round(peak),
                "of_local": round(seconds[engine] / seconds[asked.engines[0]], 3),
                "same_rows": made[engine] == made[asked.engines[0]],
            }
    print(json.dumps({"rows": asked.rows, "workers": asked.workers, "engines": found}, indent=2))
    good = all(each["same_rows"] for each in found.values())
    sys.exit(
        0 if good and all(s / seconds[asked.engines[0]] <= BAR for s in seconds.values()) else 1
    )


if __name__ == "__main__":
    main()
