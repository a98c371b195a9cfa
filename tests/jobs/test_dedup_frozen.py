"""What is published stays; what comes later is compared with it. Expected outcomes are worked by hand."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.dedup import deduped_files
from pipelines.lake.compact import compact_lake
from pipelines.lake.failpoint import FAILPOINTS
from pipelines.lake.snapshots import state
from schemas.manifest import Manifest
from tests.end_to_end.corpus import ROOT, environment
from tests.jobs.dedup_runs import Runs, clusters, reasons, row

NEXT_DAY = "2026-03-03"
TEXT = "what a wonderful day to walk along the river with old friends"
NEAR = f"{TEXT}!!"


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def stats(runs: Runs) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in runs.lake.root.rglob("shard-*")
    }


def test_a_rerun_does_nothing(runs: Runs) -> None:
    cleaned = [runs.clean("one", [row("a", TEXT), row("b", NEAR, minute=1)])]
    made = runs.run(cleaned)
    before = stats(runs)
    assert runs.run(cleaned) == made
    assert runs.dedup(cleaned, rebuild=True) == made
    assert stats(runs) == before


def test_a_lost_shard_is_made_again_and_no_other(runs: Runs) -> None:
    rows = [[row(f"{n}{m}", TEXT, minute=n * 2 + m) for m in range(2)] for n in range(3)]
    cleaned = [runs.clean(f"file{n}", piece) for n, piece in enumerate(rows)]
    made = runs.dedup(cleaned)
    lost = next(each for each in made if each.stage == "dedup")
    runs.lake.path(lost.name).unlink()
    before = stats(runs)
    again = runs.dedup(cleaned)
    assert [(each.name, each.counts) for each in again] == [
        (each.name, each.counts) for each in made
    ]
    assert {each.outputs[0].checksum for each in again} == {
        each.outputs[0].checksum for each in made
    }
    assert {name: now for name, now in stats(runs).items() if name in before} == before


def test_the_next_day_is_compared_and_the_first_stays(runs: Runs) -> None:
    first = runs.clean("one", [row("a", TEXT)])
    second = runs.clean(
        "two", [row("b", NEAR, NEXT_DAY), row("c", "fresh news of today", NEXT_DAY)]
    )
    (before,) = [each for each in runs.run([first]) if each.stage == "dedup"]
    made = runs.run([first, second])
    assert before in made
    assert reasons(runs.published()) == {"a": None, "b": "near_duplicate", "c": None}
    assert clusters(runs.published())["b"] == "a"


def test_a_later_day_does_not_change_an_earlier_one(runs: Runs) -> None:
    later = runs.clean("two", [row("b", TEXT, NEXT_DAY)])
    runs.run([later])
    earlier = runs.clean("one", [row("a", TEXT)])
    runs.run([earlier, later])
    # The earlier day came in late: it is compared with days before it, and the later day stays as it is.
    assert reasons(runs.published()) == {"a": None, "b": None}
    runs.run([earlier, later], rebuild=True)
    assert reasons(runs.published()) == {"a": None, "b": "exact_duplicate"}


def test_a_late_file_joins_its_day(runs: Runs) -> None:
    first = runs.clean("one", [row("b", TEXT, minute=9)])
    runs.run([first])
    late = runs.clean(
        "late", [row("a", TEXT, minute=1), row("c", "only in the late file", minute=2)]
    )
    runs.run([late])
    # a was written earlier, but b is published: it stays.
    assert reasons(runs.published()) == {"a": "exact_duplicate", "b": None, "c": None}
    runs.run([first, late], rebuild=True)
    assert reasons(runs.published()) == {"a": None, "b": "exact_duplicate", "c": None}


def test_a_shard_that_grew_keeps_its_representatives(runs: Runs) -> None:
    other = runs.clean("other", [row("copy", TEXT, minute=5)])
    runs.run([runs.clean("one", [row("a", TEXT)]), other])
    grown = runs.clean("one", [row("a", TEXT), row("new", "one more line", minute=8)])
    runs.run([grown, other])
    assert reasons(runs.published()) == {"a": None, "copy": "exact_duplicate", "new": None}


def test_a_text_whose_representative_went_away_comes_back(runs: Runs) -> None:
    other = runs.clean("other", [row("copy", TEXT, minute=5)])
    runs.run([runs.clean("one", [row("a", TEXT)]), other])
    without = runs.clean("one", [row("x", "the post was deleted")])
    third = runs.clean("third", [row("again", NEAR, NEXT_DAY)])
    runs.run([without, other, third])
    # `copy` stays dropped until --rebuild, but it must not take `again` down with it.
    assert reasons(runs.published()) == {"x": None, "copy": "exact_duplicate", "again": None}
    runs.run([without, other, third], rebuild=True)
    assert reasons(runs.published()) == {"x": None, "copy": None, "again": "near_duplicate"}


def test_another_threshold_decides_anew(runs: Runs) -> None:
    first = runs.clean("one", [row("a", TEXT), row("b", NEAR, minute=1)])
    runs.run([first])
    runs.config = runs.config.model_copy(update={"threshold": 1.0})
    runs.run([first])
    assert reasons(runs.published()) == {"a": None, "b": None}


def test_partitions_that_failed_are_left_out(runs: Runs) -> None:
    first = runs.clean("one", [row("a", TEXT)])
    second = runs.clean("two", [row("b", TEXT, NEXT_DAY)])
    made = runs.dedup([first, second], failed={("c", first.outputs[0].partition)})
    assert set(deduped_files(made)) == {second.shard}
    assert reasons(runs.rows(made)) == {"b": None}


def test_compaction_changes_nothing(tmp_path: Path) -> None:
    found = []
    for compacted in (False, True):
        runs = Runs(tmp_path / str(compacted))
        first = [
            runs.clean(f"file{n}", [row(f"a{n}", f"{TEXT} {'abc'[n] * 9}", minute=n)])
            for n in range(3)
        ]
        runs.run(first)
        if compacted:
            assert compact_lake(runs.lake, "test")
            assert any(
                "compact-" in name for part in state(runs.lake)[1].values() for name in part.stored
            )
        runs.run(
            [
                runs.clean(
                    "next", [row("b", f"{TEXT} {'c' * 9}", NEXT_DAY), row("d", "hi", NEXT_DAY)]
                )
            ]
        )
        found.append(runs.published())
    assert clusters(found[0])["b"] == clusters(found[0])["a2"]
    assert found[0].equals(found[1])


KILLED = """
import sys
from pathlib import Path
from tests.jobs.dedup_runs import Runs, row
runs = Runs(Path(sys.argv[1]))
runs.dedup([runs.clean(f"file{n}", [row(f"{n}{m}", "the same text", minute=n) for m in range(2)]) for n in range(3)])
"""


@pytest.mark.slow
@pytest.mark.parametrize("place", [place for place in FAILPOINTS if place.startswith("commit.")])
@pytest.mark.parametrize(
    "passing", [5, 8]
)  # the first three are clean shards, then signatures, then dedup
def test_killed_and_run_again(runs: Runs, tmp_path: Path, place: str, passing: int) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    killed = subprocess.run(
        command,
        env=environment(AFFECTMINE_FAILPOINT=f"{place}:{passing}"),
        cwd=ROOT,
        capture_output=True,
        check=False,
        start_new_session=True,
    )
    assert killed.returncode == -signal.SIGKILL
    before = {name: made for name, made in stats(runs).items() if name.endswith(".json")}
    subprocess.run(command, env=environment(), cwd=ROOT, check=True, start_new_session=True)
    after = stats(runs)
    assert {name: after[name] for name in before} == before
    paths = sorted((runs.lake.root / "dedup").rglob("*.json"))
    manifests = [Manifest.model_validate_json(path.read_bytes()) for path in paths]
    assert sorted(reasons(runs.rows(manifests)).items()) == [
        ("00", None), *((name, "exact_duplicate") for name in ("01", "10", "11", "20", "21"))
    ]  # fmt: skip
