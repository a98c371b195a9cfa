"""Seconds and memory of all marts, and of the report, of a lake with many labeled rows.

    python benchmarks/marts_speed.py [--rows 10000000] [--data ../shared/data] [--keep FOLDER]

The corpus: texts of GoEmotions train, resampled, in conversations of 20 turns by three speakers (a host and two
guests) over 200 days; each has an id, a speaker, a role, a number and a time. `affectmine run` makes the lake (ingest,
clean, student labels of GoEmotions), which is not measured; then `affectmine marts build` and `affectmine report` are,
each as a process of its own: wall seconds, and the most memory that it had at once (of all its processes, sampled four
times a second). With --keep the lake stays in FOLDER and is used again.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import orjson
from pipeline_speed import measure, texts

TURNS, DAYS = 20, 200
ROLES = ("host", "guest", "guest")
CONFIG = """lake: lake
corpora:
  - name: talks
    domain: podcast
    license: CC-BY-4.0
    sources: talks.jsonl
    columns:
      {text: text, id: id, speaker: speaker, role: role, conversation_id: talk, turn: turn, created_at: created_at}
label:
  - {task: emotion, taxonomy: goemotions, labeler: student}
"""


def write_corpus(path: Path, source: Sequence[str], rows: int) -> None:
    """`rows` turns as JSON lines, deterministic."""
    draw = random.Random(11)
    start = 1_767_225_600
    with path.open("wb") as file:
        for number in range(rows):
            talk, turn = divmod(number, TURNS)
            who = (talk + turn * 7) % 3 if turn % 4 else turn % 3
            day = talk * DAYS // max(1, rows // TURNS)
            row = {
                "id": number,
                "text": source[int(draw.random() * len(source))],
                "speaker": f"s{talk % 50_000}_{who}",
                "role": ROLES[who],
                "talk": talk,
                "turn": turn,
                "created_at": start + day * 86_400 + turn * 30,
            }
            file.write(orjson.dumps(row) + b"\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="affectmine-marts-speed-"))
    folder.mkdir(parents=True, exist_ok=True)
    affectmine = str(Path(sys.executable).with_name("affectmine"))
    lake = folder / "lake"
    try:
        if not (lake / "catalog.duckdb").exists():
            write_corpus(folder / "talks.jsonl", texts(given.data), given.rows)
            (folder / "config.yaml").write_text(CONFIG)
            seconds, peak, _ = measure(
                [affectmine, "run", str(folder / "config.yaml"), "--json"], folder
            )
            print(f"made the lake in {seconds:.0f} s, {peak / 1000:.2f} GB", flush=True)
        shutil.rmtree(lake / "marts", ignore_errors=True)
        listed = subprocess.run([affectmine, "marts", "--json"], capture_output=True, check=True)
        marts = json.loads(listed.stdout)
        for kind in ("label", "text"):
            # Each kind by itself, with the base tables that it reads.
            names = [each["name"] for each in marts if each["kind"] == kind]
            seconds, peak, told = measure(
                [affectmine, "marts", "build", *names, "--lake", str(lake), "--json"], folder
            )
            built = json.loads(told)
            if built["errors"]:
                raise SystemExit(str(built["errors"]))
            print(f"{kind} marts: {seconds:.1f} s, {peak / 1000:.2f} GB at the peak")
            for name, each in built["marts"].items():
                print(f"  {name}: {each['rows']:,} rows, {each['seconds']:.1f} s", flush=True)
        page = folder / "report.html"
        seconds, peak, _ = measure(
            [affectmine, "report", "--lake", str(lake), "--output", str(page)], folder
        )
        size = page.stat().st_size / 1e6
        print(f"report: {seconds:.1f} s, {peak / 1000:.2f} GB at the peak, {size:.2f} MB")
    finally:
        if given.keep is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
