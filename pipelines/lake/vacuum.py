"""Vacuum: removes what no retained snapshot and no live run names.

Semantics: keeps the newest `retain` snapshots whole. Of the rest it removes data files, left-over attempts and
old errors, never a manifest of a shard whose rows can still be read, and nothing younger than `older_than`, so that
a run that is about to name a file does not lose it. Cached answers of language models stay: nothing names them, but
they were paid for. Marts go with the last retained snapshot that they belong to. What runs that are over left in their
scratch folders goes, too; on an object store also what killed writers had sent of a file that they did not complete.
"""

import contextlib
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pipelines.lake.answer_files import is_segment
from pipelines.lake.commit import read_manifest
from pipelines.lake.forget_intent import alone, refuse_while_forgetting
from pipelines.lake.journal import live_runs
from pipelines.lake.lake import Lake
from pipelines.lake.mart_files import STAGE, useless_marts
from pipelines.lake.object_store import abandon_uploads
from pipelines.lake.place import Place
from pipelines.lake.remote_path import RemotePath
from pipelines.lake.rows import read_compaction
from pipelines.lake.snapshots import STATE_EVERY, mark_oldest, numbers, state

_CLOCKS = 60.0  # s that the clocks of a store and of a run's machine may differ
_AT_ONCE = 16  # objects that are deleted at a time
# Folders of a run: what its workers read beside the data, and what they told.
_SCRATCH = ("scratch-", "told-")


@dataclass(frozen=True)
class Swept:
    """What vacuum removed (or would); `uploads`: files that killed writers had begun to send to an object store."""

    files: int
    bytes: int
    snapshots: int
    uploads: int = 0


def vacuum(lake: Lake, *, retain: int, older_than: float, dry_run: bool) -> Swept:
    """Removes what nothing names; `older_than` is an age in seconds.

    Raises TransientError while somebody is being forgotten.
    """
    if dry_run:
        return _vacuum(lake, retain=retain, older_than=older_than, dry_run=True)
    with alone(lake):
        refuse_while_forgetting(lake)
        return _vacuum(lake, retain=retain, older_than=older_than, dry_run=False)


def _vacuum(lake: Lake, *, retain: int, older_than: float, dry_run: bool) -> Swept:
    existing = numbers(lake)
    kept_numbers = existing[-retain:]
    named: set[str] = set()
    manifests: set[str] = set()
    for number in kept_numbers:
        for part in state(lake, number)[1].values():
            named.update(part.stored)
            manifests.update(part.manifests)
    before = time.time() - older_than
    live = live_runs(lake)
    for run in live:
        for name, files in run.committed():
            manifests.add(name)
            named.update(files)
        # What it has written and not yet named is younger than the run itself.
        before = min(before, run.started - (_CLOCKS if isinstance(lake.root, RemotePath) else 0))
    outputs = _outputs(lake, manifests)
    paths = sorted(lake.root.rglob("*"))
    named |= _still_needed(paths, outputs, named)
    doomed: list[Place] = []
    for path in paths:
        inside = path.relative_to(lake.root).parts
        if len(inside) == 1 or inside[0] in {"snapshots", STAGE} or not path.is_file():
            continue
        if inside[0] == "runs":
            if _is_scratch(inside, {run.run_id for run in live}) and _age(path) <= before:
                doomed.append(path)
        elif _age(path) <= before and _useless(lake, path, named, manifests, outputs):
            doomed.append(path)
    doomed += [path for path in useless_marts(lake, kept_numbers) if _age(path) <= before]
    # A snapshot that is not retained may still be the base that a retained one is read from.
    base = (kept_numbers[0] - 1) // STATE_EVERY * STATE_EVERY + 1 if kept_numbers else 0
    old = [lake.snapshots / f"{n:08d}.json" for n in existing if n < base]
    size = sum(path.stat().st_size for path in doomed + old)
    if not dry_run:
        if kept_numbers:
            mark_oldest(lake, kept_numbers[0])
        # Manifests first: a data file without a manifest is harmless, the reverse is not.
        _remove(lake, [path for path in doomed if path.suffix == ".json"])
        _remove(lake, [path for path in doomed if path.suffix != ".json"])
        _remove(lake, old)
    uploads = 0
    if isinstance(lake.root, RemotePath):
        uploads = abandon_uploads(lake.root.url, before, dry_run=dry_run)
    return Swept(files=len(doomed), bytes=size, snapshots=len(old), uploads=uploads)


def _age(path: Place) -> float:
    return path.stat().st_mtime


def _is_scratch(inside: tuple[str, ...], live: set[str]) -> bool:
    """Whether a file lies in a folder that a run that is over has left to nobody."""
    return len(inside) > 3 and inside[2].startswith(_SCRATCH) and inside[1] not in live


def _remove(lake: Lake, paths: Iterable[Place]) -> None:
    if isinstance(lake.root, RemotePath):
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda path: path.unlink(missing_ok=True), paths))
        return
    for path in paths:
        path.unlink(missing_ok=True)
        folder = path.parent
        while folder.is_relative_to(lake.runs) and folder.parent != lake.runs:
            with contextlib.suppress(OSError):  # others are left in it
                folder.rmdir()
            folder = folder.parent


def _outputs(lake: Lake, manifests: set[str]) -> set[str]:
    """The data files of kept manifests, wherever their rows lie now."""
    found: set[str] = set()
    for name in manifests:
        if lake.path(name).exists():
            found.update(file.path for file in read_manifest(lake.path(name)).outputs)
    return found


def _still_needed(paths: Iterable[Place], outputs: set[str], named: set[str]) -> set[str]:
    """Files of kept manifests that no kept compaction holds: a rerun relies on a manifest's word."""
    moved: set[str] = set()
    for path in paths:
        if not (path.name.startswith("compact-") and path.suffix == ".json"):
            continue
        compaction = read_compaction(path)
        if compaction.path in named:
            moved.update(compaction.starts)
    return outputs - moved


def _useless(
    lake: Lake, path: Place, named: set[str], manifests: set[str], outputs: set[str]
) -> bool:
    name = lake.relative(path)
    if path.suffix == ".tmp" or path.name.endswith(".error.json"):
        return True
    if path.suffix == ".parquet":
        return name not in named and not is_segment(lake, path)
    if path.name.startswith("erased-") and path.suffix == ".json":
        shard = path.with_name(f"{path.stem.removeprefix('erased-')}.parquet")
        return lake.relative(shard) not in outputs
    if path.name.startswith("compact-"):
        return read_compaction(path).path not in named
    if path.name.startswith(("shard-", "chunk-")) and path.suffix == ".json":
        return name not in manifests
    return False
