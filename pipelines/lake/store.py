"""The few operations on files that the guarantees stand on.

Assumptions: a POSIX file system with hard links and atomic rename, on which fsync means durable; or an object store
that keeps `If-None-Match: *` and says that an object is put when it is durable.
Semantics: `create` either makes the whole file under its name or finds that it exists; nothing is ever
overwritten, and a reader never sees half a file.
"""

import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.lake.failpoint import failpoint
from pipelines.lake.remote_path import RemotePath
from schemas.errors import TerminalError, TransientError

if TYPE_CHECKING:
    from pipelines.lake.place import Place


def new_attempt() -> str:
    """A name for one attempt at a unit of work; two attempts never share files."""
    return secrets.token_hex(4)


def sync_folder(folder: "Place") -> None:
    """Makes the names in `folder` durable; what is put on an object store is so already."""
    if isinstance(folder, RemotePath):
        return
    assert isinstance(folder, Path)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Makes the content of `path` durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def create(path: "Place", content: bytes, *, step: str | None = None, mode: int = 0o644) -> bool:
    """Creates `path` with `content` if there is no such file; says whether this call created it.

    `step` names the failpoints `<step>_written` and `<step>_linked`.
    Raises TransientError when the disk is full or the file system fails.
    """
    if isinstance(path, RemotePath):
        return _create_remote(path, content, step)
    assert isinstance(path, Path)
    temporary = path.with_name(f".{path.name}.{new_attempt()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(temporary, content, mode)
        if step:
            failpoint(f"{step}_written")
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise disk_trouble("write", path, error) from None
    if step:
        failpoint(f"{step}_linked")
    return True


def _create_remote(path: RemotePath, content: bytes, step: str | None) -> bool:
    if step:
        failpoint(f"{step}_written")
    created = path.create(content)
    if step and created:
        failpoint(f"{step}_linked")
    return created


def read_json(path: "Place", remedy: str) -> dict[str, Any]:
    """The JSON object in `path`. Raises TerminalError when it is damaged, FileNotFoundError when it is gone."""
    try:
        found = json.loads(path.read_bytes())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise TerminalError(f"The file {path} is damaged.", remedy=remedy)
    return found


def replace(path: "Place", content: bytes) -> None:
    """Puts `content` at `path`, whole: for derived files only (catalog, status, pages)."""
    if isinstance(path, RemotePath):
        path.write_bytes(content)
        return
    assert isinstance(path, Path)
    temporary = path.with_name(f".{path.name}.{new_attempt()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(temporary, content, 0o644)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_trouble("write", path, error) from None


def _write(path: Path, content: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def disk_trouble(doing: str, path: "Place", error: OSError) -> TransientError:
    """The error for a file system that says no."""
    return TransientError(
        f"Could not {doing} {path.name}: {error.strerror}.",
        remedy="Check the space and the rights of the lake's folder, then run again: "
        "finished shards are kept.",
    )
