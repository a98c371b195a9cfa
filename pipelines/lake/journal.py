"""The journal of a run: what it planned, finished and failed, for `status`, `plan` and `vacuum`.

One append-only JSON-lines file a run, written by the process that runs it; a heartbeat says that it is alive. It
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
from pathlib import Path
from typing import Any

from pipelines.lake.lake import Lake, now
from schemas.manifest import Manifest

ALIVE_SECONDS = 120.0
_BEAT_SECONDS = 10.0


class Journal:
    """Written by one run."""

    def __init__(self, lake: Lake, command: str) -> None:
        stamp = re.sub(r"[-:.]", "", now()[:23]).replace("T", "-")
        self.run_id = f"{stamp}-{secrets.token_hex(3)}"
        self.folder = lake.runs / self.run_id
        self.folder.mkdir(parents=True)
        self._file = (self.folder / "journal.jsonl").open("a", encoding="utf-8")
        self._over = threading.Event()
        self._write({"event": "start", "command": command, "pid": os.getpid()})
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
        self._file.close()

    def _beat(self) -> None:
        while not self._over.wait(_BEAT_SECONDS):
            with contextlib.suppress(OSError):
                (self.folder / "heartbeat").touch()

    def _write(self, event: dict[str, Any]) -> None:
        self._file.write(json.dumps(event | {"at": now()}) + "\n")
        self._file.flush()


@dataclass(frozen=True)
class PastRun:
    """A run as its journal tells it."""

    run_id: str
    folder: Path

    def events(self) -> Iterator[dict[str, Any]]:
        """Its events in order; a half-written last line (a killed run) is left out."""
        try:
            lines = (self.folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return
        for line in lines:
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
        beat = self.folder / "heartbeat"
        fresh = beat.exists() and time.time() - beat.stat().st_mtime < ALIVE_SECONDS
        return fresh and not any(event["event"] == "end" for event in self.events())


def past_runs(lake: Lake) -> list[PastRun]:
    """All runs, oldest first."""
    if not lake.runs.is_dir():
        return []
    return [PastRun(path.name, path) for path in sorted(lake.runs.iterdir()) if path.is_dir()]


def live_runs(lake: Lake) -> list[PastRun]:
    """Runs that seem to be going on."""
    return [run for run in past_runs(lake) if run.alive]
