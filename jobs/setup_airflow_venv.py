"""The venv of Airflow, from our lock: every package by its hash, wheels only."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from jobs.target import write_whole
from pipelines.lake.key import VARIABLE
from schemas.errors import ConfigError, TerminalError, TransientError

_STATE: Final = (
    "venv.json"  # beside the venv: from which lock it was made; {} while it is being made
)
_OLDEST, _NEWEST = (3, 11), (3, 13)
_LAST_LINES: Final = 8
_NOISE: Final = (" ", "\t", "[", "Traceback", "The above exception", "During handling")
_PIP: Final = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
               "--only-binary", ":all:", "--require-hashes", "-r")  # fmt: skip


def check_python(python: str) -> str:
    """The path of a Python. Raises ConfigError: there is none, or the lock is not for it."""
    path = shutil.which(str(Path(python).expanduser()))
    if path is None:
        raise ConfigError(
            f"There is no Python {python}.", remedy="--python names a path or a command."
        )
    asked = _run([path, "-c", "import sys; print(*sys.version_info[:2])"])
    version = tuple(int(digits) for digits in asked.stdout.split() if digits.isdigit())
    if asked.returncode != 0 or len(version) != 2:
        raise ConfigError(
            f"{python} is no Python: it does not say its version.",
            remedy="Name another: --python PYTHON",
        )
    if not _OLDEST <= version <= _NEWEST:
        raise ConfigError(
            f"{python} is Python {version[0]}.{version[1]}; the lock of Airflow is for 3.11 to 3.13.",
            remedy="Name another: --python PYTHON",
        )
    return os.path.abspath(path)  # noqa: PTH100 -- a venv's python is a link, and must stay it


def make_venv(home: Path, python: str, lock: Path, say: Callable[[str], None]) -> bool:
    """Makes HOME/venv unless it is there, made from this lock; whether it did.

    One that is half made, from another lock, or no longer where it was made, is made anew. Raises ConfigError for a
    folder `venv` that is not ours, TransientError when pip fails.
    """
    venv, state = home / "venv", home / _STATE
    wanted = {"lock": hashlib.sha256(lock.read_bytes()).hexdigest(), "venv": str(venv)}
    found = _state(state)
    if found == wanted and (venv / "bin" / "python").exists():
        return False
    if found is None and venv.exists():
        raise ConfigError(
            f"{venv} is there, and was not made by this command.",
            remedy="Name another folder: --home FOLDER",
        )
    packages = len(re.findall(r"^\S+==", lock.read_text(encoding="utf-8"), re.M))
    say(
        f"Airflow and what it needs, {packages} packages, are installed into {venv}. This takes some minutes."
    )
    write_whole(state, "{}")
    made = _run([python, "-m", "venv", "--clear", str(venv)])
    if made.returncode != 0:
        raise TerminalError(
            f"{python} made no venv in {venv}:\n{last_lines(made.stdout + made.stderr)}\n",
            remedy="Install what venv needs (on Debian python3-venv), or name another: --python PYTHON",
        )
    installed = _run([str(venv / "bin" / "python"), *_PIP, str(lock)])
    if installed.returncode != 0:
        raise TransientError(
            f"pip could not install Airflow:\n{last_lines(installed.stdout + installed.stderr)}\n",
            remedy="Check the disk's space and the index that pip asks (pip config list), then run again.",
        )
    write_whole(state, json.dumps(wanted))
    return True


def clean_environment() -> dict[str, str]:
    """This process's environment without what belongs to our own Python, and without the key."""
    own = ("PYTHON", "VIRTUAL_ENV")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(own) and name != VARIABLE
    }


def last_lines(text: str) -> str:
    """The last lines of what a program said, without a traceback's places and a statement's values."""
    told = [line for line in text.splitlines() if line.strip() and not line.startswith(_NOISE)]
    return "\n".join(told[-_LAST_LINES:])


def _state(path: Path) -> dict[str, str] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            arguments,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise ConfigError(
            f"{arguments[0]} cannot be run: {error.strerror}.",
            remedy="Name another: --python PYTHON",
        ) from None
