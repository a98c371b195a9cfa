"""Results for eyes and for machines."""

import csv
import io
import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from jobs.sql import run_sql
from pipelines.query.output import print_table, write_result
from schemas.errors import ConfigError, TerminalError


def _reader(**columns) -> pa.RecordBatchReader:
    table = pa.table(columns)
    return pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=2))


def _printed(reader: pa.RecordBatchReader, **kwargs) -> str:
    target = io.StringIO()
    print_table(reader, console=Console(file=target, width=100, force_terminal=False), **kwargs)
    return target.getvalue()


def test_a_table_has_a_row_limit_and_says_so():
    text = _printed(_reader(n=list(range(100, 110))), limit=3)
    assert "102" in text
    assert "103" not in text
    assert "first 3 rows" in text
    assert "10 rows" in _printed(_reader(n=list(range(10))), limit=10)
    assert "1 row\n" in _printed(_reader(n=[1]))
    assert "0 rows" in _printed(_reader(n=[]))


def test_text_cannot_steer_the_terminal_or_the_markup():
    text = _printed(_reader(t=["\x1b[2Jgone", "[red]x[/red]", "a\nb", "\u202eabc", None]))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]x[/red]" in text
    assert "·" in text


def test_json_lines(tmp_path):
    out = tmp_path / "o.json"
    when = datetime(2024, 5, 1, tzinfo=UTC)
    reader = _reader(a=[1, None], b=[[{"x": float("nan")}], None], t=pa.array([when, None]))
    assert write_result(reader, "json", out) == 2
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert rows[0] == {"a": 1, "b": [{"x": None}], "t": "2024-05-01T00:00:00+00:00"}
    assert rows[1] == {"a": None, "b": None, "t": None}


def test_csv_quotes_and_nests(tmp_path):
    out = tmp_path / "o.csv"
    assert write_result(_reader(a=['x,"y"\nz', "é", None], b=[[1], [], None]), "csv", out) == 3
    with out.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["a", "b"], ['x,"y"\nz', "[1]"], ["é", "[]"], ["", ""]
        ]  # fmt: skip


def test_parquet_keeps_types(tmp_path):
    out = tmp_path / "o.parquet"
    assert write_result(_reader(a=[1, 2, 3], b=[[1], [], None]), "parquet", out) == 3
    assert pq.read_table(out).to_pydict() == {"a": [1, 2, 3], "b": [[1], [], None]}


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_a_name_twice_becomes_two_columns(kind, tmp_path):
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches())
    out = tmp_path / "o"
    write_result(reader, kind, out)
    if kind == "parquet":
        assert pq.read_table(out).to_pydict() == {"a": [1], "a_1": [2]}
    else:
        assert "a_1" in out.read_text()


def test_no_half_written_file(tmp_path):
    def failing():
        yield pa.record_batch({"a": [1]})
        raise TerminalError("stop")

    reader = pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), failing())
    (tmp_path / "o.json").write_text("old")
    with pytest.raises(TerminalError):
        write_result(reader, "json", tmp_path / "o.json")
    assert (tmp_path / "o.json").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ConfigError, match="cannot be written"):
        write_result(_reader(a=[1]), "csv", tmp_path / "no" / "o.csv")


def test_the_job_prints_and_writes(files, tmp_path, capfdbinary):
    assert run_sql("SELECT count(*) AS n FROM clean", files) is None
    assert b"5" in capfdbinary.readouterr().out
    assert run_sql("FROM clean", files, kind="json") == 5
    assert len(capfdbinary.readouterr().out.splitlines()) == 5
    assert run_sql("FROM clean", files, kind="parquet", output=tmp_path / "o.parquet") == 5
    assert pq.read_table(tmp_path / "o.parquet").num_rows == 5
    with pytest.raises(TerminalError):
        run_sql("DROP VIEW clean", files)
