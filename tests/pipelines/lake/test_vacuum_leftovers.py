"""What killed runs leave in their folders goes; what live ones have there, and journals, stay."""

from pathlib import Path

from pipelines.lake.journal import Journal
from pipelines.lake.vacuum import vacuum
from tests.pipelines.lake.builders import commit_clean, new_lake
from tests.pipelines.lake.test_compact_vacuum import HOUR, age
from tests.pipelines.lake.test_snapshots import put


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left over")
    return path


def test_scratch_and_told_files_of_killed_runs_go(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    assert isinstance(lake.runs, Path)
    put(lake, [commit_clean(lake, ["a"])])
    killed = lake.runs / "20260101-000000000-killed"
    left = [
        write(killed / "scratch-1" / "table" / "part-0.parquet"),
        write(killed / "told-1" / "00000" / "000001.json"),
    ]
    kept = [write(killed / "journal.jsonl"), write(killed / "gates.html")]
    assert vacuum(lake, retain=1, older_than=24 * HOUR, dry_run=False).files == 0  # too young
    age(lake)
    assert vacuum(lake, retain=1, older_than=24 * HOUR, dry_run=True).files == len(left)
    assert all(path.exists() for path in left)
    assert vacuum(lake, retain=1, older_than=24 * HOUR, dry_run=False).files == len(left)
    assert sorted(path.name for path in killed.iterdir()) == sorted(path.name for path in kept)


def test_scratch_and_told_files_of_a_live_run_stay(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    put(lake, [commit_clean(lake, ["a"])])
    running = Journal(lake, "run")
    assert isinstance(running.folder, Path)
    theirs = [
        write(running.folder / "scratch-1" / "table" / "part-0.parquet"),
        write(running.folder / "told-1" / "00000" / "000001.json"),
    ]
    assert vacuum(lake, retain=1, older_than=0, dry_run=False).files == 0
    assert all(path.exists() for path in theirs)
    running.finish(0, None)
