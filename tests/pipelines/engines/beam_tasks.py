"""Units of work for tests of the Beam engine: each leaves a mark, and gives a manifest that names it."""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import ConfigError, TransientError
from schemas.manifest import Manifest

SECRET = "a secret sentence of a person"


@dataclass(frozen=True)
class Unit:
    """What is to happen, and the folder for its marks."""

    kind: str
    place: Path
    seconds: float = 0.0
    ballast: bytes = b""

    @property
    def tries(self) -> list[int]:
        """The process id of each try."""
        marks = sorted(self.place.glob(f"{self.kind}@*"))
        return [int(each.name.rpartition("-")[2]) for each in marks]


def manifest(name: str) -> Manifest:
    """A manifest of this name."""
    return Manifest(
        name=name,
        stage="test",
        stage_version=1,
        shard="0123",
        source_file="file",
        source_chunk=0,
        fingerprint="f",
        inputs=("a", "b"),
        outputs=(),
        counts={"in": 3},
        attempt="x",
        run_id="run",
        created_at="2026-03-01T00:00:00.000+00:00",
        seconds=0.5,
    )


def work(unit: Unit) -> tuple[Manifest, ...]:
    """Does what the unit says."""
    kind = unit.kind.partition("-")[0]
    tries = len(unit.tries)
    (unit.place / f"{unit.kind}@{tries}-{os.getpid()}").touch()
    time.sleep(600 if kind == "endless" else unit.seconds)
    if kind == "terminal":
        raise ConfigError("Wrong config.", remedy="Mend it.")
    if kind == "transient" and tries < 2:
        raise TransientError("Try again.")
    if kind == "always":
        raise TransientError("Never well.")
    if kind == "defect":
        raise ValueError(SECRET)
    if kind == "launcher" and tries < 1:
        os.kill(os.getpgrp(), signal.SIGKILL)
    if kind == "elsewhere":
        (unit.place / kind).mkdir()
        os.chdir(unit.place / kind)
    if kind == "listening":
        (unit.place / "addresses").write_text("\n".join(addresses(os.getpgrp())))
    if kind == "fatal" or (kind == "dies" and tries < 1):
        os.kill(os.getpid(), signal.SIGKILL)
    return (manifest(unit.kind),)


def addresses(process: int) -> set[str]:
    """The addresses on which a process listens, in hexadecimal, as Linux tells them."""
    sockets = set()
    for each in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):
            sockets.add(str(each.readlink()))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                found.add(fields[1].partition(":")[0])
    return found
