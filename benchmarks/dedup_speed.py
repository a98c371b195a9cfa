"""Near-duplicates among short posts: recall, precision, seconds, peak memory; and datasketch beside it on a part.

    python benchmarks/dedup_speed.py [--rows 2000000] [--part 200000] [--workers 2] [--memory 400MB] [--keep FOLDER]
    python benchmarks/dedup_speed.py --rows 10000000 --part 0 --alphabets 10

The posts are made here, the same every time: sentences from our own templates, 40 to 280 characters. 15 % are made from
an earlier post by edits of words and characters; their Jaccard similarity (sets of character 5-grams, plain Python) is
known, four in five reach .8. Recall: of those that reach it, how many are in the cluster of their source. Precision:
of the dropped rows, how many have at least .8 with the row that represents them. The stage reads clean shards from a
lake and commits signatures and answers, as in a run; its time and the peak memory of its processes (what each has for
itself, sampled four times a second) include start and compiled code; `cpu` are seconds of all cores together.
`--alphabets N` makes an N-th of the posts, which takes long, and the others of them, letters exchanged: as similar
among themselves, and to no other. datasketch gets the same character 5-grams of the part and 64 permutations; it only
lists candidates. Prints JSON; exit code 1 where a bar is missed.
"""

import argparse
import json
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
from pipeline_speed import measure

HERE = Path(__file__).resolve().parents[1]
SHARD = 125_000
BARS = {"recall": 0.95, "precision": 0.99, "seconds": 120.0, "peak_mb": 3000.0}

OPENINGS = (
    "I can't believe", "honestly", "so today", "my sister says", "does anyone know why", "just found out",
    "ok but", "not gonna lie,", "every single morning", "after all these years", "tell me why", "finally",
    "I'm so tired of hearing that", "reminder:", "unpopular opinion:", "my boss thinks", "we talked about how",
)  # fmt: skip
WHO = (
    "the neighbor", "my cat", "our teacher", "the landlord", "that singer", "the new guy", "grandma", "my therapist",
    "the bus driver", "half the team", "somebody from work", "the kid next door", "your favorite actor",
)  # fmt: skip
DID = (
    "forgot", "cancelled", "ruined", "fixed", "loved", "broke", "sold", "painted", "missed", "recorded", "hated",
    "promised", "lost", "found", "stole", "defended", "explained", "cooked", "deleted", "finished",
)  # fmt: skip
ENDINGS = (
    "and I cried", "lol", "which is wild", "😂", "what a day", "no regrets", "please help", "so proud", "smh",
    "thank you all", "never again", "❤️", "I miss this", "why though?", "made my week", "[URL]", "#monday",
)  # fmt: skip
SYLLABLES = tuple(
    onset + vowel + coda
    for onset in ("b", "br", "d", "f", "gl", "h", "k", "l", "m", "n", "p", "pr", "r", "s", "st", "t", "v", "w")
    for vowel in ("a", "e", "i", "o", "u", "ai", "ou")
    for coda in ("", "n", "r", "st", "l", "m")
)  # fmt: skip


def word(draw: random.Random) -> str:
    return "".join(draw.choices(SYLLABLES, k=draw.choice((1, 2, 2, 3))))


def post(draw: random.Random) -> str:
    """A new post."""
    wanted = draw.randrange(40, 240)
    parts = [
        draw.choice(OPENINGS),
        draw.choice(WHO),
        draw.choice(DID),
        "the",
        word(draw),
        word(draw),
    ]
    while len(" ".join(parts)) < wanted:
        parts += draw.choice(
            (
                [draw.choice(WHO), draw.choice(DID), "my", word(draw)],
                ["and", word(draw), word(draw)],
                [word(draw)],
            )
        )
    return f"{' '.join(parts)} {draw.choice(ENDINGS)}"[:280]


def edited(text: str, draw: random.Random) -> str:
    """The text after one edit of a word."""
    words = text.split(" ")
    at = draw.randrange(len(words))
    kind = draw.randrange(5)
    if kind == 0:
        words[at] = word(draw)
    elif kind == 1:
        words.insert(at, word(draw))
    elif kind == 2:
        words.append(draw.choice(ENDINGS))
    elif kind == 3 and len(words) > 8:
        del words[at]
    else:
        place = draw.randrange(len(words[at]) + 1)
        words[at] = words[at][:place] + draw.choice("aeiourstn") + words[at][place:]
    return " ".join(words)


def grams(text: str) -> set[str]:
    text = " ".join(text.casefold().split())
    return {text[at : at + 5] for at in range(len(text) - 4)}


