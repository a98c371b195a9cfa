"""The journal of a run: what it planned, finished and failed, for `status`, `plan` and `vacuum`.

JSON lines, only ever added to by the process that runs it (see `journal_lines`); a heartbeat says that it is alive. It
holds counts, names of files in the lake and errors, never text or paths of people.
"""

import contextlib
import datetime as dt
import json
import os
import re
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipelines.lake.journal_lines import lines_in, read_lines
from pipelines.lake.lake import Lake, now
from pipelines.lake.place import Place, is_remote
from schemas.errors import AffectmineError
from schemas.manifest import Manifest

ALIVE_SECONDS = 120.0
_BEAT_SECONDS = 10.0
_REMOTE_BEAT_SECONDS = 5.0  # also flushes: what a killed run may lose


class Journal:
    """Written by one run."""

    def __init__(self, lake: Lake, command: str) -> None:
        stamp = re.sub(r"[-:.]", "", now()[:23]).replace("T", "-")
        self.run_id = f"{stamp}-{secrets.token_hex(3)}"
        self.folder = lake.runs / self.run_id
        self.folder.mkdir(parents=True)
        self._lines = lines_in(self.folder)
        self._seconds = _REMOTE_BEAT_SECONDS if is_remote(lake.root) else _BEAT_SECONDS
        self._over = threading.Event()
        self._write({"event": "start", "command": command, "pid": os.getpid()})
        self._lines.flush()  # who erases people must see this run from its first moment
        # A long shard writes no event for minutes; the run is alive all the same.
        (self.folder / "heartbeat").touch()
        threading.Thread(target=self._beat, daemon=True).start()

    def planned(self, stage: str, shards: int | None, rows: int | None) -> None:
        """The stage begins; None where the number is not known beforehand (compressed sources)."""
        self._write({"event": "planned", "stage": stage, "shards": shards, "rows": rows})

    def done(self, manifest: Manifest) -> None:
        """A shard is done, by this run or before it."""
        self._write(
            {
                "event": "done",
                "stage": manifest.stage,
                "manifest": manifest.name,
                "files": [file.path for file in manifest.outputs],
                "counts": manifest.counts,
                "cost": manifest.cost,
                "skipped": manifest.run_id != self.run_id,
                "seconds": manifest.seconds,
            }
        )

    def failed(self, stage: str, shard: str, error_class: str, message: str) -> None:
        """A shard failed."""
        self._write(
            {
                "event": "failed",
                "stage": stage,
                "shard": shard,
                "error_class": error_class,
                "message": message,
            }
        )

    def ended_stage(self, stage: str, seconds: float) -> None:
        """The stage is over."""
        self._write({"event": "stage_end", "stage": stage, "seconds": round(seconds, 3)})

    def finish(self, exit_code: int, snapshot: int | None) -> None:
        """The run is over."""
        self._over.set()
        self._write({"event": "end", "exit_code": exit_code, "snapshot": snapshot})
        self._lines.close()

    def _beat(self) -> None:
        while not self._over.wait(self._seconds):
            with contextlib.suppress(OSError, AffectmineError):
                self._lines.flush()
                (self.folder / "heartbeat").touch()

    def _write(self, event: dict[str, Any]) -> None:
        self._lines.write(json.dumps(event | {"at": now()}))


@dataclass(frozen=True)
class PastRun:
    """A run as its journal tells it."""

    run_id: str
    folder: Place

    def events(self) -> Iterator[dict[str, Any]]:
        """Its events in order; a half-written last line (a killed run) is left out."""
        for line in read_lines(self.folder):
            try:
                yield json.loads(line)
            except ValueError:
                return

    def committed(self) -> Iterator[tuple[str, list[str]]]:
        """Manifests and data files that the run has named so far."""
        for event in self.events():
            if event["event"] == "done":
                yield event["manifest"], event["files"]

    @property
    def started(self) -> float:
        """When it began, seconds since 1970; 0 when its journal does not say."""
        first = next(self.events(), None)
        return dt.datetime.fromisoformat(first["at"]).timestamp() if first else 0.0

    @property
    def alive(self) -> bool:
        """Whether its heartbeat is fresh and it has not ended."""
        try:
            beat = (self.folder / "heartbeat").stat().st_mtime
        except FileNotFoundError:
            return False
        fresh = time.time() - beat < ALIVE_SECONDS
        return fresh and not any(event["event"] == "end" for event in self.events())


def past_runs(lake: Lake) -> list[PastRun]:
    """All runs, oldest first."""
    try:
        found = sorted(lake.runs.iterdir())
    except FileNotFoundError:
        return []
    return [PastRun(path.name, path) for path in found if path.is_dir()]


def live_runs(lake: Lake) -> list[PastRun]:
    """Runs that seem to be going on."""
    return [run for run in past_runs(lake) if run.alive]
