"""Speed of the readers: MB/s of cutting (one process feeds all workers) and of parsing, a core.

Run: python benchmarks/read_speed.py [--rows 500000] [--megabytes 20] [--data FOLDER] [READER …]
Tables, Reddit's lines and formats that no real corpus has are made here (in dirty.jsonl one line of
1,000 is no JSON, in broken.jsonl one of seven). The other readers read the real corpora in FOLDER
(default: ../shared/data, where there is one), unpacked and again and again until they have read so
many megabytes. Cutting a corpus whose chunks need other files' rows (Stack Exchange) includes
reading these.
"""

import os

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import argparse
import csv
import gzip
import json
import random
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from schemas.config.corpus import Columns, Values
from transforms.read.chunk import MIB, WANTED, Chunk, Limits, Pairing, Reader
from transforms.read.columns import wanted
from transforms.read.mapping import map_columns
from transforms.read.registry import READERS
from transforms.read.source import SourceFile, expand, open_stream

# Where each reader's real files lie; those of them that are not its own are left out.
REAL = {
    "goemotions": "social/goemotions/train.tsv.zst",
    "brighter": "social/brighter.tar.zst",
    "premo": "social/premo_github_pr.json.zst",
    "stackexchange": "social/stackexchange_bicycles_meta",
    "topical_chat": "conversation/topical_chat",
    "edos": "conversation/edos_mturk_groundtruth.csv.zst",
    "multidogo": "conversation/multidogo_turn_level.tar.zst",
    "xed": "gold/xed",
    "emobank": "gold/emobank",
    "annomi": "clinical/annomi_full.csv.zst",
    "textgrid": "clinical/primock57.tar.zst",
    "dialogue_cell": "clinical/aci_bench",
    "clinical_note_json": "clinical/primock57.tar.zst",
    "counseling": "clinical/counsel_chat_20200325.csv.zst",
    "transcript_markdown": "podcast/changelog.tar.zst",
    "transcript_times": "podcast/metamuse.tar.zst",
    "webvtt": "podcast/metamuse.tar.zst",
    "word_times": "podcast/metamuse.tar.zst",
}
COLUMNS = Columns(
    text="text", id="id", speaker="author", created_at="created_at", conversation_id="thread"
)
WORDS = [
    "the",
    "of",
    "a",
    "that",
    "I",
    "you",
    "love",
    "hate",
    "my",
    "dog",
    "😀",
    "really",
    "so",
    "much",
    "today",
    "lol",
    "http://x.y",
    "sad",
]


