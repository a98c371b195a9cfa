"""Writes a folder of files whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from jobs.target import write_trouble
from pipelines.lake.store import new_attempt, sync_file, sync_folder
from schemas.errors import ConfigError


def check_folder(output: Path) -> None:
    """Raises ConfigError where the folder is there already, or cannot be made."""
    if os.path.lexists(output):
        raise ConfigError(
            f"{output} is there already; a sample is never written over another.",
            remedy="Name a new folder with -o.",
        )
    parent = output.absolute().parent
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise ConfigError(
            f"{output} cannot be made: {parent} is no folder that you may write to.",
            remedy="Make it first, or write elsewhere.",
        )


def write_folder(output: Path, files: Mapping[str, bytes]) -> None:
    """Makes the folder with these files."""
    temporary = output.with_name(f".{output.name}.{new_attempt()}.tmp")
    try:
        temporary.mkdir(mode=0o700)
        for name, content in files.items():
            path = temporary / name
            path.write_bytes(content)
            sync_file(path)
        sync_folder(temporary)
        temporary.rename(output)  # fails where a folder with files came meanwhile
        sync_folder(output.absolute().parent)
    except OSError as error:
        raise write_trouble(output, error) from None
    finally:
        with suppress(OSError):
            shutil.rmtree(temporary)
