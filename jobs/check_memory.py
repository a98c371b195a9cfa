"""Results of gates of earlier runs: the same files are not judged twice by the same settings."""

import json
from collections.abc import Iterable
from functools import cache

import xxhash

from pipelines.gates.result import GateResult
from pipelines.lake.journal import past_runs
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place

NAME = "gates.json"
_RUNS = 20  # so many runs back


def key_of(*meaning: object) -> str:
    """A hash of all that determines a result: settings, files (which never change), the version of the code."""
    return xxhash.xxh3_128_hexdigest(json.dumps(meaning, sort_keys=True).encode())


class Memory:
    """The results that the last runs on a lake left, by key."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._results = cache(self._read)

    def find(self, key: str) -> GateResult | None:
        """The result with this key, if all of it could be evaluated."""
        return self._results().get(key)

    def _read(self) -> dict[str, GateResult]:
        found: dict[str, GateResult] = {}
        for run in past_runs(self._lake)[-_RUNS:]:
            for result in results_of(run.folder):
                if result.key and not any(finding.error for finding in result.findings):
                    found[result.key] = result
        return found


def results_of(folder: Place) -> list[GateResult]:
    """What the gates of a run found, from the run's folder; empty where it did not come so far."""
    try:
        return [GateResult.from_dict(each) for each in json.loads((folder / NAME).read_bytes())]
    except (OSError, ValueError, TypeError, KeyError):
        return []  # none, or written by another version


def as_json(results: Iterable[GateResult]) -> bytes:
    """Results as the file that a run keeps."""
    return json.dumps([result.to_dict() for result in results], indent=1).encode()