def make(folder: Path, count: int) -> None:
    random.seed(1)
    rows = [
        {
            "id": f"t{i}",
            "text": " ".join(random.choices(WORDS, k=20)),
            "author": f"u{i % 1000}",
            "created_at": 1600000000 + i,
            "thread": f"c{i // 5}",
            "score": i % 7,
        }
        for i in range(count)
    ]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    (folder / "a.jsonl").write_bytes(lines)
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(lines, 6))
    (folder / "a.jsonl.zst").write_bytes(zstandard.compress(lines))
    (folder / "dirty.jsonl").write_bytes(lines.replace(b'000", "text"', b'", text'))
    (folder / "broken.jsonl").write_bytes(lines.replace(b'"score": 3}', b'"score": }'))
    for name, quoting in (("a.csv", csv.QUOTE_MINIMAL), ("quoted.csv", csv.QUOTE_ALL)):
        with (folder / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), quoting=quoting)
            writer.writeheader()
            writer.writerows(rows)
    with (folder / "a.tsv").open("w") as file:
        file.write("\t".join(rows[0]) + "\n")
        file.writelines("\t".join(map(str, row.values())) + "\n" for row in rows)
    pq.write_table(pa.Table.from_pylist(rows), folder / "a.parquet")
    with (folder / "a.reddit").open("w") as file:
        for row in rows:
            comment = {
                "id": row["id"],
                "body": row["text"],
                "author": row["author"],
                "created_utc": row["created_at"],
                "link_id": f"t3_{row['thread']}",
                "parent_id": f"t3_{row['thread']}",
                "subreddit": "dogs",
                "score": row["score"],
            }
            file.write(json.dumps(comment, ensure_ascii=False) + "\n")
    with (folder / "a.notes").open("w", newline="") as file:
        notes = csv.writer(file)
        notes.writerow(("note_id", "subject_id", "charttime", "text"))
        for i, row in enumerate(rows):
            notes.writerow((row["id"], i // 9, "2180-05-07 00:00:00", f"{row['text']}\n" * 3))
    said = [(second, row["text"]) for second, row in enumerate(rows[:60_000])]
    with (folder / "a.srt").open("w") as file:
        for second, text in said:
            clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
            file.write(f"{second + 1}\n{clock},000 --> {clock},900\n{text}\n\n")
    segments = [
        {"id": second, "start": second, "end": second + 0.9, "text": f" {text}"}
        for second, text in said
    ]
    text = "".join(each["text"] for each in segments)
    document = {"text": text, "segments": segments, "language": "en"}
    (folder / "a.whisper").write_text(json.dumps(document, ensure_ascii=False))


@dataclass
class Spent:
    """Bytes read, what came of them, and processor seconds."""

    size: int = 0
    rows: int = 0
    bad: int = 0
    cut: float = 0
    parse: float = 0
    map: float = 0

    def line(self, reader: str, what: str) -> str:
        """A line of the table."""
        mib = self.size / MIB
        return (
            f"{reader:20} {what:26} {mib:6.0f} MiB {mib / self.cut:6.0f} {mib / self.parse:6.0f} "
            f"{self.rows / self.parse / 1e6:6.2f} {self.rows / self.map / 1e6:6.2f} "
            f"{self.rows:10,} {self.bad:7,}"
        )


HEAD = (
    f"{'reader':20} {'file':26} {'size':>10} {'cut':>6} {'parse':>6} {'parse':>6} {'map':>6} "
    f"{'rows':>10} {'bad':>7}\n{'':58} {'MiB/s':>6} {'MiB/s':>6} {'Mrows/s':>7}{'Mrows/s':>7}"
)


def read(source: SourceFile, reader: Reader, options: Mapping[str, Any], spent: Spent) -> None:
    """Read one source whole, a step after the other."""
    columns = reader.columns(reader.found(source, options)) or COLUMNS
    limits = Limits()
    start = time.process_time()
    chunks: list[Chunk] = list(reader.cut(source, limits, options))
    spent.cut += time.process_time() - start
    frames: list[pl.DataFrame] = []
    start = time.process_time()
    for chunk in chunks:
        for batch in reader.parse(source, chunk, limits, options):
            spent.rows += batch.frame.height
            spent.bad += len(batch.bad)
            frames.append(batch.frame)
    spent.parse += time.process_time() - start
    start = time.process_time()
    for frame in frames:
        map_columns(frame, columns, Values(), reader.gold())
    spent.map += time.process_time() - start
    is_parquet = reader.name == "parquet"  # its chunks are counted in rows
    spent.size += Path(source.path).stat().st_size if is_parquet else sum(c.length for c in chunks)


def made(folder: Path, only: Sequence[str]) -> None:
    """The lines of the files made here."""
    options = {WANTED: wanted(COLUMNS)}
    for path in sorted(folder.iterdir()):
        name = path.name.split(".")[1]
        if not only or name in only:
            spent = Spent()
            read(expand([str(path)], folder)[0], READERS[name], options, spent)
            print(spent.line(name, path.name), flush=True)


def unpacked(data: Path, reader: Reader, folder: Path) -> list[SourceFile]:
    """The reader's real files, as plain files in the folder."""
    for number, source in enumerate(expand([REAL[reader.name]], data)):
        with open_stream(source) as stream:
            head = stream.read(MIB)
            while len(head) < MIB and (more := stream.read(MIB - len(head))):
                head += more
            if reader.matches(source.name, head):
                place = folder / (str(number) if source.member else "") / source.name
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("wb") as file:
                    file.write(head)
                    shutil.copyfileobj(stream, file, MIB)
    found = expand([str(folder)], folder) if any(folder.iterdir()) else []
    return reader.pair(found) if isinstance(reader, Pairing) else found


def real(data: Path, reader: Reader, enough: int) -> None:
    """The line of a reader of real files."""
    with tempfile.TemporaryDirectory() as folder:
        sources, spent = unpacked(data, reader, Path(folder)), Spent()
        size = 0
        while sources and spent.size < enough:
            for source in sources:
                read(source, reader, {}, spent)
            size = size or spent.size
        if sources:
            what = f"{len(sources)} files of {size / MIB:.1f} MiB"
            print(spent.line(reader.name, what), flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("readers", nargs="*", metavar="READER")
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--megabytes", type=int, default=20)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside)
    asked = parser.parse_args()
    only = asked.readers or list(READERS)
    print(HEAD)
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), asked.rows)
        made(Path(folder), only)
    for name in only:
        if name in REAL and (asked.data / REAL[name]).exists():
            real(asked.data, READERS[name], asked.megabytes * 1_000_000)


if __name__ == "__main__":
    main()
