"""Where marts lie, and which of them belong to a published state.

marts/<name>/<of what>-<how>.json            manifest, created if absent
marts/<name>/<of what>-<how>-<attempt>.parquet
marts/settings.json                          what the last build was told to show
marts/scratch-*/                             base tables of a build that goes on, or was killed

Semantics: `of what` is a hash of the published files that marts read, `how` of the mart's version and settings. A mart
is right for every snapshot that publishes the same files, and is found by what is published, not by when it was made.
"""

import json
from collections.abc import Iterable, Iterator, Mapping

import xxhash

from pipelines.lake.commit import read_manifest
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place
from pipelines.lake.snapshots import State, published_files, state
from pipelines.lake.store import read_json, replace
from schemas.errors import TerminalError
from schemas.manifest import Manifest

STAGE = "marts"
_SETTINGS = "settings.json"
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
    """The manifests of the marts of a state, by the mart's name; of several made in different ways the newest.

    There are several only while a build in another way goes on.
    """
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


def note_settings(lake: Lake, settings: Mapping[str, int]) -> None:
    """Remembers what a build was told to show: who builds a missing mart later keeps to it."""
    path = lake.root / STAGE / _SETTINGS
    content = json.dumps(dict(settings), sort_keys=True).encode()
    if not path.exists() or path.read_bytes() != content:
        replace(path, content)


def noted_settings(lake: Lake) -> dict[str, int]:
    """What the last build was told to show; empty before the first. Raises TerminalError when the note is damaged."""
    path = lake.root / STAGE / _SETTINGS
    if not path.exists():
        return {}
    return dict(read_json(path, "Delete it: the next build takes the defaults."))


def drop_others(lake: Lake, name: str) -> None:
    """Removes marts of the same files that were made in other ways than the one of this manifest name.

    Only one of them can be shown; and where this one cannot be made, what its settings forbid is not shown either.
    """
    wanted = lake.path(name)
    of_these, _, _ = wanted.stem.partition("-")
    for path in wanted.parent.glob(f"{of_these}-*"):
        if not path.name.startswith(wanted.stem):
            path.unlink(missing_ok=True)


def useless_marts(lake: Lake, retained: Iterable[int]) -> list[Place]:
    """Files of marts that belong to none of these snapshots."""
    kept = {of_what(state(lake, number)[1]) for number in retained}
    return [
        path
        for path in sorted((lake.root / STAGE).rglob("*"))
        if path.is_file() and path.name != _SETTINGS and path.name.split("-")[0] not in kept
    ]


def drop_marts(lake: Lake) -> int:
    """Removes all marts: what they count holds everybody. They are made again from what is left."""
    found = sorted((lake.root / STAGE).rglob("*"))
    existing = [path for path in found if path.is_file() and path.name != _SETTINGS]
    for path in existing:
        path.unlink(missing_ok=True)
    return len(existing)


def _manifests(lake: Lake) -> Iterator[Place]:
    yield from sorted((lake.root / STAGE).glob("*/*.json"))


def _read(path: Place) -> Manifest | None:
    try:
        return read_manifest(path)
    except (TerminalError, FileNotFoundError):
        return None  # damaged or swept meanwhile: as if it had not been made
