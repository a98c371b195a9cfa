"""Small shards for lake tests: real Parquet, committed by the real protocol."""

from pathlib import Path

import polars as pl

from pipelines.lake.commit import DataWriter, commit
from pipelines.lake.lake import Lake, create_lake, now
from pipelines.lake.store import new_attempt
from schemas.datasets import CLEAN
from schemas.manifest import Manifest
from transforms.arrow import polars_schema, to_arrow

DAY = "2026-03-02"


def new_lake(folder: Path) -> Lake:
    return create_lake(folder / "lake", "0123456789abcdef")


def clean_rows(ids: list[str], corpus: str = "c", day: str = DAY) -> pl.DataFrame:
    rows = [
        {
            "record_id": name,
            "sample_key": number,
            "corpus": corpus,
            "domain": "social",
            "partition": day,
            "revision": 0,
            "text_clean": f"text of {name}",
            "lang_source": "unknown",
            "n_chars": 9,
            "n_words": 3,
            "n_letters": 7,
            "n_emoji": 0,
            "n_urls": 0,
            "n_mentions": 0,
            "n_hashtags": 0,
            "outcome": "kept",
        }
        for number, name in enumerate(ids)
    ]
    return pl.DataFrame(rows, schema=polars_schema(CLEAN.schema))


def commit_clean(
    lake: Lake,
    ids: list[str],
    *,
    source: str = "file0",
    chunk: int = 0,
    fingerprint: str = "f" * 16,
    corpus: str = "c",
    day: str = DAY,
    counts: dict[str, int] | None = None,
    run_id: str = "run",
    inputs: tuple[str, ...] = ("checksum",),
) -> Manifest:
    """One clean shard of the given record ids."""
    attempt = new_attempt()
    stem = f"shard-{source}{chunk}-{fingerprint}"
    writer = DataWriter(lake, "clean", corpus=corpus, partition=day, stem=f"{stem}-{attempt}")
    writer.write(to_arrow(clean_rows(ids, corpus, day), CLEAN.schema))
    file = writer.close()
    folder = lake.folder("clean", corpus, day)
    manifest = Manifest(
        name=lake.relative(folder / f"{stem}.json"),
        stage="clean",
        stage_version=1,
        shard=f"{source}{chunk}",
        source_file=source,
        source_chunk=chunk,
        fingerprint=fingerprint,
        inputs=inputs,
        outputs=(file,),
        counts=counts or {"in": len(ids), "kept": len(ids), "dropped": 0},
        attempt=attempt,
        run_id=run_id,
        created_at=now(),
        seconds=0.1,
    )
    return commit(lake, manifest)
