"""Where marts lie, and which of them belong to a published state.

marts/<name>/<of what>-<how>.json            manifest, created if absent
marts/<name>/<of what>-<how>-<attempt>.parquet

Semantics: `of what` is a hash of the published files that marts read, `how` of the mart's version and settings. A mart
is right for every snapshot that publishes the same files, and is found by what is published, not by when it was made.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import xxhash

from pipelines.lake.commit import read_manifest
from pipelines.lake.lake import Lake
from pipelines.lake.snapshots import State, numbers, published_files, state
from schemas.errors import TerminalError
from schemas.manifest import Manifest

STAGE = "marts"
READ = ("annotations", "clean", "labels")
"""The datasets that marts are computed from."""


def of_what(parts: State) -> str:
    """The hash (16 digits) of what marts of this state are computed from."""
    digest = xxhash.xxh3_128()
    for key in sorted(parts):
        part = parts[key]
        if part.dataset in READ:
            told = "\0".join((key, *sorted(file.checksum for file in part.files)))
            digest.update(told.encode() + b"\n")
    return digest.hexdigest()[:16]


def mart_files(lake: Lake, parts: State) -> dict[str, Manifest]:
    """The manifests of the marts of a state, by the mart's name; of several made in different ways the newest."""
    prefix = of_what(parts)
    found: dict[str, Manifest] = {}
    for path in _manifests(lake):
        if not path.name.startswith(prefix):
            continue
        manifest = _read(path)
        if manifest is None or not lake.path(manifest.outputs[0].path).exists():
            continue
        known = found.get(path.parent.name)
        if known is None or known.created_at < manifest.created_at:
            found[path.parent.name] = manifest
    return found


def queryable_files(lake: Lake, parts: State) -> dict[str, list[str]]:
    """What SQL may see of a state: its published files, and the marts that were computed from them."""
    files = published_files(lake, parts)
    for name, manifest in sorted(mart_files(lake, parts).items()):
        files[f"mart/{name}"] = [str(lake.path(manifest.outputs[0].path))]
    return files


def useless_marts(lake: Lake, retained: Iterable[int]) -> list[Path]:
    """Files of marts that belong to none of these snapshots."""
    kept = {of_what(state(lake, number)[1]) for number in retained}
    return [
        path
        for path in sorted((lake.root / STAGE).rglob("*"))
        if path.is_file() and path.name.split("-")[0] not in kept
    ]


def drop_marts(lake: Lake) -> int:
    """Removes all marts: what they count holds everybody. They are made again from what is left."""
    existing = [path for path in sorted((lake.root / STAGE).rglob("*")) if path.is_file()]
    for path in existing:
        path.unlink(missing_ok=True)
    return len(existing)


def newest(lake: Lake) -> int:
    """The number of the newest snapshot, 0 before the first."""
    return next(reversed(numbers(lake)), 0)


def _manifests(lake: Lake) -> Iterator[Path]:
    yield from sorted((lake.root / STAGE).glob("*/*.json"))


def _read(path: Path) -> Manifest | None:
    try:
        return read_manifest(path)
    except (TerminalError, FileNotFoundError):
        return None  # damaged or swept meanwhile: as if it had not been made