def similarity(one: str, other: str) -> float:
    first, second = grams(one), grams(other)
    return len(first & second) / len(first | second)


def planted(source: str, draw: random.Random) -> tuple[str, float]:
    """An edited copy and its similarity, which lies near one drawn from .6 to 1."""
    wanted = draw.uniform(0.8, 0.99) if draw.random() < 0.8 else draw.uniform(0.6, 0.8)
    text, found = source, 1.0
    for _ in range(40):
        following = edited(text, draw)
        reached = similarity(source, following)
        if found < 1 and reached < wanted:
            break
        text, found = following, reached
    return text, found


def corpus(rows: int) -> Iterator[tuple[str, int, float]]:
    """Text, number of its source (-1: none) and similarity to it."""
    draw = random.Random(11)
    sources: list[tuple[int, str]] = []
    for number in range(rows):
        if sources and draw.random() < 0.15:
            source, text = sources[draw.randrange(len(sources))]
            copy, reached = planted(text, draw)
            yield copy, source, reached
            continue
        text = post(draw)
        if len(sources) < 400_000:
            sources.append((number, text))
        else:
            sources[draw.randrange(len(sources))] = (number, text)
        yield text, -1, 0.0


def alphabets(rows: int, number: int) -> Iterator[tuple[str, int, float]]:
    """As `corpus`: the posts of a `number`-th of the rows, in that many alphabets."""
    made = list(corpus(rows // number))
    small = "abcdefghijklmnopqrstuvwxyz"
    for each in range(number):
        other = random.Random(each).sample(small, len(small)) if each else list(small)
        table = str.maketrans(small + small.upper(), "".join(other) + "".join(other).upper())
        for text, source, reached in made:
            yield text.translate(table), source + each * len(made) if source >= 0 else -1, reached


def write(folder: Path, truth: pl.DataFrame) -> None:
    """A lake with clean shards of these posts."""
    from pipelines.lake.commit import DataWriter, commit
    from pipelines.lake.lake import create_lake, now
    from schemas.datasets import CLEAN
    from schemas.manifest import Manifest
    from transforms.arrow import polars_schema, to_arrow

    lake = create_lake(folder / "lake", "benchmark")
    schema = polars_schema(CLEAN.schema)
    manifests = []
    for chunk, piece in enumerate(truth.iter_slices(SHARD)):
        constants = {
            "corpus": "posts", "domain": "social", "partition": "2026-03-02", "revision": 0,
            "lang_source": "unknown", "outcome": "kept",
        }  # fmt: skip
        counts = dict.fromkeys([name for name in CLEAN.schema.names if name.startswith("n_")], 0)
        frame = piece.select(
            pl.format("{}", pl.col("number")).str.zfill(32).alias("record_id"),
            pl.col("number").cast(pl.UInt64).alias("sample_key"),
            pl.from_epoch(1_772_409_600 + pl.col("number") // 50).alias("created_at"),
            pl.col("text").alias("text_clean"),
            *(pl.lit(value).alias(name) for name, value in (constants | counts).items()),
        )
        nulls = [pl.lit(None).alias(name) for name in schema if name not in frame.columns]
        frame = frame.with_columns(nulls).select(
            pl.col(name).cast(kind) for name, kind in schema.items()
        )
        stem = f"shard-{chunk:012x}-{'0' * 16}"
        writer = DataWriter(lake, "clean", corpus="posts", partition="2026-03-02", stem=stem)
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
    """The dedup stage, alone in this process and its workers."""
    from jobs.dedup import dedup
    from jobs.screen import Screen
    from jobs.session import Session
    from pipelines.engines.local import LocalEngine
    from pipelines.lake.journal import Journal
    from pipelines.lake.lake import open_lake
    from schemas.config.run import RunConfig
    from schemas.manifest import Manifest

    lake = open_lake(folder / "lake")
    corpus = {"name": "posts", "domain": "social", "license": "CC0-1.0", "sources": "none"}
    config = RunConfig.model_validate(
        {"corpora": [corpus], "dedup": {}, "engine": {"workers": workers, "memory_limit": memory}}
    )
    cleaned = [
        Manifest.model_validate(each) for each in json.loads((folder / "cleaned.json").read_text())
    ]
    journal, screen = Journal(lake, "benchmark"), Screen(quiet=True)
    with LocalEngine(workers, 0, modules=("pipelines.stages.dedup_signatures",)) as engine:
        session = Session(lake, config, folder, "benchmark", journal, engine, screen)
        dedup(session, cleaned, set())
    journal.finish(0, None)
    if session.failures:
        sys.exit(str(session.failures[0][2]))
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(each.ru_utime + each.ru_stime for each in used)
    seconds = {stage.name: round(stage.seconds, 1) for stage in session.totals}
    print(json.dumps(seconds | {"cpu": round(cpu, 1)}))


def run_datasketch(folder: Path) -> None:
    """Runs datasketch on the posts of the folder."""
    from datasketch import MinHash, MinHashLSH

    texts = pl.read_parquet(folder / "truth.parquet", columns=["text"])["text"]
    lsh = MinHashLSH(threshold=0.8, num_perm=64)
    found = 0
    for number, text in enumerate(texts):
        signature = MinHash(num_perm=64)
        signature.update_batch([gram.encode() for gram in grams(text)])
        found += bool(lsh.query(signature))
        lsh.insert(number, signature)
    print(json.dumps({"rows_with_candidates": found}))


def judge(folder: Path, truth: pl.DataFrame) -> dict[str, float]:
    """Recall and precision of what the lake says, by plain Python sets."""
    files = sorted((folder / "lake" / "dedup").rglob("*.parquet"))
    said = pl.concat([pl.read_parquet(file) for file in files])
    assert said.height == truth.height
    said = said.with_columns(
        number=pl.col("record_id").cast(pl.Int64), top=pl.col("cluster").cast(pl.Int64)
    )
    known = truth.join(said.select("number", "top"), on="number").sort("number")
    top = known["top"]
    near = known.filter((pl.col("source") >= 0) & (pl.col("similarity") >= 0.8))
    together = (near["top"] == top.gather(near["source"])).sum()
    dropped = said.filter(pl.col("outcome") == "dropped")
    texts = known["text"]
    pairs = zip(texts.gather(dropped["number"]), texts.gather(dropped["top"]), strict=True)
    right = sum(similarity(one, other) >= 0.8 for one, other in pairs)
    return {
        "planted": known.filter(pl.col("source") >= 0).height,
        "planted_near": near.height,
        "dropped": dropped.height,
        "recall": round(together / near.height, 5),
        "precision": round(right / dropped.height, 5),
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument(
        "--part", type=int, default=200_000, help="rows for the comparison; 0: none"
    )
    parser.add_argument("--alphabets", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--memory", default="400MB", help="DuckDB's memory limit")
    parser.add_argument("--keep", type=Path, help="work here and leave the lake behind")
    parser.add_argument("--only", choices=("stage", "datasketch"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only == "stage":
        run_stage(args.keep, args.workers, args.memory)
        return 0
    if args.only == "datasketch":
        run_datasketch(args.keep)
        return 0
    os.environ["PYTHONPATH"] = str(HERE)
    sys.path.insert(0, str(HERE))
    folder = args.keep or Path(tempfile.mkdtemp(prefix="affectmine-dedup-"))
    again = [sys.executable, __file__, "--workers", str(args.workers), "--memory", args.memory]
    found: dict[str, dict[str, object]] = {}
    started = time.perf_counter()
    rows = pl.DataFrame(
        list(alphabets(args.rows, args.alphabets)),
        schema=["text", "source", "similarity"],
        orient="row",
    )
    truth = rows.with_row_index("number").with_columns(pl.col("number").cast(pl.Int64))
    print(f"made {truth.height:,} posts in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    for name, height in (("all", truth.height), ("part", min(args.part, args.rows))):
        if not height:
            continue
        place = folder / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        piece = truth.head(height)
        piece.write_parquet(place / "truth.parquet")
        write(place, piece)
        seconds, peak, out = measure([*again, "--only", "stage", "--keep", str(place)], place)
        found[name] = {
            "rows": height, "seconds": round(seconds, 1), "rows_per_second": round(height / seconds),
            "peak_mb": round(peak), "stages": json.loads(out.splitlines()[-1]),
        } | judge(place, piece)  # fmt: skip
        if name == "part":
            other, peak, out = measure(
                [*again, "--only", "datasketch", "--keep", str(place)], place
            )
            found["datasketch"] = {
                "rows": height, "seconds": round(other, 1), "rows_per_second": round(height / other),
                "peak_mb": round(peak), "times_slower": round(other / seconds, 1),
            } | json.loads(out.splitlines()[-1])  # fmt: skip
    if args.keep is None:
        shutil.rmtree(folder)
    print(json.dumps(found, indent=1))
    whole = found["all"]
    bars = BARS | {"seconds": BARS["seconds"] * max(1.0, args.rows / 2_000_000)}
    missed = [
        name
        for name, bar in bars.items()
        if (whole[name] < bar) == (name in ("recall", "precision"))
    ]
    if missed:
        print(f"missed: {', '.join(missed)} (bars: {bars})", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
