import gzip
import itertools
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.config.corpus import Columns, Values
from schemas.errors import SourceError
from tests.transforms.read.reading import read, source_of
from transforms.read.chunk import POSITION, WANTED, Limits
from transforms.read.mapping import map_columns
from transforms.read.parquet import Parquet

READER = Parquet()
FRAME = pl.DataFrame(
    {
        "id": range(1000),
        "text": [f"text {i}" for i in range(1000)],
        "at": [datetime(2024, 1, 1, tzinfo=UTC)] * 1000,
        "tags": [["a", "b"]] * 1000,
    }
)


def write(path: Path, group: int) -> Path:
    pq.write_table(FRAME.to_arrow(), path, row_group_size=group)
    return path


@pytest.mark.parametrize(
    ("group", "records", "packed"),
    [
        (7, 1, False),
        *itertools.product([7, 100, 1000], [64, 100, 350, 5000], [False, True]),
    ],
)
def test_rows_do_not_depend_on_groups_or_limits(
    tmp_path: Path, group: int, records: int, packed: bool
) -> None:
    path = write(tmp_path / "a.parquet", group)
    if packed:
        path.with_suffix(".parquet.gz").write_bytes(gzip.compress(path.read_bytes()))
        path = path.with_suffix(".parquet.gz")
    whole = read(path, READER, limits=Limits(records=records))
    assert whole.frame.drop(POSITION).equals(FRAME)
    assert whole.frame[POSITION].to_list() == list(range(1000))
    assert max(chunk.length for chunk in whole.chunks) <= records
    assert len({chunk.checksum for chunk in whole.chunks}) == len(whole.chunks)


def test_bytes_bound_chunks_too(tmp_path: Path) -> None:
    whole = read(write(tmp_path / "a.parquet", 1000), READER, limits=Limits(bytes=2000))
    assert len(whole.chunks) > 3
    assert whole.frame.height == 1000


def test_only_wanted_columns_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", 100)
    whole = read(path, READER, {WANTED: {"text": "text"}})
    assert whole.frame.columns == ["text", POSITION]
    assert READER.found(source_of(path), {}) == ["id", "text", "at", "tags"]


def test_a_changed_row_changes_the_checksum_of_its_chunk_only(tmp_path: Path) -> None:
    def checksums(frame: pl.DataFrame) -> list[str]:
        pq.write_table(frame.to_arrow(), tmp_path / "a.parquet", row_group_size=250)
        source = source_of(tmp_path / "a.parquet")
        return [chunk.checksum for chunk in READER.cut(source, Limits(records=250), {})]

    changed = FRAME.with_columns(
        pl.when(pl.col("id") == 600).then(pl.lit("x")).otherwise("text").alias("text")
    )
    same = [a == b for a, b in zip(checksums(FRAME), checksums(changed), strict=True)]
    assert same == [True, True, False, True]


@pytest.mark.parametrize("part", [0.5, 0.99])
def test_cut_files(tmp_path: Path, part: float) -> None:
    path = write(tmp_path / "a.parquet", 100)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(SourceError, match=r"a.parquet is cut short or corrupt"):
        read(path, READER)


def test_corrupt_pages(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", 1000)
    data = bytearray(path.read_bytes())
    for at in range(40, 3000):
        data[at] ^= 0x3C
    path.write_bytes(bytes(data))
    with pytest.raises(SourceError, match="cannot be read as Parquet"):
        read(path, READER)


def test_types_map_or_are_refused(tmp_path: Path) -> None:
    frame = read(write(tmp_path / "a.parquet", 1000), READER).frame
    mapped = map_columns(
        frame, Columns(text="text", id="id", created_at="at", meta=("tags",)), Values(), ()
    )
    row = mapped.frame.row(1, named=True)
    assert (row["id"], row["created_at"]) == ("1", datetime(2024, 1, 1, tzinfo=UTC))
    assert row["meta"] == [{"key": "tags", "value": '["a","b"]'}]
    for name in ("tags", "id", "at"):
        with pytest.raises(SourceError, match=f"'{name}'.*cannot be used as text"):
            map_columns(frame, Columns(text=name), Values(), ())


def test_no_rows(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", READER).units == 0
