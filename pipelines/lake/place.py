"""Where files of a lake lie: in a folder of this machine, or below a prefix of an object store.

`Place` is the part of `pathlib.Path` that a lake needs, so a `Path` is one as it is; `RemotePath` is the other.
"""

# ruff: noqa: D102, FBT001 - the protocol says what pathlib says

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Protocol, Self

from pipelines.lake.object_store import filesystem, scheme_of
from pipelines.lake.remote_path import RemotePath
from pipelines.lake.store import new_attempt, sync_file, sync_folder
from schemas.errors import ConfigError

if TYPE_CHECKING:
    import duckdb
    import pyarrow.parquet as pq


class Stat(Protocol):
    """What is known of a file without reading it: bytes, and when it was last written (s, ns since 1970).

    `st_ino` tells two files of one name apart; on object stores it is 0.
    """

    @property
    def st_size(self) -> int: ...
    @property
    def st_mtime(self) -> float: ...
    @property
    def st_mtime_ns(self) -> int: ...
    @property
    def st_ino(self) -> int: ...


class Place(Protocol):
    """The part of `pathlib.Path` that lakes use. On object stores `mkdir` and `rmdir` do nothing: a folder is there
    as long as something is in it.
    """

    @property
    def name(self) -> str: ...
    @property
    def stem(self) -> str: ...
    @property
    def suffix(self) -> str: ...
    @property
    def parts(self) -> tuple[str, ...]: ...
    @property
    def parent(self) -> Self: ...
    def __truediv__(self, key: str, /) -> Self: ...
    def __lt__(self, other: Self, /) -> bool: ...
    def __hash__(self) -> int: ...
    def with_name(self, name: str) -> Self: ...
    def with_suffix(self, suffix: str) -> Self: ...
    def relative_to(self, other: Self, /) -> PurePath: ...
    def is_relative_to(self, other: Self, /) -> bool: ...
    def as_posix(self) -> str: ...
    def absolute(self) -> Self: ...
    def exists(self) -> bool: ...
    def is_file(self) -> bool: ...
    def is_dir(self) -> bool: ...
    def stat(self) -> Stat: ...
    def read_bytes(self) -> bytes: ...
    def read_text(self, encoding: str | None = None) -> str: ...
    def write_bytes(self, data: bytes, /) -> int: ...
    def iterdir(self) -> Iterator[Self]: ...
    def glob(self, pattern: str) -> Iterator[Self]: ...
    def rglob(self, pattern: str) -> Iterator[Self]: ...
    def mkdir(self, mode: int = ..., parents: bool = ..., exist_ok: bool = ...) -> None: ...
    def rmdir(self) -> None: ...
    def touch(self) -> None: ...
    def unlink(self, missing_ok: bool = ...) -> None: ...


def place(named: "str | Path | Place") -> "Place":
    """The place that a text names: `s3://bucket/prefix` on an object store, anything else a local path.

    Raises ConfigError for a URL that is none of an object store we know.
    """
    if not isinstance(named, str):
        return named
    if "://" not in named:
        return Path(named)
    return RemotePath.of(named)


def place_in(base: Path, named: str) -> "Place":
    """The place that a config names: a URL, or a local path from the folder `base`. Raises ConfigError as `place`."""
    return place(named) if is_remote(named) else base / named


def is_remote(named: "Place | str") -> bool:
    """Whether a place, or the place that a text names, lies on an object store."""
    return isinstance(named, RemotePath) or (isinstance(named, str) and "://" in named)


def local(where: "Place", what: str) -> Path:
    """The place as a local path. Raises ConfigError, naming `what` needs one, where it lies on an object store."""
    if isinstance(where, Path):
        return where
    raise ConfigError(f"{what} cannot lie on an object store ({where}).")


@contextmanager
def open_parquet(where: "Place", **options: object) -> "Iterator[pq.ParquetFile]":
    """A Parquet file open for reading; `options` are those of `pyarrow.parquet.ParquetFile`.

    A local file is memory-mapped; of a remote one the ranges that are asked for are fetched. Raises FileNotFoundError
    when it is gone, pyarrow.ArrowInvalid when it is none; TransientError when the object store does not answer, also
    later, while it is read.
    """
    import pyarrow.parquet as pq  # late: the command line asks for places before anything else

    if isinstance(where, RemotePath):
        with where.reader() as file, pq.ParquetFile(file, **options) as parquet:
            yield parquet
        return
    assert isinstance(where, Path)
    with pq.ParquetFile(where, memory_map=True, **options) as parquet:
        yield parquet


@contextmanager
def created_locally(where: "Place") -> Iterator[Path]:
    """A local file to write, which is put at `where`, whole and durable, when the block ends well.

    Whatever lay there is replaced. When the block fails, nothing is put there and the file goes.
    """
    if isinstance(where, RemotePath):
        with tempfile.TemporaryDirectory(prefix="affectmine-upload-") as folder:
            spool = Path(folder) / where.name
            yield spool
            where.upload(spool)
        return
    assert isinstance(where, Path)
    where.parent.mkdir(parents=True, exist_ok=True)
    temporary = where.with_name(f".{where.name}.{new_attempt()}.tmp")
    try:
        yield temporary
        sync_file(temporary)
        temporary.replace(where)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(where.parent)


def register(database: "duckdb.DuckDBPyConnection", places: "Iterable[Place | str]") -> None:
    """Lets DuckDB read these places by their names (`str`): registers what remote ones need, once each."""
    for scheme in {scheme_of(str(each)) for each in places if is_remote(each)}:
        found = filesystem(scheme)
        # DuckDB knows a filesystem by the first of its protocols.
        name = found.protocol if isinstance(found.protocol, str) else found.protocol[0]
        if not database.filesystem_is_registered(name):
            from pipelines.lake.read_files import ReadFiles  # late: it needs fsspec

            database.register_filesystem(ReadFiles(found.protocol))
