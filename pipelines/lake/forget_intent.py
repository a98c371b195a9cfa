"""Who may work on a lake while somebody is being forgotten, and what a killed `forget` leaves to be finished.

Assumptions: `flock` is honored by the file system that the lake lies on; it ends with its process. On an object store
a lease stands for it (`lease`); there nobody can be forgotten, so that it only keeps one vacuum from another.
Semantics: `forget` writes its intent (`forget.json`) before it changes anything and removes it when all is done.
While there is one, nothing is committed and nothing published. A run writes its journal first and looks for an
intent then; `forget` writes the intent first and looks for live runs then: of two that start at once, at least one
sees the other and gives way.
"""

import fcntl
import json
import secrets
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.lake.lake import Lake
from pipelines.lake.lease import leased
from pipelines.lake.place import Place
from pipelines.lake.remote_path import RemotePath
from pipelines.lake.store import read_json, replace, sync_folder
from schemas.errors import TransientError

RawPlace = tuple[str, str, int, int]
"""A quarantined unit: corpus, source file, position, byte offset."""


@dataclass(frozen=True)
class Intent:
    """Whom `forget` erases: pseudonyms, record ids, places in quarantine_raw.

    `salt` makes the names of the files that it writes, so that a second attempt writes the same ones.
    """

    speakers: Set[str] = frozenset()
    records: Set[str] = frozenset()
    raw: Set[RawPlace] = frozenset()
    salt: str = field(default_factory=lambda: secrets.token_hex(16))

    def with_more(self, speakers: Set[str], records: Set[str], raw: Set[RawPlace]) -> "Intent":
        """The same intent for more people; the salt stays."""
        return Intent(self.speakers | speakers, self.records | records, self.raw | raw, self.salt)


def _path(lake: Lake) -> Place:
    return lake.root / "forget.json"


def pending(lake: Lake) -> Intent | None:
    """The intent of a `forget` that goes on or was killed. Raises TerminalError when it is damaged."""
    try:
        found = read_json(_path(lake), "Delete it, then forget the same people again.")
    except FileNotFoundError:
        return None
    raw = frozenset((row[0], row[1], row[2], row[3]) for row in found["raw"])
    return Intent(frozenset(found["speakers"]), frozenset(found["records"]), raw, found["salt"])


def declare(lake: Lake, intent: Intent) -> None:
    """Writes the intent, in place of an earlier one."""
    content = {
        "speakers": sorted(intent.speakers),
        "records": sorted(intent.records),
        "raw": sorted(intent.raw),
        "salt": intent.salt,
    }
    replace(_path(lake), json.dumps(content).encode())
    sync_folder(lake.root)


def fulfil(lake: Lake) -> None:
    """Removes the intent: nothing is left to do."""
    _path(lake).unlink(missing_ok=True)
    sync_folder(lake.root)


def refuse_while_forgetting(lake: Lake) -> None:
    """Raises TransientError while somebody is being forgotten, or where that was interrupted."""
    if _path(lake).exists():
        raise TransientError(
            "Somebody is being forgotten in this lake, or that was interrupted: nothing may be added meanwhile.",
            remedy=f"Wait for it, or finish it: affectmine forget --lake {lake.root}. Then run again.",
        )


@contextmanager
def alone(lake: Lake) -> Iterator[None]:
    """Keeps other `forget` and `vacuum` processes out. Raises TransientError when one is at work."""
    refused = "Another forget or vacuum is at work on this lake."
    if isinstance(lake.root, RemotePath):
        with leased(lake.root, "care", refused):
            yield
        return
    assert isinstance(lake.root, Path)
    with (lake.root / "care.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise TransientError(refused, remedy="Wait for it, then again.") from None
        yield
