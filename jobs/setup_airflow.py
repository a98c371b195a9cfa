"""An Airflow that runs our DAGs, in a folder of its own: `affectmine setup airflow`.

Semantics: each step first looks whether its result is there, and keeps it. So a second call changes nothing, and a call
after one that was stopped finishes what that one left. Nothing of it touches the environment of affectmine.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jobs.metrics.terminated import terminable
from jobs.setup_airflow_cli import Airflow
from jobs.setup_airflow_config import Config
from jobs.setup_airflow_show import SetUp
from jobs.setup_airflow_venv import check_python, make_venv
from jobs.target import write_trouble
from pipelines.lake.key import VARIABLE, load_key
from schemas.errors import ConfigError, TerminalError

# Beside `jobs`, in the clone and in the wheel alike.
DAGS = Path(__file__).resolve().parent.parent / "airflow_dags"
LOCK = DAGS / "requirements.lock"
_UNFIT = frozenset("%${}:?#")  # Airflow makes values, an URL and a PATH of its home
_PASSWORDS = "simple_auth_manager_passwords.json.generated"  # Airflow's own name

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be set up. `home` becomes AIRFLOW_HOME; `configs` is the folder of the configs that become DAGs."""

    home: Path
    configs: Path
    gpus: int | None = None  # slots of the pool; 1 where nobody says
    python: str = sys.executable


def setup_airflow(wanted: Wanted, *, say: Say) -> SetUp:
    """Sets it up. `say` hears what goes on.

    Raises ConfigError for what was asked, TransientError when the packages cannot be had now, TerminalError when
    Airflow does not do what it is told.
    """
    home, configs = _absolute(wanted.home), _absolute(wanted.configs)
    _check_home(home)
    key = load_key()[0].decode() if VARIABLE in os.environ else None
    config = Config(home / "airflow.cfg", dags=_dags(), configs=configs, command=own_command())
    _check_environment(config.path)
    python = check_python(wanted.python)
    made: list[str] = []
    with terminable():
        _make_folder(home, 0o700)
        if make_venv(home, python, LOCK, say):
            made.append("venv")
        if not config.path.exists():
            _make_folder(configs, 0o777)
        if config.write():
            made.append("config")
        notes = config.differences()
        if home.stat().st_mode & 0o077:
            notes.append(f"the rights of {home}: others may look into it. Better: chmod 700")
        airflow = Airflow(home)
        say("The database of Airflow is brought up to date.")
        airflow.run("db", "migrate")
        slots = airflow.pool_slots()
        if slots is None:
            slots = wanted.gpus or 1
            airflow.add_pool(slots)
            made.append("pool")
        elif wanted.gpus not in (None, slots):
            notes.append(_pool_note(airflow, slots, wanted.gpus))
        if not airflow.has_connection():
            airflow.add_connection(key)
            made.append("connection")
        elif key is not None:
            notes.append(
                "the connection affectmine. Its password may be another key than this one: see Admin, Connections."
            )
    return SetUp(
        home=str(home),
        airflow=locked_version(),
        config=str(config.path),
        configs=config.value("configs"),
        dags=config.value("dags_folder"),
        command=config.value("command"),
        gpus=slots,
        key=_key_source(made, key),
        made=made,
        notes=notes,
        start=airflow.line("standalone"),
        address=config.address(),
        passwords=str(home / _PASSWORDS),
    )


def own_command() -> str:
    """How this affectmine is called from elsewhere: its script, or its Python with our module."""
    script = Path(sys.executable).parent / "affectmine"
    if script.is_file():
        return shlex.quote(str(script))
    return f"{shlex.quote(sys.executable)} -m jobs.cli"


def locked_version() -> str:
    """Which Airflow the lock names."""
    found = re.search(r"^apache-airflow==(\S+)", LOCK.read_text(encoding="utf-8"), re.M)
    assert found is not None
    return found[1]


def _dags() -> Path:
    if not LOCK.is_file():
        raise TerminalError(
            f"This installation of affectmine lacks {LOCK}.", remedy="Install affectmine again."
        )
    return DAGS


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 -- links stay as they are


def _check_home(home: Path) -> None:
    """Raises ConfigError: Airflow would misread the path."""
    if _UNFIT & set(str(home)) or not str(home).isprintable():
        raise ConfigError(
            f"{str(home)!r} cannot be the home of Airflow: {' '.join(sorted(_UNFIT))} mean something else in it.",
            remedy="Name another folder: --home FOLDER",
        )


def _check_environment(config: Path) -> None:
    """Raises ConfigError: the environment makes Airflow read another airflow.cfg."""
    other = os.environ.get("AIRFLOW_CONFIG")
    if other is not None and _absolute(Path(other)) != config:
        raise ConfigError(
            f"AIRFLOW_CONFIG is set: Airflow would read {other}, not {config}.",
            remedy="Unset AIRFLOW_CONFIG, then run again.",
        )


def _make_folder(path: Path, mode: int) -> None:
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
    except FileExistsError:
        raise ConfigError(
            f"{path} is a file; a folder is needed.", remedy="Name another folder."
        ) from None
    except OSError as error:
        raise write_trouble(path, error) from None


def _pool_note(airflow: Airflow, slots: int, gpus: int | None) -> str:
    change = airflow.line("pools", "set", "affectmine_gpu", str(gpus), "GPUs")
    return f"the pool affectmine_gpu has {slots} slots, not {gpus}. To change it: {change}"


def _key_source(made: list[str], key: str | None) -> str:
    if "connection" not in made:
        return "as it was"
    return "the key file of the user who runs Airflow" if key is None else VARIABLE
