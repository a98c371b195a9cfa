"""Care of the answer cache: forget, vacuum, compact, status, as the commands of the lake do them."""

import json
import os
import time
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from jobs.care import compact, vacuum
from jobs.forget import forget_people
from jobs.status import show_status
from pipelines.lake.forget import Report
from pipelines.lake.forget_answers import ANSWER_FAILPOINTS
from pipelines.lake.forget_intent import pending
from pipelines.lake.key import load_key
from pipelines.lake.lake import Lake, create_lake
from pipelines.serving.answer_cache import AnswerCache
from pipelines.serving.answer_compaction import compact_answers
from schemas.errors import TerminalError
from tests.end_to_end.corpus import command, write_corpus
from tests.pipelines.lake.test_forget import content, published, turn
from tests.pipelines.lake.test_forget import put as commit_rows
from tests.pipelines.serving.test_answer_cache import name, put, segments, told
from transforms.ingest.keyed import KeyedHasher

HER, HERS = "a" * 32, ["1" * 32, "2" * 32]
FOLDERS = ("answers", "restricted/answers")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return create_lake(tmp_path / "lake", KeyedHasher(load_key()[0]).key_id())


def cache_of(lake: Lake, folder: str = "answers") -> AnswerCache:
    return AnswerCache(lake.root / folder, load_key()[0])


def about(cache: AnswerCache, numbers: range, records: list[str], speaker: str | None) -> None:
    """One segment with answers, in turn about each of some records."""
    with cache.writer() as writer:
        for number in numbers:
            record = records[number % len(records)]
            writer.put(
                name(cache, number), record, json.dumps([number, "x"]), 1, 1, 1, speaker=speaker
            )


def in_files(lake: Lake, words: list[str]) -> list[str]:
    found = []
    for path in lake.root.rglob("*"):
        if path.is_file():
            whole = path.read_bytes().decode("latin-1")
            if path.suffix == ".parquet":
                whole += json.dumps(pq.read_table(path).to_pylist(), default=str)
            found += [path.name] if any(word in whole for word in words) else []
    return found


def test_forget_erases_answers_about_a_person_and_a_record(lake: Lake) -> None:
    for folder in FOLDERS:
        cache = cache_of(lake, folder)
        about(cache, range(10), [HERS[0], "e" * 32], None)  # known by the id of her record only
        about(cache, range(10, 20), ["d" * 32], HER)
        about(cache, range(20, 30), ["c" * 32, "e" * 32], None)
    untouched = {path: path.read_bytes() for path in segments(lake.root / "answers")[2:]}
    records = commit_rows(
        lake, "records", 0, [turn(0, HER, unit=0) | {"record_id": HERS[0]}, turn(1, "b" * 32)],
        **{"in": 2, "used": 2, "skipped": 0, "quarantined": 0, "records": 2},
    )  # fmt: skip
    published(lake, [records])

    dry = forget_people(lake.root, pseudonyms=[HER], dry_run=True)
    assert dry.rows == {"records": 1, "answers": 2 * (5 + 10)}
    assert HERS[0] in str(pq.read_table(segments(lake.root / "answers")[0]).to_pylist())
    assert forget_people(lake.root, pseudonyms=[HER]).rows == dry.rows
    assert in_files(lake, [HER, HERS[0], "d" * 32]) == []
    for folder in FOLDERS:
        others = {*range(1, 10, 2), *range(20, 30)}
        assert told(cache_of(lake, folder), range(40)) == {n: [n, "x"] for n in others}
    assert {path: path.read_bytes() for path in untouched} == untouched

    assert forget_people(lake.root, record_ids=["c" * 32]).rows == {"answers": 2 * 5}
    assert in_files(lake, ["c" * 32]) == []
    again = forget_people(lake.root, pseudonyms=[HER], record_ids=["c" * 32])
    assert again == Report({}, {}, 0)
    # And they do not come back, whoever goes on to answer.
    cache = cache_of(lake)
    about(cache, range(50, 60), [HERS[0], "c" * 32, "z" * 32], None)
    about(cache, range(60, 70), ["y" * 32], HER)
    assert told(cache, range(50, 70)).keys() == {n for n in range(50, 60) if n % 3 == 2}


