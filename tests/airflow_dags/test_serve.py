"""A corpus DAG that starts its language model before the task `label`, and stops it afterwards: a real vLLM."""

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from tests.airflow_dags.airflow_venv import DAGS, Home, new_home
from tests.jobs.test_days import published, write

pytestmark = pytest.mark.slow


def listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = new_home(tmp_path / "airflow")
    home.airflow("db", "migrate")
    return home


def test_the_server_is_there_for_the_task_label(
    home: Home, tiny_model: Path, vllm_python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    port = free_port()
    config = write(home.configs)
    (home.configs / "models").mkdir()
    serve = {"model": str(tiny_model), "python": str(vllm_python), "port": port}
    config.write_text(
        config.read_text()
        + "label: [{task: emotion, taxonomy: ekman, labeler: models/tiny.yaml}]\n"
        + f"airflow: {{retries: 0, label_pool: default_pool, serve: {json.dumps(serve)}}}\n"
    )
    told: Any = home.asked(
        "run_dag.py", DAGS, "affect_corpus.posts", json.dumps({"day": "2026-03-02"})
    )
    assert {name: task["state"] for name, task in told["tasks"].items()} == dict.fromkeys(
        (
            "plan",
            "ingest",
            "clean",
            "serve",
            "label[0]",
            "stop_serving",
            "check",
            "publish",
            "announce",
        ),
        "success",
    )
    assert (home.configs / "models" / "tiny.yaml").exists()  # written by `serve`
    assert published(home.configs / "lake") == {"2026-03-02": 6}
    until = time.monotonic() + 60
    while listens(port):
        assert time.monotonic() < until
        time.sleep(0.2)
