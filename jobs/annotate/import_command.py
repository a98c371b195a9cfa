"""`affectmine annotate import`: answers of people, as a gold file and into a lake."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.annotate.answers_in import Read, read_answers
from jobs.annotate.gold_out import check_gold_target, gold_frame, write_gold
from pipelines.lake.commit import file_checksum
from pipelines.lake.key import load_key
from pipelines.lake.lake import Lake, check_key, open_lake
from pipelines.lake.place import Place
from schemas.errors import ConfigError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.annotate.given import Question
from transforms.ingest.keyed import KeyedHasher

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Imported:
    """What became of a file: see Read. `gold`: rows written to `output`. `lake`: rows by what became of them there, and
    the newest snapshot. `made_key`: where a new pseudonym key was written.
    """

    read: Read
    output: Path | None
    gold: int
    lake: dict[str, int] | None
    snapshot: int | None
    made_key: Path | None

    def to_json(self) -> dict[str, Any]:
        """Counts and places, no content."""
        read = self.read
        return {
            "units": read.units,
            "imported": len(read.annotations),
            "skipped": dict(read.skipped),
            "quarantined": dict(read.quarantined),
            "places": read.places,
            "output": None if self.output is None else str(self.output),
            "gold_rows": self.gold,
            "lake_rows": self.lake,
            "snapshot": self.snapshot,
        }


def import_annotations(
    file: Path,
    *,
    task: str,
    taxonomy: str | None = None,
    label_set: Sequence[str] = (),
    output: Path | None = None,
    lake: Place | None = None,
) -> Imported:
    """Imports an export of Label Studio (JSON, JSON-MIN) or a filled-in table: to a gold file, into a lake, or both.

    Annotators become keyed pseudonyms. Raises ConfigError for what cannot be asked, SourceError for a file that cannot
    be read, TransientError while somebody is being forgotten in the lake; then nothing was changed.
    """
    question = _question(task, taxonomy, label_set)
    if output is None and lake is None:
        raise ConfigError(
            "The answers go nowhere.",
            remedy="Name a gold file with -o, or a lake with --lake.",
        )
    opened = None if lake is None else open_lake(lake)
    key, made_key = load_key()
    hasher = KeyedHasher(key)
    if opened is not None:
        check_key(opened, hasher.key_id())
    if output is not None:
        check_gold_target(output, file)
    read = read_answers(file, question, with_text=output is not None)
    rows = None if opened is None else _rows(opened, read, question, hasher, file)
    gold = 0
    if output is not None and read.annotations:
        frame = gold_frame(read.annotations, question, hasher)
        write_gold(frame, output)
        gold = frame.height
    if opened is None or rows is None:
        return Imported(read, output if gold else None, gold, None, None, made_key)
    from jobs.annotate.lake_in import into_lake

    published = into_lake(opened, rows)
    return Imported(
        read, output if gold else None, gold, published.rows, published.number, made_key
    )


def _question(task: str, taxonomy: str | None, label_set: Sequence[str]) -> Question:
    asked = load_task(task)
    labels = load_taxonomy(taxonomy or asked.taxonomy)
    if strange := sorted(set(label_set) - set(labels.names)):
        raise ConfigError(
            f"The taxonomy {labels.name} has no {', '.join(strange)}.",
            remedy=f"--label-set names some of: {', '.join(labels.names)}.",
        )
    chosen = tuple(name for name in labels.names if name in label_set)
    return Question(asked, labels, () if len(chosen) == len(labels.names) else chosen)


def _rows(
    lake: Lake, read: Read, question: Question, hasher: KeyedHasher, file: Path
) -> pl.DataFrame | None:
    from jobs.annotate.lake_in import find_records, rows_of
    from pipelines.lake.snapshots import published

    records = find_records(lake, published(lake)[1], read.annotations)
    known = set(records["record_id"])
    strange = [each for each in read.annotations if each.record_id not in known]
    read.refuse(strange, "unknown_record")
    if not read.annotations:
        return None
    return rows_of(read.annotations, records, question, hasher, file=file_checksum(file))


def show_imported(found: Imported, *, as_json: bool) -> int:
    """Prints what became of the units; the exit code: 1 where units were broken and none could be imported."""
    read = found.read
    code = 1 if read.quarantined and not read.annotations else 0
    if as_json:
        print(json.dumps(found.to_json()))
        return code
    if found.made_key is not None:
        print(f"A new pseudonym key was written to {found.made_key}: keep a copy of it.")
    print(f"imported {len(read.annotations):,} of {read.units:,} annotations")
    for what, counts in (("skipped", read.skipped), ("quarantined", read.quarantined)):
        for name, count in sorted(counts.items()):
            print(f"  {what} {name}: {count:,}{_places(read, name, count)}")
    if found.output is not None:
        print(f"gold: {found.output} ({found.gold:,} rows)")
    if found.lake is not None:
        told = ", ".join(f"{count:,} {name}" for name, count in found.lake.items())
        print(f"lake: {told or 'no'} rows of annotations; snapshot {found.snapshot}")
    return code


def _places(read: Read, name: str, count: int) -> str:
    places = read.places.get(name, [])
    if not places:
        return ""
    return f" ({'; '.join(places)}{'; …' if count > len(places) else ''})"
