import threading
from pathlib import Path

import pytest

from pipelines.lake.candidates import candidates
from pipelines.lake.lake import Lake
from pipelines.lake.snapshots import STATE_EVERY, numbers, publish, read_snapshot, state
from schemas.errors import ConfigError
from schemas.manifest import Manifest
from tests.pipelines.lake.builders import commit_clean, new_lake


def put(lake: Lake, manifests: list[Manifest], run: str = "run", **options: object):
    sources: dict[str, set[str]] = {}
    for manifest in manifests:
        sources.setdefault(manifest.outputs[0].corpus, set()).add(manifest.source_file)
    made = {("clean", "")}
    return publish(
        lake,
        run,
        lambda newest: candidates(lake, manifests, newest, sources=sources, made=made, **options),
    )


def published(lake: Lake, as_of: int | None = None) -> dict[str, list[str]]:
    return {
        part.partition: [file.path.split("/")[-1].split("-")[1] for file in part.files]
        for part in state(lake, as_of)[1].values()
    }


def test_numbers_and_as_of(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    assert state(lake) == (0, {})
    first = commit_clean(lake, ["a"], day="2026-03-02")
    second = commit_clean(lake, ["b"], source="file1", day="2026-03-03")
    assert put(lake, [first]) == (1, 1)
    assert put(lake, [first]) == (1, 0)  # nothing new: no second snapshot
    assert put(lake, [second]) == (2, 1)
    assert published(lake) == {"2026-03-02": ["file00"], "2026-03-03": ["file10"]}
    assert published(lake, as_of=1) == {"2026-03-02": ["file00"]}
    with pytest.raises(ConfigError, match="no snapshot 3; there are 1 to 2"):
        state(lake, 3)


def test_a_late_file_adds_to_its_day_and_a_changed_file_replaces_its_own_rows(
    tmp_path: Path,
) -> None:
    lake = new_lake(tmp_path)
    put(lake, [commit_clean(lake, ["a"], source="early")])
    put(lake, [commit_clean(lake, ["b"], source="late")])
    assert published(lake) == {"2026-03-02": ["early0", "late0"]}
    changed = commit_clean(lake, ["a2"], source="early", fingerprint="e" * 16)
    put(lake, [changed])
    assert published(lake) == {"2026-03-02": ["early0", "late0"]}
    assert changed.name in next(iter(state(lake)[1].values())).manifests
    put(lake, [changed], retire_missing=True)
    assert published(lake) == {"2026-03-02": ["early0"]}


def test_a_day_that_lost_its_last_row_is_retired(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    monday = commit_clean(lake, ["a"], day="2026-03-02")
    tuesday = commit_clean(lake, ["a"], day="2026-03-03", fingerprint="e" * 16)
    put(lake, [monday])
    assert put(lake, [tuesday]) == (2, 2)  # the same file now says Tuesday
    assert published(lake) == {"2026-03-03": ["file00"]}
    assert read_snapshot(lake, 2).retired == ("clean||c|2026-03-02",)
    assert published(lake, as_of=1) == {"2026-03-02": ["file00"]}


def test_many_snapshots_are_read_from_the_last_whole_state(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    expected = {}
    for number in range(STATE_EVERY + 6):
        day = f"2026-{1 + number // 28:02d}-{1 + number % 28:02d}"
        put(lake, [commit_clean(lake, [f"r{number}"], source=f"f{number}-", day=day)])
        expected[day] = [f"f{number}"]
    assert published(lake) == expected
    assert numbers(lake) == list(range(1, STATE_EVERY + 7))
    whole = [n for n in numbers(lake) if read_snapshot(lake, n).state is not None]
    assert whole == [1, STATE_EVERY + 1]
    # Only the last whole state and what follows is needed.
    for number in range(1, STATE_EVERY + 1):
        (lake.snapshots / f"{number:08d}.json").unlink()
    assert published(lake) == expected


def test_publishers_at_once_lose_nothing(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    days = [f"2026-03-{day:02d}" for day in range(1, 13)]
    shards = [commit_clean(lake, [day], source=day, day=day) for day in days]
    threads = [threading.Thread(target=put, args=(lake, [shard])) for shard in shards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(published(lake)) == days
    assert numbers(lake) == list(range(1, len(days) + 1))


def test_other_labelers_stay_where_their_clean_shard_stays(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    shards = [commit_clean(lake, [name], source=name) for name in ("a", "b")]
    put(lake, shards)
    # Labels of a labeler that later runs do not use: one shard on each clean shard.
    labels = [
        commit_clean(lake, [name], source=name, fingerprint="d" * 16, inputs=(file.checksum,))
        for name, file in (("a", shards[0].outputs[0]), ("b", shards[1].outputs[0]))
    ]
    (part,) = candidates(lake, labels, {}, sources={"c": {"a", "b"}}, made={("clean", "")})[0]
    other = part.model_copy(update={"dataset": "labels", "variant": "emotion/goemotions/vllm"})
    publish(lake, "run", lambda _: ([other], []))
    put(lake, shards)
    assert state(lake)[1][other.key].files == other.files
    changed = commit_clean(lake, ["b2"], source="b", fingerprint="e" * 16)
    put(lake, [shards[0], changed])
    assert state(lake)[1][other.key].files == (labels[0].outputs[0],)


def test_a_corpus_that_lost_all_rows_is_unpublished(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    put(lake, [commit_clean(lake, ["a"], source="file")])

    def nothing_left(newest):
        return candidates(lake, [], newest, sources={"c": {"file"}}, made={("clean", "")})

    assert publish(lake, "run", nothing_left) == (2, 1)
    assert state(lake)[1] == {}
