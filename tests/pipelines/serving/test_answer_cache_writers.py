"""Writers of the answer cache: many at once, killed, full disks; what is durable when."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipelines.lake.answer_files import adding_answers, erasing_answers, segments
from pipelines.lake.forget_list import Forgotten, add_forgotten, marks
from pipelines.lake.lake import create_lake
from pipelines.serving import answer_writer
from pipelines.serving.answer_cache import AnswerCache
from pipelines.serving.answer_writer import LOSE_AT_MOST
from schemas.errors import TransientError
from tests.pipelines.serving.test_answer_cache import KEY, cache_in, name, put, told
from transforms.ingest.keyed import KeyedHasher

ROOT = Path(__file__).resolve().parents[3]
PROCESS = """
import json, sys, time
from pathlib import Path
from pipelines.serving.answer_cache import AnswerCache

folder, first, last, pause, close = Path(sys.argv[1]), *map(int, sys.argv[2:4]), float(sys.argv[4]), sys.argv[5]
cache = AnswerCache(folder / "answers", b"k" * 32)
writer = cache.writer()
for number in range(first, last):
    writer.put(cache.key(f"question {number}".encode()), f"r{number}", json.dumps([number, "x"]), 1, 1, 1)
    print(number, flush=True)
    time.sleep(pause)
if close == "close":
    writer.close()
if close == "hang":
    time.sleep(600)
