"""Names of the people of encounters, from ACI-Bench's metadata, and their way into a chunk's header."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from schemas.errors import SourceError
from transforms.read.chunk import WANTED, Chunk, Limits
from transforms.read.delimited import CSV
from transforms.read.source import SourceFile

_PEOPLE = ("doctor_name", "patient_firstname", "patient_familyname")
_MOST = 200_000  # encounters that one corpus may have names of: about 100 MB
_TITLE = re.compile(r"^(?:dr|doctor|mr|mrs|ms|miss|prof)\b\.?\s*", re.IGNORECASE)

Names = dict[str, list[str]]
"""Names by the id of the encounter (both of its ids, where it has two)."""


def is_metadata(names: Collection[str]) -> bool:
    """Whether a table with these columns (in lower case) tells who is in an encounter."""
    return "encounter_id" in names and "patient_firstname" in names and "dialogue" not in names


def names_of(companions: Iterable[SourceFile], limits: Limits, options: Mapping[str, Any]) -> Names:
    """The names in all metadata. Raises `SourceError` where one cannot be read: without the names
    they would stay in the texts.
    """
    found: dict[str, set[str]] = {}
    for companion in companions:
        native = {name.lower(): name for name in CSV.found(companion, options)}
        ids = [native[key] for key in ("encounter_id", "id") if key in native]
        people = [native[key] for key in _PEOPLE if key in native]
        wanted = {**options, WANTED: dict.fromkeys((*ids, *people), "text")}
        for chunk in CSV.cut(companion, limits, options):
            for batch in CSV.parse(companion, chunk, limits, wanted):
                if batch.bad:
                    raise SourceError(
                        f"{companion.shown} has rows that cannot be read, the first "
                        f"at byte {batch.bad[0].offset} ({batch.bad[0].error_class}).",
                        remedy="Correct it: the names in it are to be redacted from the dialogues.",
                    )
                for row in batch.frame.to_dicts():
                    names = {
                        name
                        for column in people
                        for name in _names(row[column], doctor=column.lower() == _PEOPLE[0])
                    }
                    for key in ids if names else ():
                        found.setdefault(row[key].strip(), set()).update(names)
                if len(found) > 2 * _MOST:
                    raise SourceError(
                        f"{companion.shown} names people of more than {_MOST} encounters.",
                        remedy="Make several corpora of it.",
                    )
    found.pop("", None)
    return {key: sorted(names) for key, names in found.items()}


def _names(cell: str, *, doctor: bool) -> Iterable[str]:
    """A name as written; of two words also the first, and (of a doctor) the last with the title.

    The last word alone may be a common one ("scott good").
    """
    words = _TITLE.sub("", cell.strip(), count=1).split()
    if words:
        yield " ".join(words)
    if len(words) > 1:
        yield words[0]
        if doctor:
            yield from (f"{title} {words[-1]}" for title in ("dr.", "dr", "doctor"))


def with_names(
    source: SourceFile,
    chunk: Chunk,
    people: Names,
    keys: Iterable[str],
    limits: Limits,
    options: Mapping[str, Any],
) -> Chunk:
    """The chunk, with the names of those of its encounters that have any in its header."""
    if not people or chunk.oversize:
        return chunk
    native = {name.lower(): name for name in CSV.found(source, options)}
    column = next((native[key] for key in keys if key in native), None)
    if column is None:
        return chunk
    wanted = {**options, WANTED: {column: "key"}}
    ids = {
        key.strip()
        for batch in CSV.parse(source, chunk, limits, wanted)
        for key in (batch.frame[column] if column in batch.frame.columns else ())
    }
    mine = {key: people[key] for key in sorted(ids & people.keys())}
    return replace(chunk, header=pack(chunk.header, mine)) if mine else chunk


def pack(table: bytes, people: Names) -> bytes:
    """The header row of the table and the names, as one header."""
    text = table.decode()  # the header was read: it is UTF-8
    return b"\0" + json.dumps([text, people], sort_keys=True).encode()


def unpack(header: bytes) -> tuple[bytes, Names]:
    """What `pack` put together; a header without names is the header row alone."""
    if not header.startswith(b"\0"):
        return header, {}
    table, people = json.loads(header[1:])
    return table.encode(), people
