"""The Spark engine: as the local one, with a real session; workers die, others go on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.engines.spark import SparkEngine
from schemas.errors import ConfigError, TerminalError, TransientError
from tests.pipelines.engines.test_local import work

pytest.importorskip("pyspark")
pytestmark = pytest.mark.slow


# First in this file: a process has one session at a time, and those below live as long as the file.
@pytest.mark.parametrize(
    ("options", "kind", "told"),
    [
        ({"spark.master": "spork"}, ConfigError, "does not know the master 'spork'"),
        ({"spark.driver.bindAddress": "203.0.113.1"}, TransientError, "did not start"),
    ],
)
def test_a_session_that_cannot_start_is_explained(
    options: dict[str, str], kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=told.replace("(", r"\(")):
        SparkEngine(options, workers=1, retries=0)


@pytest.fixture(scope="module", params=["local[2,3]", "local-cluster[2,1,1024]"])
def engine(request: pytest.FixtureRequest) -> Iterator[SparkEngine]:
    # Cluster workers are processes of their own: they find this module and ours as installed packages are found.
    options = {
        "spark.master": request.param,
        "spark.executorEnv.PYTHONPATH": str(Path(__file__).parents[3]),
    }
    with SparkEngine(options, workers=2, retries=2) as made:
        yield made


def run(engine: SparkEngine, kinds: list[str], place: Path) -> dict:
    return {done.task[0]: done for done in engine.map(work, ((kind, str(place)) for kind in kinds))}


def test_outcomes_by_kind_of_error(engine: SparkEngine, tmp_path: Path) -> None:
    done = run(engine, ["fine", "terminal", "transient", "always", "defect"], tmp_path)
    assert {kind: each.result for kind, each in done.items() if each.result} == {
        "fine": "fine",
        "transient": "transient",
    }
    assert isinstance(done["terminal"].error, ConfigError)
    assert str(done["terminal"].error) == "Wrong config. Mend it."
    assert len(list(tmp_path.glob("terminal-*"))) == 1
    assert isinstance(done["always"].error, TransientError)
    assert len(list(tmp_path.glob("always-*"))) == 3
    assert isinstance(done["defect"].error, TerminalError)
    assert "secret" not in str(done["defect"].error)


def test_a_worker_that_dies_takes_only_its_own_try_along(
    engine: SparkEngine, tmp_path: Path
) -> None:
    done = run(engine, ["dies", "fine"], tmp_path)
    assert {kind: each.result for kind, each in done.items()} == {"dies": "dies", "fine": "fine"}


def test_a_task_that_always_kills_its_worker_ends_as_transient(
    engine: SparkEngine, tmp_path: Path
) -> None:
    done = run(engine, ["fatal", "fine"], tmp_path)
    assert done["fine"].result == "fine"
    assert isinstance(done["fatal"].error, TransientError)
    assert "out of memory" in str(done["fatal"].error)


def test_tasks_are_taken_lazily(engine: SparkEngine) -> None:
    taken: list[int] = []

    def source() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = engine.map(abs, source())
    next(results)
    assert (
        len(taken) <= 2 * 3 * 4
    )  # slots, jobs in flight and the one that may have ended, tasks a slot
    assert sum(1 for _ in results) == 99
