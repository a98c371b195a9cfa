"""The answer cache: what is put comes back, once, and whatever happens to the segments meanwhile."""

import json
import threading
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.lake import answer_files
from pipelines.lake.answer_files import segments
from pipelines.serving.answer_cache import ANSWER_COLUMNS, AnswerCache
from pipelines.serving.answer_segments import Answer, merge, write_segment
from pipelines.serving.answer_writer import CacheWriter
from schemas.errors import TerminalError

KEY = b"k" * 32


def cache_in(folder: Path, key: bytes = KEY) -> AnswerCache:
    return AnswerCache(folder / "answers", key)


def fill(cache: AnswerCache, numbers: range, *, source: str = "x") -> None:
    """One writer's answers: number n is told as [n, source]."""
    with cache.writer() as writer:
        put(writer, cache, numbers, source=source)


def put(writer: CacheWriter, cache: AnswerCache, numbers: range, *, source: str = "x") -> None:
    for number in numbers:
        told = json.dumps([number, source])
        writer.put(name(cache, number), f"r{number}", told, number, number // 2, 1)


def name(cache: AnswerCache, number: int) -> str:
    return cache.key(f"question {number}".encode())


def told(cache: AnswerCache, numbers: range) -> dict[int, list]:
    """What the cache has of some numbers; checks that each key comes once."""
    by_key = {name(cache, number): number for number in numbers}
    found = cache.look_up(pl.Series(list(by_key), dtype=pl.String))
    assert found["key"].n_unique() == found.height
    assert dict(found.schema) == ANSWER_COLUMNS
    return {by_key[row["key"]]: json.loads(row["told"]) for row in found.to_dicts()}


def test_what_was_put_comes_back_and_nothing_else(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    with cache.writer() as writer:
        writer.put(name(cache, 1), "r1", '{"label": "Zorn 😠"}', 120, 100, 3, speaker="s")
        writer.put(name(cache, 2), "r2", "null", None, None, None)
    asked = [name(cache, 2), None, name(cache, 3), name(cache, 1), name(cache, 1)]
    found = {row.pop("key"): row for row in cache.look_up(pl.Series(asked)).to_dicts()}
    assert found == {
        name(cache, 1): {
            "told": '{"label": "Zorn 😠"}', "prompt_tokens": 120, "cached_tokens": 100, "completion_tokens": 3,
        },
        name(cache, 2): {
            "told": "null", "prompt_tokens": None, "cached_tokens": None, "completion_tokens": None,
        },
    }  # fmt: skip


@pytest.mark.parametrize("made", [False, True])
def test_an_empty_cache(tmp_path: Path, *, made: bool) -> None:
    cache = cache_in(tmp_path)
    if made:
        (tmp_path / "answers").mkdir()
        cache.writer().close()
    assert told(cache, range(3)) == {}
    assert told(cache, range(0)) == {}
    assert segments(tmp_path / "answers") == []


def test_keys_depend_on_the_pseudonym_key_and_every_byte(tmp_path: Path) -> None:
    cache, other = cache_in(tmp_path), cache_in(tmp_path, b"o" * 32)
    keys = {each.key(what) for each in (cache, other) for what in (b"", b"a", b"b", b"a\0")}
    assert len(keys) == 8
    assert all(len(key) == 32 and int(key, 16) >= 0 for key in keys)
    assert cache.key(b"a") == cache_in(tmp_path / "elsewhere").key(b"a")
    # AFFECTMINE_KEY may be longer than what blake2b takes; all of it counts.
    long = [cache_in(tmp_path, b"k" * 100 + end).key(b"a") for end in (b"1", b"2")]
    assert len({*long, cache.key(b"a")}) == 3


def test_of_two_answers_the_older_one_counts(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    fill(cache, range(300), source="first")
    fill(cache, range(200, 500), source="second")
    assert told(cache, range(500)) == {
        number: [number, "first" if number < 300 else "second"] for number in range(500)
    }
    folder = tmp_path / "answers"
    assert merge(folder, segments(folder), folder / "merged.parquet")
    assert [path.name for path in segments(folder)] == ["merged.parquet"]
    assert duckdb.sql(f"SELECT count(*) FROM '{folder}/merged.parquet'").fetchall() == [(500,)]
    assert told(cache, range(290, 310)) == {
        number: [number, "first" if number < 300 else "second"] for number in range(290, 310)
    }


@pytest.mark.slow
def test_a_hundred_thousand_keys_of_several_segments(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    at = pl.datetime_range(pl.datetime(2026, 3, 2), pl.datetime(2026, 3, 2, 0, 9), "1m", eager=True)
    for part, time in enumerate(at):
        numbers = range(part * 12_000, (part + 1) * 12_000)
        rows = [
            Answer(
                bytes.fromhex(name(cache, number)), "r", None, str(number), 1, 1, 1, time.replace(tzinfo=None),
            )
            for number in numbers
        ]  # fmt: skip
        write_segment(tmp_path / "answers" / f"{part}.parquet", rows)
    wanted = range(10_000, 130_000)  # the last 10,000 are not there
    found = cache.look_up(pl.Series([name(cache, number) for number in wanted]))
    expected = {name(cache, number): str(number) for number in range(10_000, 120_000)}
    assert dict(zip(found["key"], found["told"], strict=True)) == expected
    assert found.height == 110_000


def test_anybody_reads_the_segments_with_duckdb(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    fill(cache, range(10))
    found = duckdb.sql(f"DESCRIBE SELECT * FROM read_parquet('{tmp_path}/answers/*.parquet')")
    assert [row[:2] for row in found.fetchall()] == [
        ("key", "UUID"),
        ("record_id", "VARCHAR"),
        ("speaker", "VARCHAR"),
        ("told", "VARCHAR"),
        ("prompt_tokens", "BIGINT"),
        ("cached_tokens", "BIGINT"),
        ("completion_tokens", "BIGINT"),
        ("created_at", "TIMESTAMP WITH TIME ZONE"),
    ]


def test_no_question_stands_in_names_or_columns(tmp_path: Path) -> None:
    canary = "my secret orchard"
    cache = cache_in(tmp_path)
    with cache.writer() as writer:
        for number in range(300):
            writer.put(cache.key(f"{canary} {number}".encode()), f"r{number}", '"joy"', 1, 1, 1)
    everything = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert everything
    for path in everything:
        whole = str(path) + path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            whole += str(pl.read_parquet(path).to_dicts())
        assert "orchard" not in whole
        assert canary.encode().hex() not in whole


@pytest.mark.parametrize("how", ["cut", "zeros", "no_parquet", "other_columns", "middle"])
def test_a_damaged_segment_is_told_with_a_remedy(tmp_path: Path, how: str) -> None:
    cache = cache_in(tmp_path)
    fill(cache, range(5000))
    fill(cache, range(5000, 5100))
    bad = segments(tmp_path / "answers")[0]
    whole = bad.read_bytes()
    if how == "cut":
        bad.write_bytes(whole[: len(whole) // 2])
    elif how == "zeros":
        bad.write_bytes(b"\0" * len(whole))
    elif how == "no_parquet":
        bad.write_bytes(b"")
    elif how == "middle":  # the footer is whole, the pages are not
        bad.write_bytes(whole[:4] + b"\xff" * (len(whole) // 2) + whole[4 + len(whole) // 2 :])
    else:
        pl.DataFrame({"key": ["a"]}).write_parquet(bad)
    with pytest.raises(TerminalError, match="answer cache") as raised:
        told(cache, range(5100))
    assert str(bad) in raised.value.message
    assert "delete it" in (raised.value.remedy or "")
    bad.unlink()
    assert told(cache, range(5100)).keys() == set(range(5000, 5100))


@pytest.mark.slow
def test_answers_are_found_while_segments_are_merged(tmp_path: Path) -> None:
    cache, folder = cache_in(tmp_path), tmp_path / "answers"
    for start in range(0, 200, 10):
        fill(cache, range(start, start + 10))
    over = threading.Event()
    merges = 0

    def restless() -> None:
        nonlocal merges
        while not over.is_set():
            found = segments(folder)
            half = found[: max(2, len(found) // 2)]
            merges += merge(folder, half, folder / f"m{merges}.parquet")
            fill(cache, range(1000 + merges, 1002 + merges))

    thread = threading.Thread(target=restless)
    thread.start()
    try:
        for _ in range(15):
            assert told(cache, range(200)) == {number: [number, "x"] for number in range(200)}
    finally:
        over.set()
        thread.join()
    assert merges > 15


def test_a_listing_that_meets_neither_the_old_nor_the_new_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A merge within a listing: the new name is passed before it is there, the old one is gone when it is reached."""
    for each in ("kept", "new"):
        (tmp_path / f"{each}.parquet").touch()
    real = answer_files._listing
    lists = iter(
        [
            {tmp_path / "kept.parquet": 1, tmp_path / "gone.parquet": 1},
            {tmp_path / "kept.parquet": 1},
        ]
    )
    monkeypatch.setattr(answer_files, "_listing", lambda folder: next(lists, None) or real(folder))
    assert {path.stem for path in segments(tmp_path)} == {"kept", "new"}
