"""Erases people from the cached answers of language models.

Assumptions: as in `answer_files`; the caller holds `erasing_answers` where something is written, so that no segment is
added or merged meanwhile.
Semantics: a segment without them is durable before the old one goes; its name follows from the old one's and the
intent's salt, so that a second attempt writes it once.
"""

import hashlib
from collections.abc import Iterable, Iterator

from pipelines.lake.answer_files import answers_folder, segments
from pipelines.lake.failpoint import failpoint
from pipelines.lake.forget_rewrite import write_without
from pipelines.lake.forget_rows import Target
from pipelines.lake.forget_scan import hits
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place, open_parquet
from schemas.errors import TerminalError

ANSWER_FAILPOINTS = ("forget.answers_written", "forget.answers_deleted")


def answers_of(lake: Lake, target: Target) -> dict[Place, int]:
    """The segments that hold answers about the target, and how many. Raises TerminalError for a damaged one."""
    found = {}
    for path in _all_segments(lake):
        try:
            rows = len(hits(path, target).gone)
        except TerminalError as error:
            if not path.exists():
                continue  # merged meanwhile: only where nothing but counts is wanted
            raise TerminalError(
                error.message,
                remedy="Restore it from a backup or delete it (its answers are asked for again), then forget again.",
            ) from None
        if rows:
            found[path] = rows
    return found


def erase_answers(found: Iterable[Place], target: Target) -> int:
    """Writes the segments `found` anew without the target; returns how many files went."""
    deleted = 0
    for path in found:
        new = _new_path(path, target.salt)
        if not new.exists() and _holds_others(path, target):
            write_without(path, new, target)
        failpoint("forget.answers_written")
        path.unlink()
        deleted += 1
        failpoint("forget.answers_deleted")
    return deleted


def _all_segments(lake: Lake) -> Iterator[Place]:
    for clinical in (False, True):
        yield from segments(answers_folder(lake, clinical=clinical))


def _new_path(path: Place, salt: str) -> Place:
    attempt = hashlib.blake2b(path.name.encode(), key=salt.encode(), digest_size=8).hexdigest()
    return path.with_name(f"answers-erased-{attempt}.parquet")


def _holds_others(path: Place, target: Target) -> bool:
    with open_parquet(path) as file:
        rows = int(file.metadata.num_rows)
    return rows > len(hits(path, target).gone)
