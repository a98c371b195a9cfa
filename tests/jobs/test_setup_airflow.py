"""`affectmine setup airflow`: a whole one made and asked; what it writes; what it refuses."""

import configparser
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jobs.cli import run_command
from jobs.setup_airflow import DAGS, LOCK, locked_version, own_command
from jobs.setup_airflow_config import Config
from jobs.setup_airflow_venv import clean_environment, make_venv
from schemas.errors import ConfigError, TransientError

_CONFIG = """\
lake: lake
corpora:
  - name: posts
    domain: social
    license: CC0-1.0
    sources: posts/{day}.jsonl
    columns: {text: text, id: id}
label:
  - {task: emotion}
"""
_KEY = "fedcba9876543210" * 4


def _setup(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run_command(["setup", "airflow", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def _ask(home: Path, *arguments: str) -> str:
    environment = clean_environment() | {"AIRFLOW_HOME": str(home)}
    asked = subprocess.run(
        [str(home / "venv/bin/airflow"), *arguments],
        env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    return asked.stdout.strip()


def _listed(home: Path, *arguments: str) -> list[dict[str, Any]]:
    return json.loads(_ask(home, *arguments, "-o", "json").splitlines()[-1])


@pytest.mark.slow
def test_a_whole_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFFECTMINE_KEY", _KEY)
    home, configs = tmp_path / "a home", tmp_path / "100% con figs"
    configs.mkdir()
    (configs / "posts.yaml").write_text(_CONFIG)
    arguments = ["--home", str(home), "--configs", str(configs)]
    made = _setup(capsys, *arguments, "--gpus", "2")
    assert made["made"] == ["venv", "config", "pool", "connection"]
    assert (made["notes"], made["gpus"], made["key"]) == ([], 2, "AFFECTMINE_KEY")

    # The Airflow that was made says the same.
    assert _ask(home, "version") == made["airflow"] == locked_version()
    for (section, option), value in {
        ("core", "dags_folder"): str(DAGS),
        ("core", "load_examples"): "False",
        ("core", "parallelism"): "4",
        ("api", "host"): "127.0.0.1",
        ("api", "base_url"): made["address"],
        ("affectmine", "configs"): str(configs),
        ("affectmine", "command"): own_command(),
    }.items():
        assert _ask(home, "config", "get-value", section, option).splitlines()[-1] == value
    pools = {each["pool"]: each["slots"] for each in _listed(home, "pools", "list")}
    assert pools["affectmine_gpu"] == "2"
    (connection,) = _listed(home, "connections", "list", "--show-values", "--hide-sensitive")
    assert (connection["conn_id"], connection["is_encrypted"]) == ("affectmine", "True")
    (opened,) = _listed(home, "connections", "get", "affectmine")
    assert opened["password"] == _KEY
    dags = {each["dag_id"] for each in _listed(home, "dags", "list", "--local")}
    assert {"affect_corpus.posts", "affect_backfill.posts", "affect_report.posts"} <= dags

    # The key lies nowhere in the open, and nobody else may look.
    assert not list(home.rglob(".connection-*"))
    files = [each for each in home.rglob("*") if each.is_file() and "venv" not in each.parts]
    assert not [each for each in files if _KEY.encode() in each.read_bytes()]
    assert home.stat().st_mode & 0o077 == 0
    assert (home / "airflow.cfg").stat().st_mode & 0o077 == 0

    # A second call keeps all of it, and says where it was asked for something else.
    before = (home / "airflow.cfg").read_bytes()
    again = _setup(capsys, *arguments)
    assert (again["made"], again["gpus"]) == ([], 2)
    assert [note for note in again["notes"] if "affectmine_gpu" in note] == []
    other = _setup(capsys, "--home", str(home), "--configs", str(tmp_path / "b"), "--gpus", "3")
    assert other["made"] == []
    assert other["configs"] == str(configs)
    assert any("configs =" in note for note in other["notes"])
    assert any("2 slots, not 3" in note for note in other["notes"])
    assert (home / "airflow.cfg").read_bytes() == before
    assert not (tmp_path / "b").exists()

    # One that was stopped is finished: what is there is kept, the rest is made. Without a key there is no password.
    home.chmod(0o755)
    _ask(home, "connections", "delete", "affectmine")
    _ask(home, "pools", "delete", "affectmine_gpu")
    (home / ".connection-left.json").write_text("{}")
    monkeypatch.delenv("AFFECTMINE_KEY")
    finished = _setup(capsys, *arguments)
    assert finished["made"] == ["pool", "connection"]
    assert finished["gpus"] == 1
    assert ["chmod 700" in note for note in finished["notes"]] == [True]
    assert _listed(home, "connections", "get", "affectmine")[0]["password"] is None
    assert not (home / ".connection-left.json").exists()

    # An Airflow that fails is told in a message of ours.
    (home / "airflow.db").write_bytes(b"no database at all " * 100)
    assert run_command(["setup", "airflow", "--json", *arguments]) in (1, 75)
    told = capsys.readouterr().err
    assert "`airflow db migrate` failed" in told
    assert "Traceback" not in told
    assert 'File "' not in told


def test_what_is_written(tmp_path: Path) -> None:
    config = Config(tmp_path / "airflow.cfg", DAGS, tmp_path / "50% of it", "/a b/affectmine")
    assert config.write()
    assert not config.write(), "what is there is kept"
    parser = configparser.ConfigParser()
    parser.read(config.path)
    found = {name: set(parser[name]) for name in parser.sections()}
    assert found == {
        "core": {"dags_folder", "load_examples", "parallelism", "fernet_key"},
        "api": {"host", "port", "base_url", "secret_key"},
        "api_auth": {"jwt_secret"},
        "affectmine": {"configs", "command"},
    }
    assert parser["affectmine"]["configs"] == str(tmp_path / "50% of it")
    assert config.differences() == []
    assert config.address() == "http://127.0.0.1:8080"
    assert config.text() != config.text(), "each Airflow has secrets of its own"
    assert config.path.stat().st_mode & 0o777 == 0o600


def test_a_config_that_is_not_ours(tmp_path: Path) -> None:
    path = tmp_path / "airflow.cfg"
    path.write_text("[core]\ndags_folder = /dags\n[api]\nbase_url = http://127.0.0.1:9000\n")
    config = Config(path, DAGS, tmp_path, "affectmine")
    assert config.differences() == [f"{path} says dags_folder = /dags, not {DAGS}."]
    assert config.address() == "http://127.0.0.1:9000"
    for broken in ("[core\n", "[core]\ndags_folder = %(nothing)s\n", "[core]\na = 5 %\n"):
        path.write_text(broken)
        with pytest.raises(ConfigError, match="cannot be read"):
            config.differences()


@pytest.mark.parametrize("name", ["$HOME", "a\nb"])
def test_paths_that_airflow_would_change(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot stand in"):
        Config(tmp_path / "airflow.cfg", DAGS, tmp_path / name, "affectmine").write()


def test_the_command_is_this_one() -> None:
    assert own_command().startswith(("/", "'/"))
    assert Path(sys.executable).parent.as_posix() in own_command()


def test_the_lock() -> None:
    text = LOCK.read_text()
    assert LOCK.parent == DAGS, "the wheel has it"
    assert re.search(r"^apache-airflow-providers-cncf-kubernetes==", text, re.M)
    assert "://" not in text, "no index is named"
    pinned = len(re.findall(r"^\S+==", text, re.M))
    assert len(re.findall(r"^\S.*\\\n    --hash=sha256:", text, re.M)) == pinned > 100


def test_what_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*arguments: str) -> str:
        assert run_command(["setup", "airflow", *arguments]) == 2
        return capsys.readouterr().err

    home = tmp_path / "home"
    assert "There is no Python" in refused("--home", str(home), "--python", str(tmp_path / "none"))
    assert "does not say its version" in refused("--home", str(home), "--python", "true")
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\necho 3 10\n")
    old.chmod(0o755)
    assert "is Python 3.10" in refused("--home", str(home), "--python", str(old))
    assert "cannot be the home" in refused("--home", str(tmp_path / "100%"))
    (tmp_path / "file").touch()
    assert "is a file" in refused("--home", str(tmp_path / "file"))
    assert "gpus" in refused("--home", str(home), "--gpus", "0")
    monkeypatch.setenv("AIRFLOW_CONFIG", str(tmp_path / "airflow.cfg"))
    assert "AIRFLOW_CONFIG is set" in refused("--home", str(home))
    monkeypatch.delenv("AIRFLOW_CONFIG")
    monkeypatch.setenv("AFFECTMINE_KEY", "short")
    assert "at least 32" in refused("--home", str(home))
    assert not home.exists(), "nothing is made before it is asked well"


def test_a_venv_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "mine").touch()
    with pytest.raises(ConfigError, match="was not made by this command"):
        make_venv(tmp_path, sys.executable, LOCK, print)
    assert (tmp_path / "venv" / "mine").exists()


@pytest.mark.slow
def test_a_venv_that_pip_cannot_fill_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an empty folder for an index pip fails; the next call, which may, starts from the beginning."""
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "empty"))
    lock = tmp_path / "a.lock"
    lock.write_text("affectmine-none==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(TransientError, match="pip could not install") as failed:
        make_venv(tmp_path, sys.executable, lock, print)
    assert "affectmine-none" in str(failed.value)
    (tmp_path / "venv" / "half").touch()
    lock.write_text("")
    assert make_venv(tmp_path, sys.executable, lock, print)
    assert not (tmp_path / "venv" / "half").exists()
    assert not make_venv(tmp_path, sys.executable, lock, print)
    moved = tmp_path / "moved"
    moved.mkdir()
    (tmp_path / "venv").rename(moved / "venv")
    (tmp_path / "venv.json").rename(moved / "venv.json")
    assert make_venv(moved, sys.executable, lock, print), "its scripts name the old place"
