"""Which rows of a record win: worked examples."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.engines.duck_database import open_duck_database
from pipelines.lake.commit import DataWriter
from pipelines.lake.lake import Lake
from pipelines.stages.superseded import Lost, losing
from schemas.datasets import RECORDS
from schemas.manifest import DataFile
from tests.pipelines.lake.builders import new_lake
from tests.pipelines.lake.test_forget_rows import rows
from transforms.ingest.deleted import is_deleted

TEXT, GONE = "a remark", "[deleted]"


def shard(lake: Lake, name: str, *posts: tuple[str, int, str]) -> DataFile:
    """One records shard of a source file `name`: (record id, revision, text), by line."""
    table = rows(
        RECORDS,
        *(
            {"record_id": record, "sample_key": ord(record[-1]), "revision": revision, "text": text,
             "source": {"file": name, "position": line}}
            for line, (record, revision, text) in enumerate(posts)
        ),
    )  # fmt: skip
    writer = DataWriter(
        lake, "records", corpus="c", partition="2026-03-02", stem=f"shard-{name}-f-a"
    )
    writer.write(table)
    return writer.close()


def lost_of(
    lake: Lake, files: Sequence[DataFile], beside: Sequence[DataFile] = ()
) -> dict[str, Lost]:
    """What `losing` says, in a database of its own."""
    with open_duck_database("200MB", 1, "A test") as database:
        return losing(database, lake, files, beside=beside)


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [
        ((0, TEXT), (1, TEXT), 1),  # edited
        ((2, TEXT), (1, TEXT), 0),
        ((0, TEXT), (0, TEXT), 1),  # a log that is appended to
        ((0, TEXT), (0, GONE), 1),  # deleted
        ((0, GONE), (0, TEXT), 0),
        ((7, TEXT), (0, GONE), 1),  # deleted; the mark does not say when
        ((7, TEXT), (7, GONE), 1),  # edited, then deleted: the mark keeps the time of the edit
        ((3, GONE), (4, TEXT), 1),  # restored: the source says that this is later
        ((0, " \\[removed\\]\n"), (0, TEXT), 0),
        ((0, "[Content removed by moderator]"), (0, TEXT), 0),
        ((0, TEXT), (0, "[deleted] is what they say"), 1),  # a text as any other: the later line
        ((1, TEXT), (0, "[deleted] is what they say"), 0),
    ],
)
def test_of_two_lines(
    tmp_path: Path, first: tuple[int, str], second: tuple[int, str], winner: int
) -> None:
    lake = new_lake(tmp_path)
    file = shard(lake, "f", ("x", *first), ("y", 0, TEXT), ("x", *second))
    lost = lost_of(lake, [file])
    assert lost[file.path].rows == lost[file.path].first == ((2,) if winner == 0 else (0,))


def test_files_beside_count_and_the_order_of_files_does_not(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    files = [
        shard(lake, "a", ("x", 0, TEXT), ("y", 5, TEXT), ("z", 0, TEXT)),
        shard(lake, "b", ("x", 1, TEXT), ("w", 0, TEXT)),
        shard(lake, "c", ("y", 1, TEXT), ("w", 2, TEXT)),
    ]
    everything = [(files[0].path, (0,)), (files[1].path, (1,)), (files[2].path, (0,))]
    for order in itertools.permutations(files):
        lost = lost_of(lake, order)
        assert sorted((path, each.rows) for path, each in lost.items()) == everything
    # Only records of `a` are looked at: x and y, in all files.
    lost = lost_of(lake, files[:1], beside=files[1:])
    assert sorted((path, each.rows) for path, each in lost.items()) == [
        everything[0],
        everything[2],
    ]


@pytest.mark.parametrize(
    ("text", "deleted"),
    [
        ("[deleted]", True),
        (" \\[removed\\]\n", True),
        ("[Content removed by moderator]", True),
        ("[deleted] is what they say", False),
        ("removed", False),
        ("", False),
    ],
)
def test_python_and_sql_agree_on_marks(tmp_path: Path, text: str, deleted: bool) -> None:
    lake = new_lake(tmp_path)
    file = shard(lake, "f", ("x", 0, text), ("x", 1, TEXT))
    lost = lost_of(lake, [file])
    assert lost[file.path].rows == ((1,) if deleted else (0,))
    assert is_deleted(text) is deleted
