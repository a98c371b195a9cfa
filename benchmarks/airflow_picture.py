"""The picture of docs/airflow.md: the grid of a corpus DAG after a backfill, a day again, and a gate that blocks.

    python benchmarks/airflow_picture.py [--output docs/airflow_grid.png] [--chromium chromium]

Starts a real Airflow (`make .airflow/.ready`) in a temporary folder, runs the DAGs, takes the picture with Chromium.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE))

from tests.airflow_dags.airflow_venv import new_home  # noqa: E402 - needs the path
from tests.airflow_dags.standalone import eventually, standalone  # noqa: E402
from tests.jobs.test_days import FIRST, SECOND, THIRD, write  # noqa: E402

DAG = "affect_corpus.posts"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=HERE / "docs" / "airflow_grid.png")
    parser.add_argument("--chromium", default="chromium")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = new_home(Path(folder) / "airflow")
        config = write(home.configs)
        text = config.read_text() + "dedup: {}\nairflow: {schedule: null, groups: 2}\n"
        config.write_text(text)
        (home.folder / "suite.txt").write_text(
            "suite: much\ndataset: labels\nversion: 1\nextends: labels\nexpectations:\n"
            "  - {id: has_rows, type: expect_table_row_count_to_be_between, parameters: {min_value: 1000}, "
            "severity: critical, why: A picture wants it.}\n"
        )
        with standalone(home) as airflow:
            for name in (DAG, "affect_backfill.posts"):
                airflow.unpause(name)
            conf = {"first": str(FIRST), "last": str(SECOND)}
            run = airflow.start("affect_backfill.posts", conf=conf)
            airflow.finished("affect_backfill.posts", run)
            eventually(lambda: len(airflow.runs(DAG)) == 2, 60)
            for each in airflow.runs(DAG):
                airflow.finished(DAG, each)
            airflow.finished(DAG, airflow.start(DAG, partition_key=str(FIRST)))
            config.write_text(text.replace("check: {}", "check: {suites: [../suite.txt]}"))
            airflow.finished(DAG, airflow.start(DAG, partition_key=str(THIRD)))
            config.write_text(text)
            airflow.finished(DAG, airflow.start(DAG, partition_key=str(THIRD)))
            address = f"{airflow.url}/auth/token/login?next={airflow.url}/dags/{DAG}"
            subprocess.run(
                [
                    args.chromium, "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=2000,760",
                    "--virtual-time-budget=20000", f"--screenshot={args.output}", address,
                ],
                check=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
