"""Tar archives as streams: members are listed and checked, then read in order, in one pass."""

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from schemas.errors import SourceError
from transforms.read.decompress import Compression, Decompressed, decompress

MAX_MEMBERS = 100_000
_MAX_HEADER = 1 << 20  # a pax header is held in memory whole
_STEP = 1 << 20
BROKEN = -1  # size of the pseudo-member that stands for what cannot be listed


@dataclass(frozen=True)
class Member:
    """A regular file in an archive; `start` and `size` in bytes of the decompressed archive."""

    name: str
    start: int
    size: int


class _Forward:
    """What tarfile needs of a seekable file, over a stream that only goes forward."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.at = 0

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int) -> int:
        while self.at < offset:
            data = self.stream.read(min(_STEP, offset - self.at))
            if not data:
                break
            self.at += len(data)
        return self.at

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MAX_HEADER:
            raise tarfile.ReadError("a header of more than 1 MiB")
        parts: list[bytes] = []
        while size:
            data = self.stream.read(size)
            if not data:
                break
            parts.append(data)
            size -= len(data)
            self.at += len(data)
        return b"".join(parts)


def members(path: str, kind: Compression) -> list[Member]:
    """The regular files of a tar archive, in its order.

    A broken archive gives the members before the break and one whose reading raises. `SourceError`
    for absolute paths, "..", links, devices, too many members, and what is no tar archive at all.
    """
    found: list[Member] = []
    with decompress(open(path, "rb", buffering=0), kind, path) as stream:
        for info in _infos(_Forward(stream), path):
            if info is None:
                end = found[-1].start + found[-1].size if found else 0
                found.append(Member("(the rest, broken)", end, BROKEN))
            elif not info.isdir():
                _check(info, path)
                found.append(Member(info.name, info.offset_data, info.size))
            if len(found) > MAX_MEMBERS:
                raise SourceError(
                    f"{path} has more than {MAX_MEMBERS} members.",
                    remedy="Unpack it and give the folder as the source.",
                )
    return found


def _infos(archive: _Forward, path: str) -> Iterator[tarfile.TarInfo | None]:
    """Headers in order; a last None when the archive breaks where no member's reading would show
    it.

    Not `TarFile.next`: it takes a broken header in the middle for the end of the archive.
    """
    try:
        tar = tarfile.TarFile(fileobj=cast("BinaryIO", archive), mode="r")
    except tarfile.TarError as error:
        raise SourceError(
            f"{path} is not a tar archive ({error}).", remedy="Fetch the file again."
        ) from None
    except SourceError:
        yield None
        return
    info: tarfile.TarInfo | None = tar.firstmember  # type: ignore[attr-defined]
    while info is not None:
        yield info
        try:
            if archive.at < tar.offset:
                archive.seek(tar.offset - 1)
                archive.read(1)
            whole = archive.at == tar.offset
        except SourceError:
            whole = False
        if not whole and archive.at < info.offset_data + info.size:
            return  # cut inside this member: reading it says so
        try:
            info = tarfile.TarInfo.fromtarfile(tar)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            return
        except (tarfile.TarError, SourceError):
            yield None
            return


def _check(info: tarfile.TarInfo, path: str) -> None:
    name = PurePosixPath(info.name)
    problem = ""
    if name.is_absolute() or ".." in name.parts or "\\" in info.name or "\0" in info.name:
        problem = "leads out of the archive"
    elif info.issym() or info.islnk():
        problem = "is a link"
    elif not info.isfile() or info.issparse():
        problem = "is not a regular file"
    if problem:
        raise SourceError(
            f"{path}: the member {info.name!r} {problem}; the archive is refused.",
            remedy="Unpack what you trust by hand and give the folder as the source.",
        )


# One archive stays open where the last member ended, so that reading all members in order is one
# pass.
_parked: dict[tuple[str, Compression], _Forward] = {}


def open_member(path: str, kind: Compression, member: Member) -> BinaryIO:
    """The bytes of one member as a stream; members read in order cost one pass over the archive."""
    archive = _parked.pop((path, kind), None)
    if archive is None or archive.at > member.start:
        if archive is not None:
            archive.stream.close()
        archive = _Forward(decompress(open(path, "rb", buffering=0), kind, path))  # noqa: SIM115
    park = cast("BinaryIO", _Park(archive, (path, kind)))
    return cast("BinaryIO", Decompressed(_content(archive, path, member), park))


def _content(archive: _Forward, path: str, member: Member) -> Iterator[bytes]:
    archive.seek(member.start)
    if member.size == BROKEN:
        raise SourceError(
            f"{path} is cut short or corrupt at decompressed byte {archive.at}, "
            "between two members.",
            remedy="The members before were read; fetch the file again, then rerun.",
        )
    left = member.size
    while left:
        data = archive.stream.read(min(_STEP, left))
        if not data:
            raise SourceError(
                f"{path} is cut short: its member {member.name!r} ends too early, at byte "
                f"{member.size - left}.",
                remedy="What came before was read; fetch the file again, then rerun.",
            )
        archive.at += len(data)
        left -= len(data)
        yield data


class _Park(io.RawIOBase):
    """Closing a member parks its archive for the next one; only one archive is ever parked."""

    def __init__(self, archive: _Forward, key: tuple[str, Compression]) -> None:
        super().__init__()
        self._archive: _Forward | None = archive
        self._key = key

    def close(self) -> None:
        if self._archive is not None:
            for other in _parked.values():
                other.stream.close()
            _parked.clear()
            _parked[self._key] = self._archive
            self._archive = None
        super().close()
