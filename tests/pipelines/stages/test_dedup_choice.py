"""A stage after dedup takes what dedup kept; without it nothing is different from before."""

import dataclasses
from pathlib import Path

import polars as pl
import pytest

from jobs.dedup import deduped_files
from jobs.label import label_tasks
from pipelines.lake.fingerprint import fingerprint
from pipelines.stages.dedup_choice import Choice
from pipelines.stages.row import RowTask, run_row_task
from schemas.config.run import LabelConfig
from schemas.datasets import LABELS
from schemas.errors import TerminalError
from tests.jobs.dedup_runs import Runs, row

ROWS = [
    row("a", "thank you so much for your help", minute=0),
    row("gone", "beep boop", outcome="dropped", reason="bot"),
    row("b", "Thank you so much for your help", minute=1),
    row("c", "I hate this, it is awful", minute=2),
]


def test_dropped_rows_are_not_labeled(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    cleaned = [runs.clean("file", ROWS)]
    deduped = deduped_files(runs.dedup(cleaned))
    session = runs.session()
    (task,) = label_tasks(session, cleaned, LabelConfig(), deduped)
    done = run_row_task(task)
    assert done.counts == {"in": 2, "labeled": 2, "rejected": 0, "failed": 0}
    assert pl.read_parquet(runs.lake.path(done.outputs[0].path))["record_id"].to_list() == [
        "a",
        "c",
    ]
    assert done.inputs == (cleaned[0].outputs[0].checksum, deduped[cleaned[0].shard].checksum)
    # Without dedup all kept rows are, and shards that dedup did not decide are left out with it.
    (plain,) = label_tasks(session, cleaned, LabelConfig())
    assert run_row_task(plain).counts["in"] == 3
    assert label_tasks(session, cleaned, LabelConfig(), {}) == []
    assert task.fingerprint != plain.fingerprint


def test_without_it_the_fingerprint_is_what_it_was(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    cleaned = [runs.clean("file", ROWS)]
    (task,) = label_tasks(runs.session(), cleaned, LabelConfig())
    task = dataclasses.replace(task, settings='{"x": 1}')
    assert isinstance(task, RowTask)
    assert task.fingerprint == fingerprint(
        stage="label",
        version=task.version,
        inputs=[cleaned[0].outputs[0].checksum],
        meaning={"settings": {"x": 1}, "variant": task.variant, "schema": LABELS.version},
        key_id=runs.session().key_id,
    )


@pytest.mark.parametrize("asked", [["a", "c"], ["a", "b"], ["a", "b", "c", "d"]])
def test_a_file_with_other_rows_is_refused(tmp_path: Path, asked: list[str]) -> None:
    runs = Runs(tmp_path)
    file = next(iter(deduped_files(runs.dedup([runs.clean("file", ROWS)])).values()))

    def read() -> None:
        choice = Choice(runs.lake, file)
        choice.of(pl.DataFrame({"record_id": asked}))
        choice.end()

    with pytest.raises(TerminalError, match="does not have the rows"):
        read()
