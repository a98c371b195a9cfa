"""Each answer belongs to its row: 10,000 rows with many equal texts, late answers, faults, and kills in between.

The server is a stand-in whose every answer tells its text (see numbered_server); test_asked has a real one.
"""

import json
import random
import re
from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.asked import UNFLUSHED, WINDOW, labels_of, wait_for, write_asked
from tests.end_to_end.corpus import START, command
from tests.end_to_end.numbered_server import MODEL, NumberedServer, number_of, probability
from tests.end_to_end.test_asked import start
from tests.pipelines.serving.fault_proxy import FaultProxy, Plan

pytestmark = pytest.mark.slow

EKMAN = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")
FAULTS = {"500": 0.03, "503": 0.03, "reset": 0.02, "half": 0.02, "not_json": 0.02, "hang": 0.003,
    "400": 0.01, "length": 0.02, "nonsense": 0.02}  # fmt: skip


def write_numbered(folder: Path, url: str, numbers: list[int], **more) -> None:
    """Posts whose texts end with these numbers."""
    write_asked(folder, url, MODEL, 20, **more)
    posts = [
        {
            "id": f"p{place}", "author": f"user{place % 17}", "created_utc": START + place,
            "body": f"I counted the birds by the river today and was glad ({number})",
        }
        for place, number in enumerate(numbers)
    ]  # fmt: skip
    (folder / "posts.jsonl").write_text("".join(json.dumps(post) + "\n" for post in posts))


def with_texts(lake: Path) -> pl.DataFrame:
    """The labels with the text of each row, which the clean dataset has."""
    clean = pl.concat(
        [pl.read_parquet(path, columns=["record_id", "text_clean", "outcome"])
         for path in (lake / "clean").rglob("*.parquet")]
    ).filter(pl.col("outcome") == "kept")  # fmt: skip
    found = labels_of(lake)
    assert found["record_id"].is_unique().all()
    both = found.join(clean, on="record_id")
    assert both.height == found.height == clean.height
    return both


def assert_scores_are_their_own(rows: pl.DataFrame) -> None:
    for text, scores in rows.select("text_clean", "scores").iter_rows():
        number = number_of(text)
        found = {each["label"]: each["probability"] for each in scores}
        expected = {name: probability(number, place) for place, name in enumerate(EKMAN)}
        assert found == pytest.approx(expected, abs=1e-5), number


def assert_spans_are_their_own(rows: pl.DataFrame) -> None:
    strategy_of: dict[int, set[str]] = {}
    for text, answer in rows.select("text_clean", "answer").iter_rows():
        (one,) = answer["strategies"]
        span = text[one["span"]["start"] : one["span"]["end"]]
        assert span == f"({number_of(text)})"
        strategy_of.setdefault(number_of(text), set()).add(one["strategy"])
    assert all(len(each) == 1 for each in strategy_of.values())
    assert len({name for each in strategy_of.values() for name in each}) > 4


@pytest.mark.parametrize(("count", "shard_records"), [(10_000, 10_000), (3_000, 300)])
def test_rows_with_equal_texts(tmp_path: Path, count: int, shard_records: int) -> None:
    rng = random.Random(2)
    numbers = [rng.randrange(count // 4) for _ in range(count)]
    with NumberedServer() as server:
        write_numbered(tmp_path, server.url, numbers, mode="score", shard_records=shard_records)
        ran = command("run", "config.yaml", "--json", cwd=tmp_path)
        assert ran.code == 0, ran.err
    rows = with_texts(tmp_path / "lake")
    assert rows.height == count
    assert set(rows["status"]) == {"labeled"}
    assert_scores_are_their_own(rows)
    assert set(server.asked) == set(numbers)
    print(f"asked {server.asked.total()} for {len(set(numbers))} texts")
    assert server.asked.total() == len(set(numbers))  # also of shards that are asked about at once


def never_said(told: dict) -> dict:
    """Valid under the schema, but the span is not in the text."""
    for choice in told["choices"]:
        said = choice["message"]["content"]
        choice["message"]["content"] = re.sub(r"\(\d+\)", "never said by anybody", said)
    return told


def test_faults_and_kills_with_spans(tmp_path: Path) -> None:
    numbers = list(range(600))
    with (
        NumberedServer() as server,
        FaultProxy(server.url, Plan(FAULTS, seed=3, spoil=never_said)) as proxy,
    ):
        write_numbered(
            tmp_path, proxy.url, numbers, mode="generate", task="support_strategy",
            taxonomy="esconv_strategies", deadline=2,
        )  # fmt: skip
        kills = 0
        for part in (0.2, 0.5, 0.8):
            process = start(tmp_path)
            wait_for(lambda part=part: proxy.completions >= part * 600, process)
            assert process.poll() is None
            process.kill()
            process.wait()
            kills += 1
        ran = command("run", "config.yaml", "--json", cwd=tmp_path)
        assert ran.code == 0, ran.err
        faults, completions = proxy.faults, proxy.completions
    print(f"{completions} requests, {dict(faults)}, {kills} kills")
    assert set(faults) >= set(FAULTS) - {"hang"}
    rows = with_texts(tmp_path / "lake")
    assert rows.height == 600
    assert_spans_are_their_own(rows.filter(pl.col("status") == "labeled"))
    failed = rows.filter(pl.col("status") != "labeled")
    assert set(failed["status"]) <= {"failed"}
    assert set(failed["reason"]) <= {"refused", "cut_off", "span_not_in_text", "unavailable"}
    assert failed.height <= faults["400"] + faults["length"] + faults["nonsense"]
    assert failed.filter(pl.col("reason") == "refused").height <= faults["400"]
    assert failed.height > 0
    assert completions - 600 <= faults.total() + kills * (WINDOW + UNFLUSHED)
