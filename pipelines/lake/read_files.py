"""The filesystem by which DuckDB reads the remote files of a lake.

Assumptions: a data file never changes under its name while a connection is open.
Semantics: read only. DuckDB asks for size and time of a file several times at each of its scans; the store is asked
once a connection.
"""

import datetime as dt
import io
from typing import Any

from fsspec import AbstractFileSystem

from pipelines.lake.remote_path import RemotePath, RemoteStat


class ReadFiles(AbstractFileSystem):  # type: ignore[misc]
    """The files of one store, for one connection."""

    cachable = False

    def __init__(self, protocol: str | tuple[str, ...]) -> None:
        super().__init__()
        self.protocol = protocol
        self._known: dict[str, RemoteStat] = {}

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path

    def info(self, path: str, **_: object) -> dict[str, Any]:
        """Size and kind. Raises FileNotFoundError."""
        found = self._stat(path)
        kind = "directory" if found.folder else "file"
        return {"name": path, "size": found.st_size, "type": kind}

    def glob(self, path: str, **_: object) -> list[str]:
        """The file of this name, if there is one: names of a lake's files are no patterns."""
        try:
            self._stat(path)
        except FileNotFoundError:
            return []
        return [path]

    def modified(self, path: str) -> dt.datetime:
        """When it was last written."""
        return dt.datetime.fromtimestamp(self._stat(path).st_mtime, dt.UTC)

    def open(self, path: str, mode: str = "rb", **_: object) -> io.RawIOBase:
        """A file open for reading. Raises PermissionError for another mode."""
        if mode != "rb":
            raise PermissionError(13, "Files of a lake are only read", path)
        return RemotePath(path, self._stat(path)).reader()

    def _stat(self, path: str) -> RemoteStat:
        if path.endswith("/"):  # DuckDB wonders whether a file is a folder
            raise FileNotFoundError(2, "No such folder", path)
        if path not in self._known:
            self._known[path] = RemotePath(path).stat()
        return self._known[path]
