"""airflow.cfg: what we set, and nothing that Airflow's own defaults say."""

from __future__ import annotations

import base64
import configparser
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.lake.store import create
from schemas.errors import ConfigError

_OURS: Final = {"dags_folder": "core", "configs": "affectmine", "command": "affectmine"}
_TEXT: Final = """\
# Written once by `affectmine setup airflow`: what differs from Airflow's defaults. From now on it is yours.

[core]
dags_folder = {dags_folder}
load_examples = False
# How many tasks run at a time on this machine.
parallelism = 4
# Passwords of connections are encrypted with it: with another key they cannot be read.
fernet_key = {fernet_key}

[api]
# Only this machine may ask. Others: set up users and TLS first.
host = 127.0.0.1
# Tasks ask at base_url: a new port belongs into both lines.
port = 8080
base_url = http://127.0.0.1:8080
secret_key = {secret_key}

[api_auth]
jwt_secret = {jwt_secret}

[affectmine]
# The folder of the configs, each of which becomes DAGs; and the command that the tasks run.
configs = {configs}
command = {command}
"""


@dataclass(frozen=True)
class Config:
    """An airflow.cfg, there or to be."""

    path: Path
    dags: Path
    configs: Path
    command: str

    def text(self) -> str:
        """What we write; with new secrets at each call. Raises ConfigError: a path cannot stand in an airflow.cfg."""
        return _TEXT.format(
            **{key: _written(value) for key, value in self._ours().items()},
            fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            secret_key=secrets.token_hex(32),
            jwt_secret=secrets.token_hex(32),
        )

    def write(self) -> bool:
        """Writes it unless it is there; whether it did. Only its owner may read it."""
        return create(self.path, self.text().encode(), mode=0o600)

    def value(self, key: str) -> str:
        """What the file says of one of our settings; what we would have written where it says nothing."""
        return self._read().get(_OURS[key], key, fallback=self._ours()[key])

    def address(self) -> str:
        """Where the browser finds Airflow."""
        return self._read().get("api", "base_url", fallback="http://127.0.0.1:8080")

    def differences(self) -> list[str]:
        """Where the file says something else than we would have written."""
        return [
            f"{self.path} says {key} = {self.value(key)}, not {wanted}."
            for key, wanted in self._ours().items()
            if self.value(key) != wanted
        ]

    def _ours(self) -> dict[str, str]:
        values = (str(self.dags), str(self.configs), self.command)
        return dict(zip(_OURS, values, strict=True))

    def _read(self) -> configparser.ConfigParser:
        parser = configparser.ConfigParser(strict=False)
        try:
            parser.read(self.path, encoding="utf-8")
            for section in parser.sections():
                dict(parser[section])  # reads every value, which finds a lonely %
        except (configparser.Error, UnicodeDecodeError) as error:
            told = str(error).splitlines()[0]
            raise ConfigError(
                f"{self.path} cannot be read: {told}",
                remedy="Mend it, or remove it for a new one (then passwords of connections must be entered again).",
            ) from None
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be read: {error.strerror}.") from None
        return parser


def _written(value: str) -> str:
    """A value as airflow.cfg holds it. Raises ConfigError for one that Airflow would change."""
    if not value.isprintable() or "$" in value:
        raise ConfigError(
            f"{value!r} cannot stand in airflow.cfg: Airflow reads $ as a variable, and control characters not at all.",
            remedy="Choose another folder.",
        )
    return value.replace("%", "%%")
