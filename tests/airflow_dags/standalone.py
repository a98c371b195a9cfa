"""`airflow standalone` for a test: started, asked by its REST API, and stopped with all that it started."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.airflow_dags.airflow_venv import PYTHON, Home

_START, _RUN = 240.0, 600.0  # seconds, on a machine that is busy


class Airflow:
    """A running Airflow."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._token = ""

    def ask(self, path: str, body: Any = None, *, method: str | None = None) -> Any:
        """The JSON of an address below /api/v2."""
        if not self._token:
            self._token = self._json(urllib.request.Request(f"{self.url}/auth/token"))[
                "access_token"
            ]
        request = urllib.request.Request(
            f"{self.url}/api/v2/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
            method=method,
        )
        return self._json(request)

    def start(self, dag: str, **body: Any) -> str:
        """Starts a run; returns its id."""
        told = self.ask(f"dags/{dag}/dagRuns", {"logical_date": None, **body})
        return str(told["dag_run_id"])

    def unpause(self, dag: str) -> None:
        self.ask(f"dags/{dag}", {"is_paused": False}, method="PATCH")

    def runs(self, dag: str) -> dict[str, dict[str, Any]]:
        """The runs of a DAG, by id."""
        found = self.ask(f"dags/{dag}/dagRuns?limit=100")["dag_runs"]
        return {each["dag_run_id"]: each for each in found}

    def finished(self, dag: str, run: str) -> dict[str, dict[str, Any]]:
        """Waits for the end of a run; returns its task instances, by task id and, where mapped, index."""
        eventually(
            lambda: run in (runs := self.runs(dag)) and runs[run]["state"] in ("success", "failed"),
            _RUN,
        )
        found = self.ask(f"dags/{dag}/dagRuns/{run}/taskInstances?limit=100")["task_instances"]
        return {
            f"{each['task_id']}[{each['map_index']}]"
            if each["map_index"] >= 0
            else each["task_id"]: each
            for each in found
        }

    def events(self, asset: str) -> list[dict[str, Any]]:
        """The events of an asset, the first one first."""
        until = time.monotonic() + _RUN
        while True:
            try:
                found = self.ask("assets/events?limit=100&order_by=timestamp")["asset_events"]
                break
            except urllib.error.HTTPError as error:
                # Airflow 3.3.2 answers 500 as long as a run that an event has started is only queued.
                if error.code != 500 or time.monotonic() > until:
                    raise
                time.sleep(1)
        return [each for each in found if each["name"] == asset]

    def _json(self, request: urllib.request.Request) -> Any:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


@contextmanager
def standalone(home: Home) -> Iterator[Airflow]:
    """Runs `airflow standalone` in a home, on free ports of this machine only."""
    ports = [_free_port() for _ in range(3)]
    url = f"http://127.0.0.1:{ports[0]}"
    environment = (
        home.environment
        | {
            "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}",  # it starts `airflow` by its name
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(ports[0]),
            "AIRFLOW__API__BASE_URL": url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(ports[1]),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(ports[2]),
        }
    )
    with (home.folder / "standalone.log").open("wb") as log:
        process = subprocess.Popen(
            [PYTHON, "-m", "airflow", "standalone"], env=environment, cwd=home.folder,
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        airflow = Airflow(url)
        try:
            eventually(lambda: _healthy(airflow), _START)
            yield airflow
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(60)
            finally:
                _kill(process.pid)


def eventually(happened: Callable[[], Any], within: float) -> None:
    """Waits until something is so."""
    until = time.monotonic() + within
    while not happened():
        assert time.monotonic() < until, "did not happen in time"
        time.sleep(0.5)


def _healthy(airflow: Airflow) -> bool:
    try:
        told = airflow.ask("monitor/health")
        ready = {told[part]["status"] for part in ("metadatabase", "scheduler", "dag_processor")}
        return ready == {"healthy"} and bool(airflow.ask("dags?limit=100")["dags"])
    except (urllib.error.URLError, OSError, KeyError):
        return False


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
