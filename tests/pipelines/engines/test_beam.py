"""The Beam engine with Beam's own runners: what becomes of tasks, and what it leaves alone."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from pipelines.engines.beam import BeamEngine
from pipelines.engines.local import Done
from pipelines.lake.lake import Lake
from pipelines.stages.row import RowTask, run_row_task
from schemas.errors import AffectmineError, ConfigError, TerminalError, TransientError
from schemas.manifest import Manifest
from tests.pipelines.engines.beam_tasks import SECRET, Unit, manifest, work
from tests.pipelines.engines.record_tasks import clean_tasks

pytestmark = pytest.mark.slow

MODES = ("in_memory", "multi_threading", "multi_processing")
PORTABLE = {"runner": "PortableRunner", "job_endpoint": "embed", "environment_type": "LOOPBACK"}


def run(place: Path, kinds: list[str], **options: str) -> dict[str, Done[Unit, object]]:
    with BeamEngine(options, workers=2, retries=2) as engine:
        engine.begin(Lake(place / "lake"), "run")
        return {
            done.task.kind: done for done in engine.map(work, (Unit(kind, place) for kind in kinds))
        }


@pytest.mark.parametrize(
    "options",
    [{}, {"direct_running_mode": "in_memory"}, PORTABLE],
    ids=["default", "one", "portable"],
)
def test_outcomes_by_kind_of_error(
    options: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kinds = ["fine-1", "terminal", "transient", "always", "defect", "fine-2", "fine-3"]
    done = run(tmp_path, kinds, **options)
    assert {kind: each.result for kind, each in done.items() if each.error is None} == {
        kind: (manifest(kind),) for kind in ("fine-1", "fine-2", "fine-3", "transient")
    }
    assert isinstance(done["terminal"].error, ConfigError)
    assert str(done["terminal"].error) == "Wrong config. Mend it."
    assert len(done["terminal"].task.tries) == 1
    assert isinstance(done["always"].error, TransientError)
    assert len(done["always"].task.tries) == 3
    assert isinstance(done["defect"].error, TerminalError)
    assert "ValueError at beam_tasks.py" in str(done["defect"].error)
    assert SECRET not in str(done["defect"].error)
    assert capfd.readouterr() == ("", "")
    assert not list((tmp_path / "lake").rglob("told*"))


@pytest.mark.parametrize("mode", MODES)
def test_real_shards_in_each_mode(mode: str, tmp_path: Path) -> None:
    lake, tasks = clean_tasks(tmp_path / "lake", shards=9, rows=20)
    with BeamEngine({"direct_running_mode": mode}, workers=2, retries=0) as engine:
        engine.begin(lake, "run")
        done = list(engine.map(clean, tasks))
        again = list(engine.map(clean, reversed(tasks)))
    assert {each.task.source_chunk for each in done} == set(range(9))
    for each in done:
        assert each.result is not None
        assert each.result[0].name == each.task.manifest_name
        assert each.result[0].counts == {"in": 20, "kept": 20, "dropped": 0}
    files = [lake.path(each.result[0].outputs[0].path) for each in done if each.result]
    rows = ds.dataset(files).to_table(columns=["record_id", "text_clean"]).to_pylist()
    assert len({row["record_id"] for row in rows}) == 9 * 20
    assert not any("me@example.org" in row["text_clean"] for row in rows)
    # Duplicate attempts adopt what the first committed.
    committed = {each.task.source_chunk: each.result for each in done}
    assert {each.task.source_chunk: each.result for each in again} == committed


def clean(task: RowTask) -> tuple[Manifest, ...]:
    return (run_row_task(task),)


def test_both_workers_work(tmp_path: Path) -> None:
    with BeamEngine({}, workers=2, retries=0) as engine:
        engine.begin(Lake(tmp_path / "lake"), "run")
        units = [Unit(f"fine-{number}", tmp_path, 0.1) for number in range(10)]
        done = list(engine.map(work, units))
    by_process = [unit.tries[0] for unit in units]
    assert len(done) == 10
    # Neighbors, which are alike in size, go to different workers.
    assert by_process[::2] == [by_process[0]] * 5
    assert by_process[1::2] == [by_process[1]] * 5
    assert by_process[0] != by_process[1]


def test_tasks_are_taken_wave_by_wave(tmp_path: Path) -> None:
    taken: list[int] = []

    def source() -> Iterator[Unit]:
        for number in range(10):
            taken.append(number)
            yield Unit(f"fine-{number}", tmp_path, ballast=bytes(600_000))

    with BeamEngine({"direct_running_mode": "in_memory"}, workers=1, retries=0) as engine:
        engine.begin(Lake(tmp_path / "lake"), "run")
        results = engine.map(work, source())
        next(results)
        assert len(taken) == 4  # 2 MiB of tasks
        assert sum(1 for _ in results) == 9


def test_what_is_told_is_yielded_while_others_work(tmp_path: Path) -> None:
    with BeamEngine({"direct_running_mode": "in_memory"}, workers=1, retries=0) as engine:
        engine.begin(Lake(tmp_path / "lake"), "run")
        results = engine.map(work, [Unit("fine", tmp_path), Unit("slow", tmp_path, 6.0)])
        assert next(results).task.kind == "fine"
        told = list((tmp_path / "lake").rglob("told-*/00000/*.json"))
        assert [each.name for each in told] == ["000000.json"]
        assert next(results).task.kind == "slow"


def test_nobody_else_can_talk_to_workers(tmp_path: Path) -> None:
    done = run(tmp_path, ["listening"])
    assert done["listening"].error is None
    # 127.0.0.1, the same for IPv6, and ::1, as Linux writes them
    loopback = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
    found = set((tmp_path / "addresses").read_text().split())
    assert found
    assert found <= loopback


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"direct_num_wokers": 2}, ConfigError, "Did you mean 'direct_num_workers'"),
        ({"direct_num_workers": "many"}, ConfigError, "direct_num_workers: invalid int"),
        ({"direct_running_mode": "fast"}, ConfigError, "direct_running_mode: invalid choice"),
        ({"save_main_sessions": False}, ConfigError, "no option 'save_main_sessions'"),
        ({"runner": "SparrowRunner"}, ConfigError, "SparrowRunner"),
        ({"runner": "no.such.Runner"}, ConfigError, "not installed"),
        ({"runner": "DataflowRunner"}, ConfigError, "Missing required option: project"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_options_that_beam_does_not_take(
    options: dict[str, str | int | bool],
    kind: type[AffectmineError],
    said: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(kind) as raised:
        BeamEngine(options, workers=2, retries=0)
    assert said in str(raised.value)
    assert capfd.readouterr() == ("", "")


def test_a_job_server_that_does_not_answer(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    options = {
        "runner": "PortableRunner",
        "job_endpoint": "localhost:1",
        "job_server_timeout": "2",
        "parallelism": "4",  # of a job server's own options we know nothing
    }
    with pytest.raises(TransientError, match="A Beam pipeline failed"):
        run(tmp_path, ["fine"], **options)
    assert "Traceback" not in capfd.readouterr().err


def test_workers_that_tell_nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As where the lake is a folder of each machine: the worker goes to another folder, and tells below that.
    monkeypatch.chdir(tmp_path)
    with BeamEngine(PORTABLE, workers=1, retries=0) as engine:
        engine.begin(Lake(Path("lake")), "run")
        with pytest.raises(ConfigError, match=r"told nothing in .*shared folder"):
            list(engine.map(work, [Unit("elsewhere", tmp_path)]))
    assert list((tmp_path / "elsewhere").rglob("told-*/00000/000000.json"))
