"""Care of a lake: compact and vacuum, as a person or a scheduler runs them."""

from dataclasses import dataclass

from pipelines.lake.compact import compact_lake
from pipelines.lake.forget_intent import refuse_while_forgetting
from pipelines.lake.journal import Journal
from pipelines.lake.lake import open_lake
from pipelines.lake.place import Place
from pipelines.lake.vacuum import vacuum as sweep
from pipelines.serving.answer_compaction import compact_answers


@dataclass(frozen=True)
class Compacted:
    """What compaction changed."""

    partitions: int
    answer_segments: int

    def __str__(self) -> str:
        told = f"{self.partitions} partitions compacted. The old files go with: affectmine vacuum"
        if self.answer_segments:
            told += f"\n{self.answer_segments} segments of cached answers merged."
        return told


@dataclass(frozen=True)
class Vacuumed:
    """What a vacuum removed, or would remove."""

    dry_run: bool
    files: int
    snapshots: int
    bytes: int
    uploads: int

    def __str__(self) -> str:
        did = "would remove" if self.dry_run else "removed"
        told = (
            f"{did} {self.files} files and {self.snapshots} snapshots, {self.bytes / 1e6:,.1f} MB"
        )
        return f"{told}; {self.uploads} unfinished uploads" if self.uploads else told


def compact(lake_path: Place, *, small_rows: int) -> Compacted:
    """Compacts a lake and publishes the result, and merges segments of cached answers."""
    from jobs.publish import refresh_catalog

    lake = open_lake(lake_path)
    journal = Journal(lake, "compact")
    try:
        refuse_while_forgetting(lake)
        changed = compact_lake(lake, journal.run_id, small_rows=small_rows)
        refresh_catalog(lake)
        merged = compact_answers(lake, small_rows=small_rows)
    finally:
        journal.finish(0, None)
    return Compacted(changed, merged)


def vacuum(lake_path: Place, *, retain: int, older_than: float, dry_run: bool) -> Vacuumed:
    """Vacuums a lake; says what went."""
    swept = sweep(open_lake(lake_path), retain=retain, older_than=older_than, dry_run=dry_run)
    return Vacuumed(dry_run, swept.files, swept.snapshots, swept.bytes, swept.uploads)
