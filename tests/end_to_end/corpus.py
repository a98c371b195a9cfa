"""A corpus that tests make, and helpers to run affectmine on it as a user would: as a command."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).resolve().parents[2]
WORDS = (
    "I am so happy about this",
    "what a terrible day, I hate it",
    "thank you so much for the help!",
    "why would anyone do that?",
    "ok",
    "I miss my grandmother every single day",
    "write to jo.doe@example.org if you want it",
    "Das ist wirklich eine ganz wunderbare Nachricht für uns alle hier",
)
DAYS = 2
START = 1_772_409_600  # 2026-03-02T00:00:00Z


def write_corpus(folder: Path, rows: int, *, shard_records: int, name: str = "posts") -> Path:
    """`rows` posts over two days in one file, one broken line, one id given twice; returns the config."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for number in range(rows):
        post = {
            "id": f"{name}{number if number != 11 else 10}",
            "author": f"user{number % 17}",
            "body": f"{WORDS[number % len(WORDS)]} ({number})",
            "created_utc": START + number * DAYS * 86_400 // rows,
        }
        lines.append(json.dumps(post))
    lines[5] = lines[5][:-4]
    (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    config = folder / "config.yaml"
    config.write_text(
        f"""lake: lake
corpora:
  - name: {name}
    domain: social
    license: CC0-1.0
    sources: {name}.jsonl
    columns: {{text: body, id: id, speaker: author, created_at: created_utc}}
ingest: {{shard_records: {shard_records}}}
engine: {{workers: 2}}
"""
    )
    return config


@dataclass
class Ran:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out.splitlines()[-1])


def environment(**extra: str) -> dict[str, str]:
    path = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    return os.environ | {"PYTHONPATH": path, "COLUMNS": "200"} | extra


def command(*arguments: str | Path, cwd: Path, timeout: float = 300, **extra: str) -> Ran:
    """Runs `affectmine ARGUMENTS` and waits."""
    done = subprocess.run(
        [sys.executable, "-m", "jobs.cli", *map(str, arguments)],
        cwd=cwd,
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def killed_after(seconds: float, *arguments: str | Path, cwd: Path) -> int:
    """Runs the command and kills it, and only it, with SIGKILL after so many seconds."""
    process = subprocess.Popen(
        [sys.executable, "-m", "jobs.cli", *map(str, arguments)],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        return process.wait()


def checksum(lake: Path) -> dict[str, tuple[int, str]]:
    """Order-independent checksum of the published rows: rows and sum of row hashes, by dataset.

    Read from the newest snapshot's files without our own code, in DuckDB.
    """
    state: dict[tuple[str, str, str, str], list[str]] = {}
    for path in sorted((lake / "snapshots").glob("*.json")):
        snapshot = json.loads(path.read_text())
        for key in snapshot["retired"]:
            state.pop(tuple(key.split("|")), None)
        for part in snapshot["changes"]:
            key = (part["dataset"], part["variant"], part["corpus"], part["partition"])
            state[key] = part["stored"]
    files: dict[str, list[str]] = {}
    for (dataset, variant, _, _), stored in state.items():
        files.setdefault(f"{dataset} {variant}".strip(), []).extend(str(lake / p) for p in stored)
    found = {}
    for name, paths in sorted(files.items()):
        rows, total = duckdb.execute(
            f"SELECT count(*), sum(hash(t)::HUGEINT) FROM read_parquet({paths!r}) t"
        ).fetchone()
        found[name] = (rows, str(total))
    return found


def manifests(lake: Path) -> dict[str, tuple[int, int]]:
    """Every manifest of the lake with its inode and time of change."""
    found = {}
    of_clean = ("clean", "restricted/signatures", "dedup", "contexts", "labels")
    for pattern in ("ingest/**/chunk-*.json", *(f"{name}/**/shard-*.json" for name in of_clean)):
        for path in lake.glob(pattern):
            if not path.name.endswith(".error.json"):
                found[str(path.relative_to(lake))] = (path.stat().st_ino, path.stat().st_mtime_ns)
    return found
