"""The pseudonym key: from the environment, else from the user's config folder."""

import os
import secrets
from pathlib import Path

from pipelines.lake.store import create
from schemas.errors import ConfigError

VARIABLE = "AFFECTMINE_KEY"
MIN_LENGTH = 32


def load_key() -> tuple[bytes, Path | None]:
    """The key, and the file it was newly written to (None unless this call made it).

    Raises ConfigError for a key that is too short or a key file that others may read.
    """
    given = os.environ.get(VARIABLE)
    if given is not None:
        if len(given) < MIN_LENGTH:
            raise ConfigError(
                f"{VARIABLE} has {len(given)} characters; at least {MIN_LENGTH} are needed.",
                remedy="Make one: python -c 'import secrets; print(secrets.token_hex(32))'",
            )
        return given.encode(), None
    path = key_path()
    made = None
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if create(path, secrets.token_hex(32).encode(), mode=0o600):
            made = path
    if path.stat().st_mode & 0o077:
        raise ConfigError(
            f"The key file {path} can be read by others.", remedy=f"Run: chmod 600 {path}"
        )
    key = path.read_bytes().strip()
    if len(key) < MIN_LENGTH:
        raise ConfigError(
            f"The key file {path} is damaged: it holds {len(key)} characters.",
            remedy="Restore it from a backup; a new key makes a new lake necessary.",
        )
    return key, made


def peek_key() -> bytes | None:
    """The key if there is one; makes none."""
    return load_key()[0] if VARIABLE in os.environ or key_path().exists() else None


def key_path() -> Path:
    """Where the key lies when the environment has none."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "affectmine" / "key"
