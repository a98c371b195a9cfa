"""Care of a lake: compact and vacuum, as a person or a scheduler runs them."""

from pipelines.lake.compact import compact_lake
from pipelines.lake.forget_intent import refuse_while_forgetting
from pipelines.lake.journal import Journal
from pipelines.lake.lake import open_lake
from pipelines.lake.place import Place
from pipelines.lake.vacuum import vacuum as sweep
from pipelines.serving.answer_compaction import compact_answers


def compact(lake_path: Place, *, small_rows: int) -> str:
    """Compacts a lake and publishes the result, and merges segments of cached answers; says what changed."""
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
    told = f"{changed} partitions compacted. The old files go with: affectmine vacuum"
    return f"{told}\n{merged} segments of cached answers merged." if merged else told


def vacuum(lake_path: Place, *, retain: int, older_than: float, dry_run: bool) -> str:
    """Vacuums a lake; says what went."""
    swept = sweep(open_lake(lake_path), retain=retain, older_than=older_than, dry_run=dry_run)
    did = "would remove" if dry_run else "removed"
    told = f"{did} {swept.files} files and {swept.snapshots} snapshots, {swept.bytes / 1e6:,.1f} MB"
    return f"{told}; {swept.uploads} unfinished uploads" if swept.uploads else told
