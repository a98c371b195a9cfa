"""The forgotten list: whom ingest must not bring back.

`forgotten.json` in the lake holds keyed hashes of pseudonyms and record ids, not these themselves: with the list
alone, or with an old export beside it, nobody can tell who asked to be forgotten.
"""

import json
from collections.abc import Iterable, Set
from dataclasses import dataclass

from pipelines.lake.lake import Lake
from pipelines.lake.store import read_json, replace
from schemas.errors import TerminalError
from transforms.ingest.keyed import KeyedHasher

_NAME = "forgotten.json"
_KIND = "forgotten"
_REMEDY = "Restore it from a backup: without it, forgotten people come back with the next ingest."


@dataclass(frozen=True)
class Forgotten:
    """Marks (see `mark`) of speakers and of single records."""

    speakers: Set[str] = frozenset()
    records: Set[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.speakers or self.records)


def mark(hasher: KeyedHasher, pseudonym: str) -> str:
    """What stands for a pseudonym or record id in the list."""
    return hasher.token(_KIND, "", pseudonym)


def marks(hasher: KeyedHasher, pseudonyms: Iterable[str]) -> frozenset[str]:
    """The marks of several pseudonyms."""
    return frozenset(mark(hasher, each) for each in pseudonyms)


def forgotten(lake: Lake) -> Forgotten:
    """The list; empty when nobody was forgotten. Raises TerminalError when it is damaged."""
    path = lake.root / _NAME
    if not path.exists():
        return Forgotten()
    found = read_json(path, _REMEDY)
    try:
        return Forgotten(frozenset(found["speakers"]), frozenset(found["records"]))
    except (KeyError, TypeError):
        raise TerminalError(f"The file {path} is damaged.", remedy=_REMEDY) from None


def add_forgotten(lake: Lake, more: Forgotten) -> None:
    """Adds to the list. One writer at a time: the caller holds the lake's lock (forget_intent)."""
    old = forgotten(lake)
    speakers, records = old.speakers | more.speakers, old.records | more.records
    if (speakers, records) == (old.speakers, old.records):
        return
    content = {"speakers": sorted(speakers), "records": sorted(records)}
    replace(lake.root / _NAME, json.dumps(content).encode())
