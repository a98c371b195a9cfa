"""Looking for references in too little memory."""

from pathlib import Path

import pytest

from pipelines.engines.duck_database import open_duck_database
from pipelines.stages.windows_references import references
from schemas.config.windows import WindowsConfig
from schemas.errors import TransientError
from tests.jobs.window_runs import WindowRuns, said


def test_too_little_memory_is_said(tmp_path: Path) -> None:
    runs = WindowRuns(tmp_path)
    made = runs.clean("s", [said(f"a{n}", turn=n) for n in range(3000)])
    with (
        pytest.raises(TransientError, match="Gathering contexts needs more than 1MB"),
        open_duck_database("1MB", 1, "Gathering contexts") as database,
    ):
        references(database, runs.lake, {0: made.outputs[0]}, {}, tmp_path, config=WindowsConfig())
