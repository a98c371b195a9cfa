"""Deletes what still holds forgotten people and is named by nothing: old files, and left-overs of killed attempts."""

from pipelines.lake.answer_files import is_segment
from pipelines.lake.failpoint import failpoint
from pipelines.lake.forget_named import Named, data_paths, read_named
from pipelines.lake.forget_plan import new_name
from pipelines.lake.forget_rows import Target
from pipelines.lake.forget_scan import hits
from pipelines.lake.lake import Lake
from pipelines.lake.rows import read_compaction
from schemas.errors import TerminalError


def sweep(lake: Lake, target: Target) -> int:
    """Deletes them; returns how many files went."""
    kept = _kept(lake, target)
    deleted = 0
    for path in data_paths(lake, ".tmp"):  # half-written: nobody can say what is in it
        path.unlink()
        deleted += 1
    for path in data_paths(lake, ".parquet"):
        # Cached answers are named by nothing, and were rewritten (forget_answers).
        if lake.relative(path) in kept or is_segment(lake, path):
            continue
        try:
            held = bool(hits(path, target))
        except TerminalError:  # no footer: an attempt that was killed as it wrote
            held = True
        if held:
            path.unlink()
            deleted += 1
            failpoint("forget.file_deleted")
    for note in data_paths(lake, ".json"):
        gone = (
            note.name.startswith("compact-") and not lake.path(read_compaction(note).path).exists()
        )
        if gone:
            note.unlink()
    return deleted


def _kept(lake: Lake, target: Target) -> set[str]:
    """The Parquet files that must stay; a compacted file that was written anew is no place of shards any more."""
    named = read_named(lake)
    current = {
        note: compaction
        for note, compaction in named.compactions.items()
        if not lake.path(new_name(compaction.path, target.salt)).exists()
    }
    return Named(named.manifests, named.snapshots, current).stored()