def test_an_open_writer_does_not_bring_them_back(lake: Lake) -> None:
    cache = cache_of(lake)
    with cache.writer() as writer:
        writer.put(name(cache, 0), HERS[0], "[]", 1, 1, 1)
        writer.put(name(cache, 1), "e" * 32, '[1, "x"]', 1, 1, 1)
        report = forget_people(lake.root, record_ids=HERS)
        assert report.rows == {}  # it was not written yet
        writer.put(name(cache, 2), HERS[1], "[]", 1, 1, 1)
    assert told(cache, range(3)) == {1: [1, "x"]}
    assert in_files(lake, HERS) == []


def test_left_overs_of_killed_writers_go_with_whoever_is_forgotten(lake: Lake) -> None:
    cache = cache_of(lake)
    about(cache, range(5), ["e" * 32], None)
    torn = lake.root / "answers" / ".answers-1-aa-000001.parquet.0a1b2c3d.tmp"
    torn.write_bytes(HERS[0].encode())
    assert forget_people(lake.root, record_ids=HERS).deleted == 1
    assert not torn.exists()
    assert told(cache, range(5)).keys() == set(range(5))


def test_a_damaged_segment_stops_forget_before_anything_is_written_anew(lake: Lake) -> None:
    cache = cache_of(lake)
    about(cache, range(5), HERS, None)
    about(cache, range(5, 10), HERS, None)
    bad, good = segments(lake.root / "answers")
    bad.write_bytes(b"PAR1 is torn")
    with pytest.raises(TerminalError, match=bad.name) as raised:
        forget_people(lake.root, record_ids=HERS)
    assert "asked for again" in (raised.value.remedy or "")
    assert good.exists()
    bad.unlink()
    assert forget_people(lake.root).rows == {"answers": 5}  # the interrupted one is finished
    assert told(cache, range(10)) == {}


def test_calls_are_erased_with_the_labels_they_gave(lake: Lake) -> None:
    def row(record: str, speaker: str) -> dict:
        return turn(0, speaker) | {
            "record_id": record, "request_hash": "h", "attempts": 1,
            "task": "emotion", "taxonomy": "ekman", "labeler": "m", "labeler_version": "1", "status": "labeled",
        }  # fmt: skip

    rows = [row(HERS[0], HER), row("e" * 32, "b" * 32), row(HERS[1], HER)]
    labels = commit_rows(
        lake, "labels", 0, rows, **{"in": 3, "labeled": 3, "rejected": 0, "failed": 0}
    )
    asked = [each | {"source": "asked"} for each in rows]
    calls = commit_rows(lake, "calls", 0, asked, **{"in": 3, "asked": 3})
    published(lake, [labels, calls])
    assert len(content(lake, "calls")) == 3
    report = forget_people(lake.root, pseudonyms=[HER])
    assert report.rows == {"labels": 2, "calls": 2}
    assert [row["record_id"] for row in content(lake, "calls")] == ["e" * 32]
    assert in_files(lake, [HER, *HERS]) == []


def test_vacuum_keeps_answers_and_removes_old_left_overs(lake: Lake) -> None:
    for folder in FOLDERS:
        about(cache_of(lake, folder), range(5), ["e" * 32], None)
        for age in (0, 7200):
            torn = lake.root / folder / f".answers-{age}.parquet.0a1b2c3d.tmp"
            torn.write_bytes(b"x" * 10)
            os.utime(torn, (time.time() - age, time.time() - age))
    for path in lake.root.rglob("answers-*.parquet"):
        os.utime(path, (0, 0))
    said = str(vacuum(lake.root, retain=1, older_than=3600, dry_run=True))
    assert said.startswith("would remove 2 files")
    assert str(vacuum(lake.root, retain=1, older_than=3600, dry_run=False)).startswith(
        "removed 2 files"
    )
    assert len(list(lake.root.rglob("*.tmp"))) == 2
    for folder in FOLDERS:
        assert told(cache_of(lake, folder), range(6)).keys() == set(range(5))


