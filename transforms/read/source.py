"""Which files a corpus has: files, folders, globs and the members of tar archives."""

import difflib
import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

from schemas.errors import SourceError, UnreadableError
from transforms.read.archive import Member, members, open_member
from transforms.read.decompress import Compression, compression_of, decompress, peeked

_SUFFIXES = (".gz", ".zst", ".zstd")
_CONFIG = (".yaml", ".yml")
_LAKE = "lake.json"  # the marker in the folder of a lake
_TAR = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.zstd", ".tzst")


@dataclass(frozen=True)
class SourceFile:
    """One stream of bytes to read: a file, or a regular member of a tar archive.

    `compression` is the file's own, as its first bytes show it (for a member: the archive's).
    `name` is the base name without a compression suffix, for guessing the reader. `start` and
    `size` place a member in its decompressed archive. `companions` are files that are read together
    with this one (see `transforms.read.chunk.Pairing`).
    """

    path: str
    member: str | None
    compression: Compression
    name: str
    start: int = 0
    size: int = 0
    companions: tuple["SourceFile", ...] = ()

    @property
    def shown(self) -> str:
        """How errors name it."""
        return f"{self.path}:{self.member}" if self.member is not None else self.path

    @property
    def is_plain(self) -> bool:
        """Whether any byte range can be read straight from the file."""
        return self.member is None and self.compression == "none"


def expand(sources: Sequence[str], base: Path) -> list[SourceFile]:
    """All streams of `sources` (paths, folders, globs; relative to `base`), sorted, each once.

    Folders skip hidden files and configs (YAML); folders and globs skip what lies in a lake. A file
    that is named is read wherever it lies. Raises `SourceError` for what does not exist, with near
    matches, and for archives that are broken or unsafe.
    """
    paths = sorted({path for source in sources for path in _paths(source, base)})
    return [found for path in paths for found in _streams(path)]


def _paths(source: str, base: Path) -> Iterator[str]:
    path = Path(source).expanduser()
    path = path if path.is_absolute() else base / path
    if path.is_dir():
        empty = True
        for each in _walk(path):
            empty = False
            yield each
        if empty:
            lake = _lake_around(str(path))
            raise SourceError(
                f"The folder {path} has no files."
                if lake is None
                else f"The folder {path} lies in the lake {lake}: what lies there is no source.",
                remedy="Check `sources` in the config.",
            )
    elif path.exists():
        if not path.is_file():
            raise SourceError(f"{path} is not a regular file.", remedy="Give a file or a folder.")
        yield str(path)
    else:
        found = [each for each in glob.glob(str(path), recursive=True) if Path(each).is_file()]
        if not found:
            raise _missing(path, source)
        lake_around = cache(_lake_around)
        outside = [name for name in found if lake_around(str(Path(name).parent)) is None]
        if not outside:
            raise SourceError(
                f"All that matches {path} lies in the lake "
                f"{lake_around(str(Path(found[0]).parent))}: what lies there is no source.",
                remedy="Check `sources` in the config.",
            )
        yield from outside


def _walk(path: Path) -> Iterator[str]:
    if _lake_around(str(path)) is not None:
        return
    for folder, folders, files in os.walk(path):
        if _LAKE in files:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            skipped = name.startswith(".") or name.lower().endswith(_CONFIG)
            if not skipped and Path(folder, name).is_file():
                yield os.path.join(folder, name)


def _lake_around(folder: str) -> str | None:
    """The lake that a folder is or lies in."""
    place = Path(os.path.realpath(folder))
    return next((str(each) for each in (place, *place.parents) if (each / _LAKE).is_file()), None)


def _missing(path: Path, source: str) -> SourceError:
    what = "No file matches" if glob.has_magic(source) else "There is no file"
    folder = path.parent
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    wanted = path.relative_to(folder).parts[0]
    near = difflib.get_close_matches(
        wanted, sorted(each.name for each in folder.iterdir()), n=3, cutoff=0.6
    )
    near = [str(folder / name) for name in near if folder / name != path]
    hint = f"Did you mean {' or '.join(near)}?" if near else f"The folder {folder} was looked in."
    return SourceError(f"{what} {path} (from {source!r}).", remedy=hint)


def _streams(path: str) -> list[SourceFile]:
    compression = compression_of(_first_bytes(path))
    name = Path(path).name
    if name.lower().endswith(_TAR):
        return [
            SourceFile(path, each.name, compression, _bare(each.name), each.start, each.size)
            for each in members(path, compression)
        ]
    return [SourceFile(path, None, compression, _bare(name) if compression != "none" else name)]


def _bare(name: str) -> str:
    name = name.rsplit("/", 1)[-1]
    for suffix in _SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def _first_bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(8)
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: str, error: OSError) -> UnreadableError:
    return UnreadableError(
        f"{path} cannot be read: {error.strerror}.", remedy="Check that it exists and its rights."
    )


def open_stream(source: SourceFile) -> BinaryIO:
    """The decompressed bytes as a stream; `read(n)` may give fewer than n bytes before the end.

    A compressed file inside a tar archive is decompressed too. Raises `SourceError` naming the file
    and the decompressed byte where a cut or corrupt file breaks, after all that came before.
    """
    try:
        if source.member is None:
            raw: BinaryIO = open(source.path, "rb", buffering=0)  # noqa: SIM115
            return decompress(raw, source.compression, source.shown)
        member = Member(source.member, source.start, source.size)
        stream = open_member(source.path, source.compression, member)
        if not source.member.lower().endswith(_SUFFIXES):
            return stream
        head, stream = peeked(stream, 8)
        return decompress(stream, compression_of(head), source.shown)
    except OSError as error:
        raise _unreadable(source.path, error) from None
