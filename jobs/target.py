"""Where a command writes its file: checked before the work starts, and told clearly when it fails."""

import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pipelines.lake.store import new_attempt
from schemas.errors import AffectmineError, ConfigError, TransientError

_LATER = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EAGAIN, errno.EMFILE, errno.ENFILE}


def check_target(output: Path, suffixes: Sequence[str]) -> None:
    """Raises ConfigError when `output` has another suffix or its folder cannot take it."""
    if output.suffix not in suffixes:
        raise ConfigError(
            f"{output} has no suffix that can be written.",
            remedy=f"Let it end in {' or '.join(suffixes)}.",
        )
    folder = output.parent
    if not os.path.isdir(folder):  # noqa: PTH112 -- says no where Path.is_dir raises
        raise ConfigError(
            f"{output} cannot be written: there is no folder {folder}.",
            remedy="Make the folder first, or write elsewhere.",
        )
    if os.path.isdir(output):  # noqa: PTH112
        raise ConfigError(f"{output} is a folder.", remedy="Name a file in it.")
    exists = os.path.exists(output)  # noqa: PTH110
    if not os.access(folder, os.W_OK | os.X_OK) or (exists and not os.access(output, os.W_OK)):
        raise ConfigError(
            f"{output} cannot be written: it or its folder is read-only for you.",
            remedy="Change the rights, or write elsewhere.",
        )


def write_whole(path: Path, text: str) -> None:
    """Writes a text. ConfigError or TransientError: it cannot be written; then what was there stays."""
    temporary = path.with_name(f".{path.name}.{new_attempt()}.tmp")
    try:
        with temporary.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise write_trouble(path, error) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_trouble(output: Path, error: OSError) -> AffectmineError:
    """The error for a file that could not be written."""
    told = f"{output} cannot be written: {error.strerror}."
    if error.errno in _LATER:
        return TransientError(told, remedy="Check the space of the disk, then run again.")
    return ConfigError(told, remedy="Check the rights of its folder, or write elsewhere.")