"""


def process(
    folder: Path, numbers: range, *, pause: float = 0.0, close: str = "close", **more: str
) -> subprocess.Popen[str]:
    arguments = [folder, numbers.start, numbers.stop, pause, close]
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | more,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_many_processes_and_threads_write_at_once(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    running = [process(tmp_path, range(part * 1000, (part + 1) * 1000)) for part in range(3)]
    with cache.writer() as writer:
        threads = [
            threading.Thread(
                target=put,
                args=(writer, cache, range(start, start + 1000)),
            )
            for start in range(3000, 7000, 1000)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for each in running:
        each.communicate(timeout=60)
        assert each.returncode == 0
    assert told(cache, range(8000)) == {number: [number, "x"] for number in range(7000)}
    # Each has merged its own.
    assert len(segments(tmp_path / "answers")) == 4


@pytest.mark.slow
def test_an_interpreter_that_ends_without_close_loses_nothing(tmp_path: Path) -> None:
    running = process(tmp_path, range(5), close="no")
    running.communicate(timeout=60)
    assert running.returncode == 0
    assert told(cache_in(tmp_path), range(5)).keys() == set(range(5))


@pytest.mark.slow
@pytest.mark.parametrize("answers", [1000, LOSE_AT_MOST + 3])
def test_killed_a_writer_loses_at_most_what_was_not_flushed(tmp_path: Path, answers: int) -> None:
    running = process(tmp_path, range(answers), close="hang")
    assert running.stdout is not None
    for line in running.stdout:
        if int(line) == answers - 1:
            break
    running.send_signal(signal.SIGKILL)
    running.wait()
    running.stdout.close()
    found = told(cache_in(tmp_path), range(answers))
    assert set(range(answers - LOSE_AT_MOST)) <= found.keys()
    assert all(found[number] == [number, "x"] for number in found)


@pytest.mark.slow
def test_after_two_seconds_everything_is_durable_and_the_thread_is_gone(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    before = threading.active_count()
    writer = cache.writer()
    put(writer, cache, range(7))
    assert threading.active_count() == before + 1
    time.sleep(2.0)
    assert told(cache, range(10)).keys() == set(range(7))
    assert threading.active_count() == before
    put(writer, cache, range(7, 9))  # it begins again
    writer.close()
    writer.close()
    assert threading.active_count() == before
    assert told(cache, range(10)).keys() == set(range(9))
    with pytest.raises(ValueError, match="closed"):
        put(writer, cache, range(1))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "durable"),
    [
        ("answers.segment_written:3", 256),
        ("answers.segment_linked:3", 384),
        ("answers.merge_written:1", 2000),
        ("answers.merged:1", 2000),
        ("answers.merge_removed:2", 2000),
    ],
)
def test_killed_at_any_instant_no_torn_file_is_read(
    tmp_path: Path, where: str, durable: int
) -> None:
    running = process(tmp_path, range(2000), AFFECTMINE_FAILPOINT=where)
    printed, _ = running.communicate(timeout=60)
    assert running.returncode == -signal.SIGKILL
    cache = cache_in(tmp_path)
    found = told(cache, range(2000))
    assert all(found[number] == [number, "x"] for number in found)
    assert found.keys() == set(range(len(found)))  # in the order in which they were put
    assert len(found) >= max(durable, len(printed.split()) - LOSE_AT_MOST)
    with cache.writer() as writer:  # the next one goes on
        put(writer, cache, range(len(found), 2000))
    assert told(cache, range(2000)).keys() == set(range(2000))


def test_never_are_more_than_256_answers_not_durable(tmp_path: Path) -> None:
    """While the disk does not answer (here: while somebody is erased), who puts waits."""
    cache = cache_in(tmp_path)
    writer = cache.writer()
    taken = 0

    def puts() -> None:
        nonlocal taken
        for number in range(600):
            put(writer, cache, range(number, number + 1))
            taken += 1

    with erasing_answers(tmp_path / "answers"):
        thread = threading.Thread(target=puts)
        thread.start()
        time.sleep(0.5)
        assert taken == LOSE_AT_MOST
        assert told(cache, range(600)) == {}
    thread.join()
    writer.close()
    assert told(cache, range(600)).keys() == set(range(600))


def test_a_disk_that_says_no_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    cache, folder = cache_in(tmp_path), tmp_path / "answers"
    writer = cache.writer()
    put(writer, cache, range(100))
    folder.write_text("a file stands where the folder should")
    taken = 100

    def put_until_told() -> None:
        nonlocal taken
        for number in range(100, 1000):
            put(writer, cache, range(number, number + 1))
            taken += 1

    with pytest.raises(TransientError, match="Could not write"):
        put_until_told()
    with pytest.raises(TransientError, match="Could not write"):
        writer.close()
    folder.unlink()
    writer.close()
    assert taken <= LOSE_AT_MOST
    assert told(cache, range(1000)).keys() == set(range(taken))


def test_small_segments_become_one_while_more_come_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_writer, "_MERGE_AT", 3)
    cache = cache_in(tmp_path)
    writer = cache.writer()
    put(writer, cache, range(3000))
    assert 0 < len(segments(tmp_path / "answers")) < 3000 // 256
    writer.close()
    assert len(segments(tmp_path / "answers")) == 1
    assert told(cache, range(3001)).keys() == set(range(3000))


def test_who_was_forgotten_meanwhile_is_dropped(tmp_path: Path) -> None:
    hasher = KeyedHasher(KEY)
    lake = create_lake(tmp_path / "lake", hasher.key_id())
    for folder in (lake.root / "answers", lake.root / "restricted" / "answers"):
        cache = AnswerCache(folder, KEY)
        writer = cache.writer()
        put(writer, cache, range(10))
        writer.put(name(cache, 10), "other", "[]", 1, 1, 1, speaker=f"hers {folder}")
        gone = Forgotten(marks(hasher, {f"hers {folder}"}), marks(hasher, {"r3", "r4"}))
        add_forgotten(lake, gone)
        put(writer, cache, range(11, 20))
        writer.close()
        assert told(cache, range(20)).keys() == set(range(20)) - {3, 4, 10}
        whole = b"".join(path.read_bytes() for path in segments(folder))
        assert b"hers" not in whole


def test_many_may_add_at_once_and_who_erases_is_alone(tmp_path: Path) -> None:
    with adding_answers(tmp_path), adding_answers(tmp_path):
        done = threading.Event()

        def erase() -> None:
            with erasing_answers(tmp_path):
                done.set()

        thread = threading.Thread(target=erase)
        thread.start()
        assert not done.wait(0.2)
    assert done.wait(5)
    thread.join()


def test_told_is_json_as_it_was_given(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    given = json.dumps({"spans": [[0, 4]], "label": "joy"})
    with cache.writer() as writer:
        writer.put(name(cache, 0), "r0", given, 1, 1, 1)
    assert told(cache, range(1)) == {0: {"spans": [[0, 4]], "label": "joy"}}
