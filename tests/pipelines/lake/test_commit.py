import threading
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.lake.commit import dictionary_columns, file_checksum
from pipelines.lake.rows import read_batches
from pipelines.lake.store import create
from schemas.datasets import CLEAN
from schemas.errors import ConservationError, TerminalError
from tests.pipelines.lake.builders import DAY, commit_clean, new_lake


def test_the_loser_adopts_the_winners_manifest_and_leaves_nothing_behind(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    winner = commit_clean(lake, ["a", "b"])
    loser = commit_clean(lake, ["a", "b"])
    assert loser == winner
    files = sorted(path.name for path in lake.folder("clean", "c", DAY).iterdir())
    assert files == sorted([Path(winner.name).name, Path(winner.outputs[0].path).name])
    assert winner.outputs[0].checksum == file_checksum(lake.path(winner.outputs[0].path))


@pytest.mark.parametrize(
    "counts",
    [
        {"in": 3, "kept": 2, "dropped": 0},  # one came in and vanished
        {"in": 3, "kept": 2, "dropped": 1},  # adds up, but two rows were written
        {"in": 1, "kept": 1, "dropped": 0},
    ],
)
def test_counts_that_do_not_add_up_are_not_committed(tmp_path: Path, counts: dict) -> None:
    lake = new_lake(tmp_path)
    with pytest.raises(ConservationError, match="do not add up"):
        commit_clean(lake, ["a", "b"], counts=counts)
    assert not list(lake.root.rglob("shard-*.json"))


def test_of_many_creators_one_wins_and_nobody_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    contents = [f"writer {number}".encode() * 1000 for number in range(16)]
    won: list[bytes] = []

    def write(content: bytes) -> None:
        if create(path, content):
            won.append(content)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert path.read_bytes() == won[0]
    assert [each.name for each in tmp_path.iterdir()] == ["manifest.json"]


def test_rows_come_back_in_order_and_a_missing_file_is_told(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    file = commit_clean(lake, ["b", "a", "c"]).outputs[0]
    (batch,) = read_batches(lake, file, ["record_id"])
    assert batch["record_id"].to_list() == ["b", "a", "c"]
    lake.path(file.path).write_bytes(b"not parquet")
    with pytest.raises(TerminalError, match="cannot be read as Parquet"):
        list(read_batches(lake, file))
    lake.path(file.path).unlink()
    with pytest.raises(TerminalError, match="is missing"):
        list(read_batches(lake, file))


def test_nulls_of_small_shards_are_counted_right(tmp_path: Path) -> None:
    """DuckDB 2.0 miscounts nulls of plain strings in row groups of a few rows: ours have dictionaries."""
    schema = pa.schema(
        [pa.field("record_id", pa.string(), nullable=False), pa.field("reply_to", pa.string())]
    )
    assert "text_clean" in dictionary_columns(CLEAN.schema)
    assert "record_id" not in dictionary_columns(CLEAN.schema)
    files, nulls = [], 0
    for number in range(200):
        answers = [None if (number * row) % 7 < 3 else f"{number:032d}" for row in (1, 2, 3)]
        nulls += answers.count(None)
        path = tmp_path / f"{number}.parquet"
        table = pa.table({"record_id": ["a", "b", "c"], "reply_to": answers}, schema=schema)
        pq.write_table(table, path, use_dictionary=dictionary_columns(schema), compression="zstd")
        files.append(str(path))
    query = "SELECT count(*) FROM read_parquet($files) WHERE reply_to IS NULL AND record_id <> 'd'"
    assert duckdb.execute(query, {"files": files}).fetchall() == [(nulls,)]
