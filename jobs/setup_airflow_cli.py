"""Airflow's own command, as it is asked while an Airflow is set up."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from jobs.setup_airflow_venv import clean_environment, last_lines
from jobs.target import write_trouble
from schemas.errors import AffectmineError, TerminalError, TransientError

POOL: Final = "affectmine_gpu"
CONNECTION: Final = "affectmine"
_PREFIX: Final = ".connection-"


class Airflow:
    """The Airflow of a home."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._bin = home / "venv" / "bin"

    def line(self, *arguments: str) -> str:
        """What a person types in a shell for a command; `standalone` finds its parts on the PATH."""
        path = shlex.quote(str(self._bin))
        return f"AIRFLOW_HOME={shlex.quote(str(self._home))} PATH={path}:$PATH {shlex.join(['airflow', *arguments])}"

    def run(self, *arguments: str) -> str:
        """What it says on stdout. Raises TransientError where its database did not answer, else TerminalError."""
        environment = clean_environment() | {
            "AIRFLOW_HOME": str(self._home),
            "PATH": f"{self._bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        }
        done = subprocess.run(
            [str(self._bin / "python"), "-m", "airflow", *arguments],
            env=environment,
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            raise self._failed(arguments, done.stderr + done.stdout, killed=done.returncode < 0)
        return done.stdout

    def pool_slots(self) -> int | None:
        """How many slots the pool of the GPUs has; None: there is no such pool."""
        found = [each for each in self._listed("pools") if each["pool"] == POOL]
        return int(found[0]["slots"]) if found else None

    def add_pool(self, slots: int) -> None:
        """Makes the pool of the GPUs."""
        self.run(
            "pools", "set", POOL, str(slots), "One slot a GPU, for affectmine's tasks `label`."
        )

    def has_connection(self) -> bool:
        """Whether there is a connection of our name."""
        return any(each["conn_id"] == CONNECTION for each in self._listed("connections"))

    def add_connection(self, key: str | None) -> None:
        """Makes the connection; `key` becomes its password, by a file that only we may read, and for a moment."""
        told = "Password: the pseudonym key of affectmine. Extra: further environment variables."
        connection = {"conn_type": "generic", "description": told}
        if key is not None:
            connection["password"] = key
        with self._file(json.dumps({CONNECTION: connection})) as path:
            answer = self.run("connections", "import", str(path))
        if f"Imported connection {CONNECTION}" not in answer:
            raise self._failed(("connections", "import"), "The connection was not imported.")

    def _listed(self, what: str) -> list[dict[str, Any]]:
        answer = self.run(what, "list", "--output", "json")
        # Libraries of Airflow may print warnings before it.
        line = next((each for each in reversed(answer.splitlines()) if each.startswith("[")), "")
        try:
            return list(json.loads(line))
        except ValueError:
            raise self._failed((what, "list"), "It gave no JSON.") from None

    @contextmanager
    def _file(self, text: str) -> Iterator[Path]:
        for left in self._home.glob(f"{_PREFIX}*.json"):  # by a call that was killed
            left.unlink(missing_ok=True)
        try:
            descriptor, name = tempfile.mkstemp(prefix=_PREFIX, suffix=".json", dir=self._home)
        except OSError as error:
            raise write_trouble(self._home, error) from None
        path = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _failed(
        self, arguments: tuple[str, ...], said: str, *, killed: bool = False
    ) -> AffectmineError:
        told = f"`airflow {' '.join(arguments[:2])}` failed:\n{last_lines(said)}\n"
        if killed or "OperationalError" in said:
            return TransientError(
                told,
                remedy="It was killed, or its database did not answer: see that it is free, then run again.",
            )
        return TerminalError(
            told,
            remedy=f"Check {self._home / 'airflow.cfg'} and its database, then run again: what is done is kept.",
        )
