"""Compaction of the answer cache: small segments, of writers that were killed before they merged theirs, become few.

Assumptions: as in pipelines.lake.answer_files. Writers at work may lose segments to this: they leave out what is gone.
"""

import os
import secrets
from collections.abc import Iterator

import pyarrow as pa

from pipelines.lake.answer_files import answers_folder, segments
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place, open_parquet
from pipelines.serving.answer_segments import damaged, merge

_MOST_ROWS = 1_000_000


def compact_answers(lake: Lake, *, small_rows: int = 100_000) -> int:
    """Merges segments with fewer than `small_rows` rows, in both folders of a lake; returns how many went.

    Raises TerminalError when a segment is damaged.
    """
    merged = 0
    for clinical in (False, True):
        folder = answers_folder(lake, clinical=clinical)
        for group in _groups(folder, small_rows):
            name = f"answers-{os.getpid()}-{secrets.token_hex(6)}-compact.parquet"
            merged += len(group) if merge(lake.root, group, folder / name) else 0
    return merged


def _groups(folder: Place, small_rows: int) -> Iterator[list[Place]]:
    """Small segments, oldest first, in groups of about a million rows."""
    group: list[Place] = []
    rows = 0
    for path in segments(folder):
        count = _rows(path)
        if count is None or count >= small_rows:
            continue
        group.append(path)
        rows += count
        if rows >= _MOST_ROWS:
            yield group
            group, rows = [], 0
    if len(group) > 1:
        yield group


def _rows(path: Place) -> int | None:
    """None where the segment was merged meanwhile."""
    try:
        with open_parquet(path) as file:
            return int(file.metadata.num_rows)
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowException) as error:
        raise damaged(path, error) from None
