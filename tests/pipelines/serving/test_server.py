"""The server that we start: flags and mistakes without one, the rest with a real vLLM."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.serving import detached, readiness
from pipelines.serving.model_source import find_revision, find_source, hash_folder
from pipelines.serving.server import VllmServer
from pipelines.serving.server_flags import (
    check_extra,
    dispensable,
    unknown_flags,
    vllm_command,
    vllm_environment,
)
from pipelines.serving.server_log import last_message, log_end, log_remedy
from pipelines.serving.vllm_build import VllmBuild, find_build
from schemas.errors import ConfigError
from schemas.language_model import load_language_model

REPOSITORY = Path(__file__).resolve().parents[3]
CPU = VllmBuild("python", "vllm.entrypoints.openai.api_server", "0.32.0", cpu=True)
GPU = VllmBuild("python", "vllm.entrypoints.cli.main", "0.33.0", cpu=False)
GUARD = REPOSITORY / "pipelines" / "serving" / "guard.py"


def ask(server, path, body):
    request = urllib.request.Request(
        server.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return json.load(answer)


def affectmine(*arguments, folder, **more):
    environment = {**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1"}
    command = [sys.executable, "-m", "jobs.cli", *map(str, arguments)]
    environment["PYTHONPATH"] = str(REPOSITORY)
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )  # fmt: skip


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def gone(pids, within=30.0):
    deadline = time.monotonic() + within
    while any(map(alive, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def children(pid):
    """The processes below one, all of them."""
    found = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    pairs = [tuple(map(int, line.split())) for line in found.stdout.splitlines()]
    below, heads = [], [pid]
    while heads:
        heads = [one for one, parent in pairs if parent in heads]
        below += heads
    return below


def test_the_command_has_what_labels_need_and_the_users_flags_win():
    command = vllm_command(CPU, "folder", "tiny", host="h", port=1, extra=["--block-size", "64"])
    assert command[:5] == [
        "python",
        "-m",
        "vllm.entrypoints.openai.api_server",
        "--model",
        "folder",
    ]
    config = command[command.index("--structured-outputs-config") + 1]
    assert json.loads(config) == {"backend": "xgrammar", "disable_any_whitespace": True}
    assert command[command.index("--max-logprobs") + 1] == "128"
    assert command[-2:] == ["--block-size", "64"]
    assert "--enforce-eager" in command
    other = vllm_command(
        GPU,
        "a/b",
        "a/b",
        host="h",
        port=1,
        revision="c0ffee",
        without=frozenset({"--shutdown-timeout"}),
    )
    assert other[:5] == ["python", "-m", "vllm.entrypoints.cli.main", "serve", "a/b"]
    assert other[other.index("--revision") + 1] == "c0ffee"
    assert not {"--enforce-eager", "--shutdown-timeout", "30"} & set(other)


def test_the_environment_reports_to_nobody_and_holds_no_secret_of_ours():
    given = {"AFFECTMINE_KEY": "k", "PATH": "p", "VLLM_CPU_KVCACHE_SPACE": "7"}
    made = vllm_environment(CPU, local=True, given=given)
    assert "AFFECTMINE_KEY" not in made
    assert made["VLLM_NO_USAGE_STATS"] == made["DO_NOT_TRACK"] == made["HF_HUB_OFFLINE"] == "1"
    assert made["VLLM_CPU_KVCACHE_SPACE"] == "7"
    assert "TORCHDYNAMO_DISABLE" not in vllm_environment(GPU, local=False, given={})


@pytest.mark.parametrize(
    "extra", [["--port=1"], ["--api-key", "k"], ["--served_model_name", "x"], ["second"]]
)
def test_flags_that_are_ours_are_refused(extra):
    with pytest.raises(ConfigError):
        check_extra(extra)


def test_flags_that_a_version_does_not_know():
    log = "usage: …\napi_server.py: error: unrecognized arguments: --shutdown-timeout 30\n"
    assert dispensable(unknown_flags(log))
    assert not dispensable(unknown_flags(log.replace("30", "30 --mine")))
    assert not dispensable(unknown_flags("all is well"))


def test_the_end_of_a_log_and_what_to_do(tmp_path):
    file = tmp_path / "vllm.log"
    assert log_end(file) == ""
    file.write_text(
        "\n".join(f"(pid=1) INFO 11-25 19:33:44 [core.py:3] step {i}" for i in range(99))
    )
    assert len(log_end(file).splitlines()) == 30
    assert last_message(log_end(file)) == "step 98"
    assert "--max-model-len" in (
        log_remedy("ValueError: … KV cache is needed, which is larger …") or ""
    )
    assert log_remedy("fine") is None


def test_what_identifies_the_weights(tmp_path, monkeypatch):
    folder = tmp_path / "My Model-8B"
    folder.mkdir()
    with pytest.raises(ConfigError, match=r"config\.json"):
        find_source(str(folder))
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    source = find_source(str(folder))
    assert (source.name, source.served) == ("my_model_8b", "My Model-8B")
    before = hash_folder(folder)
    (folder / "README.md").write_text("says nothing about answers")
    assert find_revision(source, None) == before
    (folder / "model.safetensors").write_bytes(b"weightt")
    assert hash_folder(folder) != before
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    hub = find_source("org/Model-1")
    with pytest.raises(ConfigError, match="--revision"):
        find_revision(hub, None)
    refs = tmp_path / "hub" / "models--org--Model-1" / "refs"
    refs.mkdir(parents=True)
    (refs / "main").write_text("a" * 40)
    assert find_revision(hub, None) == find_revision(hub, "main") == "a" * 40
    assert find_revision(hub, "b" * 40) == "b" * 40
    with pytest.raises(ConfigError, match="no model folder"):
        find_source("./nowhere")


def test_a_python_without_vllm_and_a_port_that_is_taken(tmp_path):
    with pytest.raises(ConfigError, match="There is no Python"):
        find_build("/nowhere/python")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = VllmServer(CPU, "m", "m", log=tmp_path / "log", port=taken.getsockname()[1])
        with pytest.raises(ConfigError, match="cannot be used"):
            server.start()
    assert not (tmp_path / "log").exists()


# The child ignores SIGTERM and has a child of its own: only a kill of the whole group ends both.
STUBBORN = (
    "import os, signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)']);"
    "print(os.getpid(), p.pid, flush=True); time.sleep(99)"
)


@pytest.mark.parametrize("end", ["starter gone", "told", "told twice"])
def test_the_guard_leaves_nobody_behind(tmp_path, end):
    lock = tmp_path / "x.server.lock"
    grace = "0.3" if end != "told twice" else "60"
    guard = subprocess.Popen(
        [sys.executable, str(GUARD), "watch", grace, str(lock), sys.executable, "-c", STUBBORN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    pids = [int(pid) for pid in guard.stdout.readline().split()]
    assert int(lock.read_text()) == guard.pid
    assert all(map(alive, pids))
    if end == "starter gone":
        guard.stdin.close()
    else:
        guard.terminate()
        if end == "told twice":
            time.sleep(0.5)
            guard.terminate()
    assert guard.wait(10) == 128 + signal.SIGKILL
    assert gone(pids, 5)


def test_a_stale_state_file_deceives_nobody(tmp_path):
    labeler = tmp_path / "m.yaml"
    here = detached.Running("http://127.0.0.1:1", "m", "r", os.getpid(), "log")
    detached.write_state(labeler, here)
    detached.lock_file(labeler).write_text(str(os.getpid()))  # ours: it must not be stopped
    assert detached.running(labeler) is None
    assert not detached.stop_detached(labeler)
    assert not detached.state_file(labeler).exists()


@pytest.mark.slow
def test_the_codes_of_scores_are_single_tokens(tiny_server):
    for code in ["yes", "no", "A", "Z", "0", "9"]:
        body = {"model": tiny_server.model, "prompt": code, "add_special_tokens": False}
        answer = ask(tiny_server, "/tokenize", body)
        assert answer["count"] == 1, code
        assert answer["max_model_len"] == 4096


@pytest.mark.slow
def test_the_log_holds_no_text(tiny_server):
    secret = "xylophonequartz"
    said = [{"role": "user", "content": f"I am {secret}."}]
    good = {"model": tiny_server.model, "messages": said, "max_tokens": 4}
    bad = [
        {**good, "messages": [{"role": "user", "content": f"{secret} " * 5000}]},
        {**good, "temperature": "hot"},
        {**good, "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": 5}}}},
        {**good, "messages": [{"role": "user", "content": {"text": secret}}]},
    ]  # fmt: skip
    assert ask(tiny_server, "/v1/chat/completions", good)["choices"]
    for body in bad:
        with pytest.raises(urllib.error.HTTPError, match="400"):
            ask(tiny_server, "/v1/chat/completions", body)
    assert secret not in tiny_server.log.read_text()


@pytest.mark.slow
def test_flags_that_vllm_refuses_are_shown_at_once(vllm_python, tiny_model, tmp_path):
    server = VllmServer(
        find_build(vllm_python), str(tiny_model), "tiny", log=tmp_path / "log", port=0, extra=["--max-model-len", "x"]
    )  # fmt: skip
    server.start()
    with pytest.raises(Exception, match=r"(?s)max-model-len.*Check the flags after --"):
        server.wait_ready(120)
    assert server.ended() is not None


@pytest.fixture
def stopped_at_the_end(tmp_path):
    """A folder whose detached server is stopped, whatever becomes of the test."""
    yield tmp_path
    detached.stop_detached(tmp_path / "t.yaml")


@pytest.mark.slow
def test_detached_for_a_scheduler(vllm_python, tiny_model, stopped_at_the_end):
    tmp_path = stopped_at_the_end
    start = (
        "serve",
        tiny_model,
        "--python",
        vllm_python,
        "--port",
        0,
        "--labeler",
        "t.yaml",
        "--detach",
        "--json",
    )
    first = affectmine(*start, folder=tmp_path)
    out, err = first.communicate(timeout=240)
    assert first.returncode == 0, err
    told = json.loads(out)
    labeler = load_language_model(tmp_path / "t.yaml")
    assert (labeler.model, labeler.revision) == ("tiny", hash_folder(tiny_model))
    assert labeler.urls == (told["url"],)
    assert readiness.answers(told["url"], "tiny")
    again, _ = affectmine(*start, folder=tmp_path).communicate(timeout=60)
    assert json.loads(again) == told
    pids = [told["pid"], *children(told["pid"])]
    assert len(pids) > 1
    # Requests in flight finish although it is told to stop.
    body = {
        "model": "tiny",
        "messages": [{"role": "user", "content": "Go on."}],
        "max_tokens": 4000,
    }
    body |= {"ignore_eos": True, "min_tokens": 4000, "temperature": 0}
    server = type("Server", (), {"url": told["url"]})
    ended = []
    with ThreadPoolExecutor(16) as pool:
        answers = [pool.submit(ask, server, "/v1/chat/completions", body) for _ in range(16)]
        for answer in answers:
            answer.add_done_callback(lambda _: ended.append(time.monotonic()))
        time.sleep(0.3)
        told_to_stop = time.monotonic()
        stop = affectmine("serve", "--stop", "t.yaml", "--json", folder=tmp_path)
        out, err = stop.communicate(timeout=90)
        assert json.loads(out)["stopped"] is True, err
    assert [a.result()["usage"]["completion_tokens"] for a in answers] == [4000] * 16
    assert max(ended) > told_to_stop  # they were in flight
    assert not any(map(alive, pids))
    out, _ = affectmine("serve", "--stop", "t.yaml", "--json", folder=tmp_path).communicate(
        timeout=30
    )
    assert json.loads(out)["stopped"] is False


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_it_never_outlives_the_command(vllm_python, tiny_model, tmp_path, number):
    start = (
        "serve",
        tiny_model,
        "--python",
        vllm_python,
        "--port",
        0,
        "--labeler",
        "t.yaml",
        "--json",
    )
    command = affectmine(*start, folder=tmp_path)
    told = json.loads(command.stdout.readline())
    pids = [told["pid"], *children(told["pid"])]
    command.send_signal(number)
    assert command.wait(60) == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    assert gone(pids, 60)
    assert not readiness.healthy(told["url"])
