"""Writes a page, whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from jobs.target import write_trouble
from pipelines.lake.store import new_attempt


def write_whole(path: Path, text: str) -> None:
    """Writes the text. ConfigError or TransientError: it cannot be written; then what was there stays."""
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
