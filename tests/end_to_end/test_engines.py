"""The same rows on every engine: the whole run over a corpus of everything that could tell them apart."""

from __future__ import annotations

import json
import math
from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.corpus import checksum, command
from tests.end_to_end.engine_corpus import write_engine_corpus

pytestmark = pytest.mark.slow

ENGINES = {
    "beam in memory": "{name: beam, workers: 2, beam: {direct_running_mode: in_memory}}",
    "beam threads": "{name: beam, workers: 2, beam: {direct_running_mode: multi_threading}}",
    "beam processes": "{name: beam, workers: 2, beam: {direct_running_mode: multi_processing}}",
    "spark local": '{name: spark, spark: {spark.master: "local[2]", spark.sql.shuffle.partitions: 4}}',
    "spark cluster": "{name: spark, spark: "
    '{spark.master: "local-cluster[2,1,1024]", spark.sql.shuffle.partitions: 4}}',
}
STAGES = ("ingest", "clean", "signatures", "dedup", "windows", "label", "label")
DATASETS = (
    "clean", "contexts", "dedup", "labels emotion/ekman/student", "labels emotion/goemotions/student", "quarantine",
    "quarantine_raw", "records", "signatures",
)  # fmt: skip


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """The corpus, and what the local engine makes of it."""
    folder = tmp_path_factory.mktemp("engines")
    config = write_engine_corpus(folder)
    ran = command("run", config, "--json", cwd=folder)
    assert ran.code == 0, ran.err
    told = {(stage["stage"], stage["variant"]): stage for stage in ran.json["stages"]}
    assert tuple(stage for stage, _ in told) == STAGES
    # What the corpus is for: shards enough, and something of every outcome.
    assert all(stage["shards"] >= 8 for stage in told.values())
    reasons = {reason for stage in told.values() for reason in stage["reasons"]}
    assert reasons >= {
        "invalid_json", "missing_text", "empty", "duplicate_id", "exact_duplicate", "near_duplicate", "language:de",
    }  # fmt: skip
    assert _crossing(folder / "lake") >= 8
    return folder, told


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_makes_the_same_rows(
    local: tuple[Path, dict], tmp_path: Path, engine: str
) -> None:
    folder, expected = local
    config = folder / f"{engine.replace(' ', '-')}.yaml"
    text = (folder / "config.yaml").read_text()
    assert text.endswith("engine: {workers: 2}\n")
    config.write_text(text.replace("engine: {workers: 2}", f"engine: {ENGINES[engine]}"))
    lake = tmp_path / "lake"
    ran = command("run", config, "--lake", lake, "--json", cwd=folder, timeout=900)
    assert ran.code == 0, ran.err
    for stage in ran.json["stages"]:
        same = expected[stage["stage"], stage["variant"]]
        assert {key: stage[key] for key in ("shards", "counts", "reasons")} == {
            key: same[key] for key in ("shards", "counts", "reasons")
        }
        assert stage["failed"] == stage["done_before"] == 0
    assert ran.json["marts"]["built"] == 20
    found = checksum(lake)
    assert tuple(found) == DATASETS
    assert found == checksum(folder / "lake")
    _same_marts(folder / "lake", lake)
    # Nothing of the work is left but the journal and the gates.
    assert not [path for path in (lake / "runs").rglob("*") if path.suffix == ".parquet"]
    # What one engine made, another finds done: fingerprints know nothing of engines.
    again = command("run", folder / "config.yaml", "--lake", lake, "--json", cwd=folder)
    assert all(stage["done_before"] == stage["shards"] for stage in again.json["stages"])
    assert again.json["partitions_changed"] == 0


def _crossing(lake: Path) -> int:
    """Conversations of which turns lie in several shards."""
    frames = [
        pl.read_parquet(path, columns=["corpus", "conversation_id"]).with_columns(
            shard=pl.lit(path.stem.split("-")[1])
        )
        for path in (lake / "clean").rglob("*.parquet")
    ]
    shards = pl.concat(frames).drop_nulls().group_by("corpus", "conversation_id").agg(
        pl.col("shard").n_unique()
    )  # fmt: skip
    return shards.filter(pl.col("shard") > 1).height


def _same_marts(one: Path, other: Path) -> None:
    tables = {path.parent.name: _sorted(path) for path in (one / "marts").rglob("*.parquet")}
    others = {path.parent.name: _sorted(path) for path in (other / "marts").rglob("*.parquet")}
    assert set(tables) == set(others)
    assert (
        sum(bool(rows) for rows in tables.values()) >= 12
    )  # most marts have something to say of this corpus
    for name, rows in tables.items():
        assert len(rows) == len(others[name]), name
        for left, right in zip(rows, others[name], strict=True):
            assert all(_same(*pair) for pair in zip(left, right, strict=True)), (name, left, right)


def _sorted(path: Path) -> list[tuple]:
    frame = pl.read_parquet(path)
    # Floats may differ in their last digits: they must not decide the order.
    keys = [name for name, kind in frame.schema.items() if not kind.is_float()]
    rows = frame.select(*keys, pl.exclude(keys)).rows()
    return sorted(rows, key=lambda row: json.dumps(row, default=str))


def _same(left: object, right: object) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9) or (
            math.isnan(left) and math.isnan(right)
        )
    return left == right
