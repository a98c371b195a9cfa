"""TextGrids of one talk, a file for each speaker: `visit1_doctor.TextGrid`, `visit1_patient.TextGrid`.

Files in one folder that have the same name but for a role word at its end go together: one chunk
holds the bytes of all, and its header says how many are whose.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath

from schemas.errors import SourceError
from transforms.read.chunk import Chunk, Limits, checksum
from transforms.read.document import cut_document
from transforms.read.names import role_of
from transforms.read.source import SourceFile

_NAME = re.compile(r"(?P<stem>.*?)[ _.-]+(?P<word>[A-Za-z]+)(?:\.[A-Za-z]+)?")
# How PriMock57 names the talks; its notes tell day and number too.
_PRIMOCK = re.compile(r"day(\d+)_consultation(\d+)", re.IGNORECASE)

Part = tuple[bytes, str | None]
"""The bytes of a file, and the role word at the end of its name."""


def paired(sources: list[SourceFile]) -> list[SourceFile]:
    """The sources; of those that go together the first by name, with the others as companions."""
    talks: dict[tuple[str, str, str], list[SourceFile]] = {}
    found: list[SourceFile] = []
    for source in sources:
        stem, word = named(source)
        if word is None:
            found.append(source)
        else:
            archive = "" if source.member is None else source.path
            folder = str(PurePath(source.member or source.path).parent)
            talks.setdefault((archive, folder, stem), []).append(source)
    for group in talks.values():
        first, *others = sorted(group, key=lambda each: each.name)
        found.append(replace(first, companions=tuple(others)))
    return found


def named(source: SourceFile) -> tuple[str, str | None]:
    """(the name of the talk, the role word) of a file; without such a word its name and None."""
    match = _NAME.fullmatch(source.name)
    if match is None or role_of(match["word"]) is None:
        return re.sub(r"\.[A-Za-z]+$", "", source.name), None
    return match["stem"], match["word"].lower()


def talk_of(source: SourceFile) -> str | None:
    """The id of the talk where other files of its corpus know it too, else None."""
    match = _PRIMOCK.fullmatch(named(source)[0])
    return consultation(int(match[1]), int(match[2])) if match else None


def consultation(day: int, number: int) -> str:
    """The id of a talk of PriMock57."""
    return f"day{day}_consultation{number:02}"


def cut_pair(source: SourceFile, limits: Limits) -> Iterator[Chunk]:
    """One chunk: the bytes of the source and its companions, none when all are empty.

    A file of more than `limits.record_bytes` makes it `oversize`. Where a file breaks off, the chunk
    holds what comes before; then `SourceError` is raised.
    """
    parts, whose = [], []
    error: SourceError | None = None
    too_long: list[Chunk] = []
    for each in (source, *source.companions):
        try:
            for chunk in cut_document(each, limits):
                too_long += [chunk] if chunk.oversize else []
                parts.append(chunk.data or b"")
                whose.append((len(parts[-1]), named(each)[1]))
        except SourceError as broken:
            error = error or broken
    if too_long:
        yield replace(too_long[0], length=sum(each.length for each in too_long))
    elif parts:
        data = b"".join(parts)
        header = json.dumps(whose).encode()
        yield Chunk(0, 0, 0, len(data), checksum(data), data, header)
    if error is not None:
        raise error


def parts_of(chunk: Chunk) -> list[Part]:
    """The files that a chunk holds."""
    data, start, found = chunk.data or b"", 0, list[Part]()
    for length, word in json.loads(chunk.header):
        found.append((data[start : start + length], word))
        start += length
    return found
