"""The windows stage on invented talks and reply trees: rows/s and peak memory; contexts checked against a formula.

    python benchmarks/windows_speed.py [--rows 1000000] [--shard 125000] [--workers 2] [--memory 400MB] [--keep FOLDER]

Three corpora of the same turns, 20 to 280 characters: `in_order` (talks of 50 turns one after another, as transcripts
lie in files), `scattered` (the same rows, every talk lies in all shards and on two days) and `replies` (each post
answers an earlier one of its thread, threads lie in all shards). The stage reads clean shards from a lake and commits
contexts, as in a run; `again` is the rerun that finds all of it done. Peak memory is what the processes have for
themselves, sampled four times a second; time and memory include start. Of lists, contexts must have min(turn, 8) turns,
and both layouts must give the same rows; of trees, the reference is the chain of parents in plain numpy. Prints JSON;
exit code 1 where contexts are not what they must be.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from pipeline_speed import measure

HERE = Path(__file__).resolve().parents[1]
TALK, TURNS = 50, 8
LAYOUTS = ("in_order", "scattered", "replies")
DAYS = ("2026-03-02", "2026-03-03")


def made(layout: str, rows: int) -> pl.DataFrame:
    """The turns in the order in which they lie in the lake; `parent` is the number of the answered one, or -1."""
    draw = np.random.default_rng(5)
    number = np.arange(rows)
    turn = number % TALK
    letters = "".join(draw.choice(list("etaoinshrdlu     "), 1 << 16))
    starts = draw.integers(0, len(letters) - 280, rows)
    sizes = draw.integers(20, 281, rows)
    texts = [letters[at : at + size] for at, size in zip(starts, sizes, strict=True)]
    parent = np.where(turn > 0, number - 1 - draw.integers(0, np.maximum(turn, 1)), -1)
    frame = pl.DataFrame({"number": number, "turn": turn, "text": texts, "parent": parent})
    if layout == "in_order":
        return frame
    # A stride that shares no factor with the number of rows visits each once.
    stride = next(n for n in range(rows // 3, rows) if np.gcd(n, rows) == 1)
    return frame[number * stride % rows]


def expected(layout: str, rows: int) -> int:
    """How many turns all contexts have."""
    if layout != "replies":
        return int(np.minimum(np.arange(rows) % TALK, TURNS).sum())
    parent = made(layout, rows).sort("number")["parent"].to_numpy()
    total, at = 0, parent
    for _ in range(TURNS):
        total += int((at >= 0).sum())
        at = np.where(at >= 0, parent[at], -1)
    return total


def write(folder: Path, layout: str, rows: int, shard: int) -> None:
    """A lake with clean shards of these turns."""
    from pipelines.lake.commit import DataWriter, commit
    from pipelines.lake.lake import create_lake, now
    from schemas.datasets import CLEAN
    from schemas.manifest import Manifest
    from transforms.arrow import polars_schema, to_arrow

    lake = create_lake(folder / "lake", "benchmark")
    schema = polars_schema(CLEAN.schema)
    manifests = []
    for chunk, piece in enumerate(made(layout, rows).iter_slices(shard)):
        day = DAYS[0] if layout == "in_order" else DAYS[chunk % 2]
        constants = {
            "corpus": "talks", "domain": "podcast", "partition": day, "revision": 0,
            "lang_source": "unknown", "outcome": "kept", "role": "host",
        }  # fmt: skip
        counts = dict.fromkeys([name for name in CLEAN.schema.names if name.startswith("n_")], 0)
        ids = pl.format("{}", pl.col("number")).str.zfill(32)
        parents = pl.format("{}", pl.col("parent")).str.zfill(32)
        known = {
            "record_id": ids,
            "sample_key": pl.col("number").cast(pl.UInt64),
            "conversation_id": pl.format("{}", pl.col("number") // TALK).str.zfill(32),
            "created_at": pl.from_epoch(1_772_409_600 + pl.col("number") // 50),
            "text_clean": pl.col("text"),
            "n_chars": pl.col("text").str.len_chars(),
        }
        if layout == "replies":
            known["reply_to"] = pl.when(pl.col("parent") >= 0).then(parents)
        else:
            known["turn"] = pl.col("turn")
        told = {
            name: pl.lit(value) for name, value in (constants | counts).items() if name not in known
        }
        absent = {name: pl.lit(None) for name in schema if name not in (known | told)}
        columns = known | told | absent
        frame = piece.select(columns[name].cast(kind).alias(name) for name, kind in schema.items())
        stem = f"shard-{chunk:012x}-{'0' * 16}"
        writer = DataWriter(lake, "clean", corpus="talks", partition=day, stem=stem)
        for batch in frame.iter_slices(32_768):
            writer.write(to_arrow(batch, CLEAN.schema))
        file = writer.close()
        manifest = Manifest(
            name=f"{file.path[:-8]}.json", stage="clean", stage_version=1, shard=f"{chunk:012x}", source_file="made",
            source_chunk=chunk, fingerprint="0" * 16, inputs=("made",), outputs=(file,),
            counts={"in": frame.height, "kept": frame.height, "dropped": 0}, attempt="0", run_id="made",
            created_at=now(), seconds=0.0,
        )  # fmt: skip
        manifests.append(commit(lake, manifest).model_dump(mode="json"))
    (folder / "cleaned.json").write_text(json.dumps(manifests))


def run_stage(folder: Path, workers: int, memory: str) -> None:
    """The stage, alone in this process and its workers."""
    from jobs.screen import Screen
    from jobs.session import Session
    from jobs.windows import windows
    from pipelines.engines.local import LocalEngine
    from pipelines.lake.journal import Journal
    from pipelines.lake.lake import open_lake
    from schemas.config.run import RunConfig
    from schemas.manifest import Manifest

    lake = open_lake(folder / "lake")
    corpus = {"name": "talks", "domain": "podcast", "license": "CC0-1.0", "sources": "none"}
    config = RunConfig.model_validate(
        {
            "corpora": [corpus],
            "windows": {"turns": TURNS, "chars": 4000},
            "engine": {"workers": workers, "memory_limit": memory},
        }
    )
    cleaned = [
        Manifest.model_validate(each) for each in json.loads((folder / "cleaned.json").read_text())
    ]
    journal, screen = Journal(lake, "benchmark"), Screen(quiet=True)
    with LocalEngine(workers, 0, modules=("pipelines.stages.windows",)) as engine:
        session = Session(lake, config, folder, "benchmark", journal, engine, screen)
        windows(session, cleaned, set())
    journal.finish(0, None)
    if session.failures:
        sys.exit(str(session.failures[0][2]))
    print(json.dumps({"seconds": round(session.totals[0].seconds, 1)}))


def contexts(folder: Path) -> tuple[int, int, int]:
    """Rows, turns in all contexts, and an order-independent checksum of the rows without their partition."""
    rows = turns = total = 0
    for file in sorted((folder / "lake" / "contexts").rglob("*.parquet")):
        frame = pl.read_parquet(file, columns=["record_id", "context"])
        rows += frame.height
        turns += int(frame["context"].list.len().sum())
        total += int(frame.hash_rows(1).cast(pl.Int128).sum())
    return rows, turns, total % (1 << 64)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--shard", type=int, default=125_000, help="rows of a clean shard")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--memory", default="400MB", help="DuckDB's memory limit")
    parser.add_argument("--layouts", nargs="*", choices=LAYOUTS, default=list(LAYOUTS))
    parser.add_argument("--keep", type=Path, help="work here and leave the lakes behind")
    parser.add_argument("--only", choices=("stage",), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        run_stage(args.keep, args.workers, args.memory)
        return 0
    os.environ["PYTHONPATH"] = str(HERE)
    sys.path.insert(0, str(HERE))
    folder = args.keep or Path(tempfile.mkdtemp(prefix="affectmine-windows-"))
    found: dict[str, dict[str, object]] = {}
    sums: dict[str, int] = {}
    for layout in args.layouts:
        place = folder / layout
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        write(place, layout, args.rows, args.shard)
        command = [sys.executable, __file__, "--workers", str(args.workers), "--memory", args.memory]  # fmt: skip
        command += ["--only", "stage", "--keep", str(place)]
        seconds, peak, _ = measure(command, place)
        rows, turns, sums[layout] = contexts(place)
        again, _, _ = measure(command, place)
        if (rows, turns) != (args.rows, expected(layout, args.rows)):
            print(f"{layout}: {rows} rows with {turns} turns are not what was made", file=sys.stderr)  # fmt: skip
            return 1
        found[layout] = {
            "rows": rows, "turns": turns, "seconds": round(seconds, 1), "again_seconds": round(again, 1),
            "rows_per_second": round(rows / seconds), "peak_mb": round(peak),
        }  # fmt: skip
    if args.keep is None:
        shutil.rmtree(folder)
    print(json.dumps(found, indent=1))
    if len({sums[name] for name in ("in_order", "scattered") if name in sums}) > 1:
        print("the same talks have other contexts when they are scattered", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