def test_compact_merges_what_killed_writers_left(lake: Lake) -> None:
    for folder in FOLDERS:
        for start in range(0, 60, 10):
            about(cache_of(lake, folder), range(start, start + 12), ["e" * 32], None)
    assert str(compact(lake.root, small_rows=12)).splitlines() == [
        "0 partitions compacted. The old files go with: affectmine vacuum"
    ]
    said = str(compact(lake.root, small_rows=13)).splitlines()
    assert said[1] == "12 segments of cached answers merged."
    for folder in FOLDERS:
        (left,) = segments(lake.root / folder)
        keys = duckdb.sql(f"SELECT count(*), count(DISTINCT key) FROM '{left}'").fetchall()
        assert keys == [(62, 62)]
        assert told(cache_of(lake, folder), range(100)) == {n: [n, "x"] for n in range(62)}
    assert compact_answers(lake) == 0


def test_a_writer_at_work_may_lose_its_segments_to_a_compaction(lake: Lake) -> None:
    cache = cache_of(lake)
    with cache.writer() as writer:
        put(writer, cache, range(1000))
        assert compact_answers(lake) > 1
        put(writer, cache, range(1000, 2000))
    assert told(cache, range(2001)).keys() == set(range(2000))


def test_status_tells_how_much_is_cached(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    show_status(lake.root, as_json=False)
    assert "Cached" not in capsys.readouterr().out
    for folder in FOLDERS:
        about(cache_of(lake, folder), range(600), ["e" * 32], None)
    sizes = [path.stat().st_size for folder in FOLDERS for path in segments(lake.root / folder)]
    show_status(lake.root, as_json=True)
    answers = json.loads(capsys.readouterr().out)["answers"]
    assert answers == {"answers": 1200, "bytes": sum(sizes), "segments": 2, "damaged": 0}
    segments(lake.root / "answers")[0].write_bytes(b"torn")
    show_status(lake.root, as_json=False)
    line = f"Cached answers of language models: 600, {(sizes[1] + 4) / 1e6:.1f} MB; 1 segments cannot be read"
    assert line in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("where", [None, *ANSWER_FAILPOINTS, f"{ANSWER_FAILPOINTS[1]}:2"])
def test_the_public_command_erases_answers_and_goes_on_when_killed(
    tmp_path: Path, where: str | None
) -> None:
    config = write_corpus(tmp_path, 120, shard_records=60)
    ran = command("run", config, "--json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    lake = Lake(tmp_path / "lake")
    hasher = KeyedHasher(load_key()[0])
    # Two posts a person have answers; what was paid for one that the lake has lost is known by its speaker.
    token = hasher.token
    rows = {
        number: (token("record", "posts", f"posts{number}"), token("speaker", "posts", f"user{number % 17}"))
        for number in range(34)
    }  # fmt: skip
    cache = cache_of(lake)
    for start in (0, 17):
        with cache.writer() as writer:
            for number in range(start, start + 17):
                record, speaker = rows[number]
                given = {} if number < 17 else {"speaker": speaker}
                writer.put(name(cache, number), record, f'[{number}, "x"]', 1, 1, 1, **given)
    hers = [number for number in rows if number % 17 == 3]
    words = [word for number in hers for word in rows[number]]
    assert len(in_files(lake, words)) > 3
    forget = ("forget", "--corpus", "posts", "--speaker", "user3", "--json")
    if where:
        died = command(*forget, cwd=tmp_path, AFFECTMINE_FAILPOINT=where)
        assert died.code == -9
        assert pending(lake) is not None
        # Others are found all the while.
        assert told(cache, range(34)).keys() >= set(rows) - set(hers)
        assert command("compact", cwd=tmp_path).code == 75
    gone = command(*forget, cwd=tmp_path)
    assert gone.code == 0, gone.err
    if where is None:
        assert gone.json["rows"]["answers"] == 2
    assert in_files(lake, words) == []
    assert pending(lake) is None
    assert told(cache, range(34)) == {n: [n, "x"] for n in rows if n not in hers}
    files = [path.name for path in (lake.root / "answers").iterdir()]
    assert len(files) == 2, files
    shown = command("status", "--json", cwd=tmp_path).json["answers"]
    assert (shown["answers"], shown["segments"]) == (32, 2)
