"""Airflow in a venv of its own, as `make .airflow/.ready` makes it, with a home that a test throws away."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.corpus import ROOT

DAGS = ROOT / "airflow_dags"
PYTHON = ROOT / ".airflow" / "bin" / "python"
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Home:
    """A home of Airflow, with a folder of configs."""

    folder: Path

    @property
    def configs(self) -> Path:
        return self.folder / "configs"

    @property
    def environment(self) -> dict[str, str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")}
        return clean | {
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__AFFECTMINE__CONFIGS": str(self.configs),
            "AIRFLOW__AFFECTMINE__COMMAND": str(ROOT / ".venv" / "bin" / "affectmine"),
            "AIRFLOW__AFFECTMINE__RETRY_SECONDS": "1",
        }

    def run(self, *arguments: str | Path, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Runs Airflow's Python, in this home."""
        return subprocess.run(
            [PYTHON, *map(str, arguments)], env=self.environment, cwd=self.folder, timeout=timeout,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def airflow(self, *arguments: str) -> str:
        """What an `airflow` command says."""
        done = self.run("-m", "airflow", *arguments)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def asked(self, script: str, *arguments: str | Path) -> Any:
        """The JSON that a script of this folder prints last."""
        done = self.run(HERE / script, *arguments)
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return json.loads(done.stdout.splitlines()[-1])


def new_home(folder: Path) -> Home:
    """A home without a database. Skips where there is no Airflow."""
    if not PYTHON.exists():
        pytest.skip("needs Airflow: make .airflow/.ready")
    (folder / "configs").mkdir(parents=True)
    return Home(folder)
