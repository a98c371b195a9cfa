"""Snapshots: numbered publications of the lake, all partitions of a run at once.

Assumptions: `create` makes a file whole or finds that it exists (pipelines.lake.store).
Semantics: snapshot n lists the partitions that it changed against n-1, over all datasets, so a publication is
atomic across datasets; every 64th also holds the whole state, so that reading is bounded. Two publishers at once:
one gets the number, the other reads the new state, computes its changes anew and takes the next number. A
publication that changes nothing makes no snapshot. Nothing is overwritten; only `vacuum` removes old snapshots, and
only `forget` lets one name other files (without the rows of the forgotten). While that goes on, nothing is published.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence

from pipelines.lake.failpoint import failpoint
from pipelines.lake.forget_intent import refuse_while_forgetting
from pipelines.lake.lake import Lake, now
from pipelines.lake.newer import refuse_newer
from pipelines.lake.store import create, read_json, replace
from schemas.errors import ConfigError, TerminalError, TransientError
from schemas.manifest import Part, Snapshot

STATE_EVERY = 64
_TRIES = 100
_OLDEST = "vacuumed"  # no snapshot: whoever lists *.json must not take it for one
_NAME = re.compile(r"^(\d{8})\.json$")

State = dict[str, Part]


def numbers(lake: Lake) -> list[int]:
    """The numbers of the snapshots that exist, ascending."""
    try:
        names = [path.name for path in lake.snapshots.iterdir()]
    except FileNotFoundError:
        return []
    matches = map(_NAME.match, names)
    return sorted(int(match.group(1)) for match in matches if match)


def read_snapshot(lake: Lake, number: int) -> Snapshot:
    """One snapshot. Raises TerminalError when it is damaged or gone."""
    path = lake.snapshots / f"{number:08d}.json"
    try:
        return Snapshot.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        raise TerminalError(
            f"Snapshot {number} ({path.name}) is missing or damaged.",
            remedy="Restore it from a backup of the lake's folder snapshots/, or read an earlier "
            "one with --as-of.",
        ) from None


def state(lake: Lake, as_of: int | None = None) -> tuple[int, State]:
    """What is published: the number of the snapshot and its partitions by key; (0, {}) before the first.

    Raises ConfigError when there is no snapshot `as_of`.
    """
    existing = numbers(lake)
    readable = [number for number in existing if number >= _oldest(lake)]
    if as_of is not None and as_of not in readable:
        known = f"{readable[0]} to {readable[-1]}" if readable else "none"
        gone = " (older ones were vacuumed)" if as_of in existing else ""
        raise ConfigError(f"There is no snapshot {as_of}{gone}; there are {known}.")
    wanted = as_of if as_of is not None else (existing[-1] if existing else 0)
    pending: list[Snapshot] = []
    parts: State = {}
    number = wanted
    while number > 0:
        snapshot = read_snapshot(lake, number)
        if snapshot.state is not None:
            parts = {part.key: part for part in snapshot.state}
            break
        pending.append(snapshot)
        number -= 1
    for snapshot in reversed(pending):
        parts = _apply(parts, snapshot.changes, snapshot.retired)
    refuse_newer(parts.values())
    return wanted, parts


def published(lake: Lake, as_of: int | None = None) -> tuple[int, State]:
    """As `state`, for who needs something published. Raises TerminalError before the first snapshot."""
    number, parts = state(lake, as_of)
    if number == 0:
        raise TerminalError(
            f"Nothing is published in {lake.root} yet: no config was run, or no row of its sources came through.",
            remedy="affectmine status shows what happened; affectmine run CONFIG publishes.",
        )
    return number, parts


def replace_snapshot(lake: Lake, snapshot: Snapshot) -> None:
    """Puts a snapshot in the place of the one with its number. For `forget` alone."""
    replace(lake.snapshots / f"{snapshot.number:08d}.json", snapshot.model_dump_json().encode())


def mark_oldest(lake: Lake, number: int) -> None:
    """Says that snapshots before `number` can no longer be read."""
    replace(lake.snapshots / _OLDEST, json.dumps({"oldest": number}).encode())


def _oldest(lake: Lake) -> int:
    try:
        found = read_json(lake.snapshots / _OLDEST, "Delete it: it only says what was vacuumed.")
    except FileNotFoundError:
        return 0
    return int(found["oldest"])


def published_files(lake: Lake, parts: State) -> dict[str, list[str]]:
    """The Parquet files of each dataset (labels/task/taxonomy/labeler for labels), in a fixed order."""
    files: dict[str, list[str]] = {}
    for key in sorted(parts):
        part = parts[key]
        name = f"{part.dataset}/{part.variant}" if part.variant else part.dataset
        files.setdefault(name, []).extend(str(lake.path(stored)) for stored in part.stored)
    return files


def publish(
    lake: Lake,
    run_id: str,
    change: Callable[[State], tuple[list[Part], list[str]]],
) -> tuple[int, int]:
    """Publishes what `change` makes of the newest state: (parts to set, keys to retire).

    Returns the number of the snapshot that now holds it and the number of partitions changed; (n, 0) when the
    newest snapshot n already says the same. `change` is called again when another publisher was faster.
    """
    failpoint("publish.before")
    for _ in range(_TRIES):
        refuse_while_forgetting(lake)
        number, parts = state(lake)
        changes, retired = change(parts)
        changes = [part for part in changes if not _same(parts.get(part.key), part)]
        retired = [key for key in retired if key in parts]
        if not changes and not retired:
            return number, 0
        following = number + 1
        after = _apply(parts, changes, retired)
        snapshot = Snapshot(
            number=following,
            run_id=run_id,
            created_at=now(),
            changes=tuple(changes),
            retired=tuple(retired),
            state=tuple(after.values()) if following % STATE_EVERY == 1 else None,
        )
        path = lake.snapshots / f"{following:08d}.json"
        if create(path, snapshot.model_dump_json().encode(), step="publish.snapshot"):
            return following, len(changes) + len(retired)
    raise TransientError(
        f"Other runs publish all the time: no free snapshot number in {_TRIES} tries.",
        remedy="Run again; finished shards are kept.",
    )


def _apply(parts: State, changes: Iterable[Part], retired: Iterable[str]) -> State:
    after = dict(parts)
    for key in retired:
        after.pop(key, None)
    for part in changes:
        after[part.key] = part
    return after


def _same(old: Part | None, new: Part) -> bool:
    return old is not None and old.manifests == new.manifests and old.stored == new.stored


def stored_paths(
    lake: Lake, parts: State, dataset: str, variant: str, corpora: Sequence[str]
) -> list[str]:
    """The Parquet files of a dataset's variant in a state, sorted; of the `corpora` only, where some are named."""
    return sorted(
        str(lake.path(stored))
        for part in parts.values()
        if part.dataset == dataset and part.variant == variant
        if not corpora or part.corpus in corpora
        for stored in part.stored
    )
