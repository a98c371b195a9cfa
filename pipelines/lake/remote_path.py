"""A name on an object store that can be used as a `pathlib.Path` in a lake."""

import datetime as dt
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.lake.object_store import BLOCK, answering, filesystem, put_if_absent, scheme_of
from schemas.errors import ConfigError


@dataclass(frozen=True)
class RemoteStat:
    """What the store says of an object; its clock, in whole seconds mostly. `folder`: it is only a prefix."""

    st_size: int
    st_mtime: float
    folder: bool
    st_ino: int = 0

    @property
    def st_mtime_ns(self) -> int:
        """When it was last written, ns since 1970."""
        return int(self.st_mtime * 1e9)


@dataclass(frozen=True, order=True)
class RemotePath:
    """An object, or a prefix with objects below it. It has no `__fspath__`: `open` of the standard library would take
    it for a local file.

    `told` is what a listing said of it: like `os.DirEntry`, a path that came from a listing answers `stat`, `is_file`
    and `is_dir` from there, without a request.
    """

    url: str
    told: RemoteStat | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, text: str) -> "RemotePath":
        """The path of a URL. Raises ConfigError for one without a bucket, or with parts that are no names."""
        scheme = scheme_of(text)
        parts = text[len(scheme) + 3 :].rstrip("/").split("/")
        if not all(parts) or {".", ".."} & set(parts):
            raise ConfigError(
                f"{text} is no place on an object store.", remedy=f"Write {scheme}://bucket/prefix"
            )
        return cls(f"{scheme}://{'/'.join(parts)}")

    def __str__(self) -> str:
        return self.url

    @property
    def _key(self) -> PurePosixPath:
        return PurePosixPath(self.url.partition("://")[2])

    @property
    def name(self) -> str:
        """The last part of the name."""
        return self._key.name

    @property
    def stem(self) -> str:
        """The last part without its suffix."""
        return self._key.stem

    @property
    def suffix(self) -> str:
        """The suffix of the last part, with its dot."""
        return self._key.suffix

    @property
    def parts(self) -> tuple[str, ...]:
        """The bucket, and the parts of the name in it."""
        return self._key.parts

    @property
    def parent(self) -> "RemotePath":
        """The prefix that it lies below; a bucket is its own."""
        return self if len(self.parts) == 1 else RemotePath(self.url.rpartition("/")[0])

    def __truediv__(self, key: str) -> "RemotePath":
        inside = PurePosixPath(key).as_posix()
        return RemotePath(f"{self.url}/{inside}") if inside != "." else self

    def with_name(self, name: str) -> "RemotePath":
        """Another name beside this one."""
        return self.parent / name

    def with_suffix(self, suffix: str) -> "RemotePath":
        """The same name with another suffix."""
        return self.with_name(self._key.with_suffix(suffix).name)

    def relative_to(self, other: "RemotePath") -> PurePosixPath:
        """The name below `other`. Raises ValueError where it lies elsewhere."""
        if not self.is_relative_to(other):
            raise ValueError(f"{self} is not below {other}")
        return self._key.relative_to(other._key)

    def is_relative_to(self, other: "RemotePath") -> bool:
        """Whether it lies below `other`, or is it."""
        return self.url == other.url or self.url.startswith(f"{other.url}/")

    def as_posix(self) -> str:
        """The URL."""
        return self.url

    def absolute(self) -> "RemotePath":
        """Itself."""
        return self

    def exists(self) -> bool:
        """Whether there is such an object, or one below it."""
        return self._info() is not None

    def is_file(self) -> bool:
        """Whether it is an object."""
        told = self.told or self._info()
        return told is not None and not told.folder

    def is_dir(self) -> bool:
        """Whether objects lie below it."""
        told = self.told or self._info()
        return told is not None and told.folder

    def stat(self) -> RemoteStat:
        """Size and time. Raises FileNotFoundError."""
        told = self.told or self._info()
        if told is None:
            raise FileNotFoundError(2, "No such object", self.url)
        return told

    def read_bytes(self) -> bytes:
        """The content. Raises FileNotFoundError."""
        with answering(self.url):
            return bytes(self._store().cat_file(self.url))

    def read_text(self, encoding: str | None = None) -> str:
        """The content as text (UTF-8 unless told otherwise)."""
        return self.read_bytes().decode(encoding or "utf-8")

    def reader(self) -> io.RawIOBase:
        """The object open for reading at any position; what the store does not give is one of our errors."""
        size = None if self.told is None else self.told.st_size
        with answering(self.url):
            file = self._store().open(
                self.url, "rb", block_size=BLOCK, cache_type="readahead", size=size
            )
        if size is not None:
            file.details = {"name": self.url, "size": size}  # else asked for again
        return _Reader(file, self.url)

    def write_bytes(self, data: bytes) -> int:
        """Puts the object, whole, in place of what was there."""
        with answering(self.url):
            self._store().pipe_file(self.url, data)
        return len(data)

    def create(self, data: bytes) -> bool:
        """Puts the object if there is none; says whether it is ours (see `put_if_absent`)."""
        return put_if_absent(self.url, data)

    def upload(self, file: Path) -> None:
        """Puts a local file here, a large one in parts; when that fails, its parts are given up."""
        with answering(self.url):
            self._store().put_file(str(file), self.url)

    def touch(self) -> None:
        """Writes the object anew, empty: its time is what counts."""
        self.write_bytes(b"")

    def unlink(self, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002 - as pathlib
        """Deletes the object. Raises FileNotFoundError only where the store itself says so."""
        try:
            with answering(self.url):
                self._store().rm_file(self.url)
        except FileNotFoundError:
            if not missing_ok:
                raise

    def mkdir(
        self,
        mode: int = 0o777,
        parents: bool = False,  # noqa: FBT001, FBT002 - as pathlib
        exist_ok: bool = False,  # noqa: FBT001, FBT002 - as pathlib
    ) -> None:
        """Nothing: a prefix is there as soon as something is below it."""

    def rmdir(self) -> None:
        """Nothing: a prefix goes with the last object below it."""

    def iterdir(self) -> "Iterator[RemotePath]":
        """What lies directly below, in order. Raises FileNotFoundError where nothing does."""
        with answering(self.url):
            found = self._store().ls(self.url, detail=True, refresh=True)
        yield from self._listed({each["name"]: each for each in found})

    def glob(self, pattern: str) -> "Iterator[RemotePath]":
        """What lies below under names like `pattern`, as many parts deep as it has; in order."""
        wanted = pattern.split("/")
        for path in self._below(_head(pattern)):
            parts = path.relative_to(self).parts
            if len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted)):
                yield path

    def rglob(self, pattern: str) -> "Iterator[RemotePath]":
        """What lies below, however deep, under names like `pattern`; in order."""
        for path in self._below(""):
            if fnmatchcase(path.name, pattern):
                yield path

    def _below(self, head: str) -> "Iterator[RemotePath]":
        """Objects and prefixes whose names below this one start with `head`."""
        with answering(self.url):
            found = self._store().find(self.url, detail=True, prefix=head)
        listed = list(self._listed(found))
        folders = {
            folder for path in listed for folder in _folders(path, self) if folder.url != self.url
        }
        yield from sorted([*listed, *folders])

    def _listed(self, found: Mapping[str, Mapping[str, Any]]) -> "Iterator[RemotePath]":
        scheme = scheme_of(self.url)
        for name in sorted(found):
            # A folder that the store's own console made is an object whose name ends with a slash.
            url = f"{scheme}://{name}"
            if url.rstrip("/") != self.url and not (url.endswith("/") and found[name]["size"] == 0):
                yield RemotePath(url, _stat(found[name]))

    def _info(self) -> RemoteStat | None:
        try:
            with answering(self.url):
                return _stat(self._store().info(self.url, refresh=True))
        except FileNotFoundError:
            return None

    def _store(self) -> Any:
        return filesystem(scheme_of(self.url))


def _head(pattern: str) -> str:
    """The part of a pattern before its first wildcard."""
    wild = min((pattern.index(sign) for sign in "*?[" if sign in pattern), default=len(pattern))
    return pattern[:wild]


def _folders(path: RemotePath, root: RemotePath) -> "Iterator[RemotePath]":
    while path.url != root.url:
        path = RemotePath(path.url.rpartition("/")[0], RemoteStat(0, 0.0, folder=True))
        yield path


def _stat(info: Mapping[str, Any]) -> RemoteStat:
    when = info.get("LastModified") or info.get("mtime") or info.get("updated")
    written = when.timestamp() if isinstance(when, dt.datetime) else 0.0
    return RemoteStat(int(info.get("size") or 0), written, folder=info["type"] == "directory")


class _Reader(io.RawIOBase):
    """A remote file whose failures are told as ours: pyarrow would else take them for damage."""

    def __init__(self, file: Any, url: str) -> None:
        self._file, self._url = file, url

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        with answering(self._url):
            return bytes(self._file.read(size))

    def readall(self) -> bytes:
        return self.read()

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()
