"""The SQL over all rows, on Spark: the same rows and the same digests as on DuckDB, over shards."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from pipelines.engines.spark_session import open_session
from pipelines.lake.lake import open_lake
from schemas.config.windows import WindowsConfig
from schemas.manifest import Manifest
from tests.jobs.dedup_runs import Runs, row
from tests.jobs.spark_here import SparkHere
from tests.jobs.window_runs import DAYS, WindowRuns, reference, said

pytest.importorskip("pyspark")
pytestmark = pytest.mark.slow

WORDS = (
    "river stone winter lamp garden letter quiet market window bridge morning paper candle forest "
    "harbor engine violet copper saddle meadow thunder pocket ladder orchard"
)


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkHere]:
    with open_session({"spark.sql.shuffle.partitions": "4"}, workers=2, retries=0) as session:
        yield SparkHere(session)


def on_spark(runs: Runs, spark: SparkHere, folder: Path) -> Runs:
    """The same lake once more, with Spark."""
    shutil.copytree(runs.folder / "lake", folder / "lake")
    spark.lake = open_lake(folder / "lake")
    other = type(runs)(folder, runs.config, spark)
    if isinstance(runs, WindowRuns) and isinstance(other, WindowRuns):
        other.windows = runs.windows
    return other


def posts(seed: int, days: tuple[str, ...]) -> list[list[dict]]:
    """Clean rows of three shards a day: some say what others say, some nearly so, in chains."""
    draw = random.Random(seed)
    known = WORDS.split()
    said_before: list[str] = []
    shards = []
    for day in days:
        for source in "abc":
            rows = []
            for number in range(draw.randint(40, 60)):
                kind = draw.random()
                text = " ".join(draw.choice(known) for _ in range(draw.randint(12, 25)))
                if kind < 0.25 and said_before:
                    text = draw.choice(said_before)
                elif kind < 0.6 and said_before:  # also of what is near itself: A~B~C
                    words = draw.choice(said_before).split()
                    words[draw.randrange(len(words))] = draw.choice(known)
                    text = " ".join(words)
                elif kind < 0.7:
                    text = draw.choice(["ok", "Ok", "hm", "yes"])
                said_before.append(text)
                name = f"{source}{seed}{day[-1]}-{number:03d}"
                more = {"created_at": None} if draw.random() < 0.1 else {}
                if draw.random() < 0.1:
                    more |= {"reply_to": "x"}
                if draw.random() < 0.1:
                    more |= {"outcome": "dropped", "reason": "too_short"}
                key = draw.choice([7, 2**63 + number, 2**64 - 1 - number])
                rows.append(row(name, text, day, draw.randint(0, 2), **more) | {"sample_key": key})
            shards.append(rows)
    return shards


def test_dedup(spark: SparkHere, tmp_path: Path) -> None:
    runs = Runs(tmp_path / "duck")
    first = [runs.clean(f"s{number}", rows) for number, rows in enumerate(posts(1, DAYS[:2]))]
    runs.run(first[:5])
    again = on_spark(runs, spark, tmp_path / "spark")
    # A frozen day, one of which a shard is new, and a new one: texts are near to what is published.
    second = [
        each.clean(f"t{number}", rows)
        for each in (runs, again)
        for number, rows in enumerate(posts(2, DAYS))
    ]
    here, there = second[: len(second) // 2], second[len(second) // 2 :]
    found, wanted = again.run([*first, *there]), runs.run([*first, *here])
    assert_equal(again, found, runs, wanted)
    told = runs.rows(wanted)
    assert {"exact_duplicate", "near_duplicate"} <= set(told["reason"])
    assert told["similarity"].is_between(0.5, 0.999).any()
    assert not list((again.lake.root / "runs").glob("*/scratch-*"))


def assert_equal(one: Runs, found: list[Manifest], other: Runs, wanted: list[Manifest]) -> None:
    """The same manifests by name, with the same rows."""
    assert [each.name for each in found] == [each.name for each in wanted]
    for mine, yours in zip(found, wanted, strict=True):
        assert mine.counts == yours.counts
        for file, expected in zip(mine.outputs, yours.outputs, strict=True):
            assert pl.read_parquet(one.lake.path(file.path)).equals(
                pl.read_parquet(other.lake.path(expected.path))
            )


def talks(seed: int) -> list[list[dict]]:
    """Rows of nine shards; each conversation and reply tree goes over several of them."""
    draw = random.Random(seed)
    rows: list[dict] = []
    for number in range(400):
        earlier = [each["record_id"] for each in rows]
        rows.append(
            said(
                f"r{number}{'x' * draw.randint(0, 9)}",
                day=draw.choice(DAYS),
                minute=draw.randint(0, 3),
                conversation_id=draw.choice([*"abcdefgh", None]),
                turn=draw.choice([None, *range(40)]),
                start_ms=draw.choice([None, 10, 20]),
                reply_to=draw.choice([None, None, "lost", *earlier[-9:]]),
                outcome=draw.choice(["kept", "kept", "kept", "dropped"]),
            )
        )
    for each in rows:
        each["sample_key"] = 2**64 - 1 - int(each["record_id"][1:].strip("x"))
    return [
        [
            each
            for number, each in enumerate(rows)
            if number % 3 == part and each["partition"] == day
        ]
        for day in DAYS
        for part in range(3)
    ]


def test_windows(spark: SparkHere, tmp_path: Path) -> None:
    runs = WindowRuns(tmp_path / "duck", windows=WindowsConfig(turns=5, chars=40))
    shards = talks(3)
    # The same record once more, lost: it must not be found as a parent.
    lost = [each | {"outcome": "dropped", "reason": "duplicate_id"} for each in shards[0][:20]]
    cleaned = [runs.clean(f"s{number}", rows) for number, rows in enumerate([*shards, lost])]
    runs.publish(cleaned[:2], runs.make(cleaned[:2]))
    again = on_spark(runs, spark, tmp_path / "spark")
    found, wanted = again.make(cleaned[2:]), runs.make(cleaned[2:])
    assert_equal(again, found, runs, wanted)
    expected = reference([each for shard in shards for each in shard], runs.windows)
    contexts = again.contexts(found)
    assert {name: expected[name] for name in contexts} == contexts
    assert sum(map(len, contexts.values())) > 300
    # What Spark has made, the local engine finds done.
    made_at = [each.created_at for each in found]
    again.engine = Runs(tmp_path / "other").engine
    assert [each.created_at for each in again.make(cleaned[2:])] == made_at
