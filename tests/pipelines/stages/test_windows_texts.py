"""Single turns of a clean shard: from all row groups, and plain errors for damaged files."""

from pathlib import Path

import polars as pl
import pytest

from pipelines.lake.commit import DataWriter
from pipelines.lake.lake import create_lake
from pipelines.stages.windows_texts import read_turns
from schemas.datasets import CLEAN
from schemas.errors import TerminalError
from tests.jobs.window_runs import said
from transforms.arrow import polars_schema, to_arrow

ROWS = 70_000  # row groups of 20,000, the batches that are read are larger than those and smaller than all


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    lake = create_lake(tmp_path_factory.mktemp("lake"), "0123456789abcdef")
    schema = polars_schema(CLEAN.schema)
    one = pl.DataFrame([said("x", turn=0)], schema=schema)
    names = pl.int_range(ROWS, dtype=pl.Int64, eager=True).cast(pl.String)
    frame = pl.concat([one] * ROWS, rechunk=True).with_columns(names.alias("record_id"))
    frame = frame.with_columns(("says " + names).alias("text_clean"))
    writer = DataWriter(lake, "clean", corpus="c", partition="2026-03-02", stem="shard")
    for piece in frame.iter_slices(20_000):
        writer.write(to_arrow(piece, CLEAN.schema))
    return lake, writer.close()


@pytest.mark.parametrize("rows", [[], [0], [69_999, 3, 20_000, 19_999, 40_000], [32_768, 32_767]])
def test_turns_of_any_row_group(shard, rows: list[int]) -> None:
    found = read_turns(*shard, pl.Series(rows, dtype=pl.Int64))
    assert found.sort("other_row").rows() == [
        (row, str(row), "client", f"says {row}") for row in sorted(rows)
    ]


def test_a_cut_file_is_named(shard, tmp_path: Path) -> None:
    lake, file = shard
    path = lake.path(file.path)
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(TerminalError, match=r"shard\.parquet cannot be read as Parquet"):
            read_turns(lake, file, pl.Series([1]))
    finally:
        path.write_bytes(whole)
