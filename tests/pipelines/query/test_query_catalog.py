"""What the SQL door shows, and how it explains a mistake."""

import time

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.query import open_catalog, write_catalog
from schemas.datasets import DATASETS
from schemas.errors import TerminalError

from .conftest import label, write


def _column(table: pa.Table, name: str) -> list:
    return sorted(table[name].to_pylist())


def test_views_over_all_files(files):
    with open_catalog(files) as catalog:
        assert _column(catalog.table("SELECT record_id FROM clean"), "record_id") == [
            "r0", "r1", "r2", "r3", "r4"
        ]  # fmt: skip
        assert catalog.frame("FROM clean").height == 5


def test_every_dataset_has_a_view_with_the_right_columns_even_when_empty():
    with open_catalog({}, restricted=True) as catalog:
        for dataset in DATASETS.values():
            table = catalog.table(f"SELECT * FROM {dataset.name}")
            assert table.num_rows == 0
            assert table.schema.names == dataset.schema.names
            for field in dataset.schema:
                if not pa.types.is_nested(field.type):
                    assert table.schema.field(field.name).type == field.type, field
        assert catalog.table("FROM label_scores").schema.names == [
            "record_id", "task", "taxonomy", "labeler", "label", "probability"
        ]  # fmt: skip


def test_labels_hold_common_columns_and_each_task_its_answer(files):
    with open_catalog(files) as catalog:
        labels = catalog.table("FROM labels")
        assert labels.num_rows == 4
        assert labels.schema.names == DATASETS["labels"].schema.names
        vad = catalog.table("SELECT answer.valence AS v FROM labels_vad")
        assert vad["v"].to_pylist() == [0.5]
        assert "answer" not in catalog.table("FROM labels_emotion").schema.names


def test_a_column_that_an_earlier_version_did_not_write_is_null(files, lake):
    """`agreement`: labels of one model from before and after several models voted, whichever file comes first."""
    schema = DATASETS["labels"].schema
    voted = schema.append(pa.field("agreement", pa.float64()))
    rows = [label(7, "stance") | {"agreement": 0.75}], [label(8, "stance")]
    new = write(lake / "labels" / "s1.parquet", "labels", rows[0], voted)
    old = write(lake / "labels" / "s2.parquet", "labels", rows[1], schema)
    for paths in ([new, old], [old, new]):
        with open_catalog(files | {"labels/stance/tiny/judges": paths}) as catalog:
            found = catalog.frame("SELECT record_id, agreement FROM labels_stance ORDER BY 1")
            assert found.rows() == [("r7", 0.75), ("r8", None)]
            assert catalog.frame("SELECT count(*) FROM labels WHERE task = 'stance'").item() == 2
        written = write_catalog(
            lake / "catalog.duckdb", {"labels/stance/tiny/judges": paths}, lake=lake
        )
        with duckdb.connect(str(written), read_only=True) as client:
            counted = client.execute("SELECT count(*), count(agreement) FROM labels_stance")
            assert counted.fetchall() == [(2, 1)]


def test_label_scores_are_unnested(files):
    with open_catalog(files) as catalog:
        rows = catalog.table("FROM label_scores ORDER BY record_id, task, label").to_pylist()
    assert len(rows) == 8
    assert rows[0] == {
        "record_id": "r0", "task": "emotion", "taxonomy": "tiny", "labeler": "student",
        "label": "joy", "probability": 0.75,
    }  # fmt: skip


def test_raw_text_only_when_asked_for(files):
    with open_catalog(files) as catalog:
        assert "records" not in catalog.views
        with pytest.raises(TerminalError, match="--restricted"):
            catalog.table("FROM records")
        # The path is not in allowed_paths either.
        with pytest.raises(TerminalError, match="Permission"):
            catalog.table(f"FROM '{files['records'][0]}'")
    with open_catalog(files, restricted=True) as catalog:
        assert catalog.table("SELECT text FROM records")["text"].to_pylist()[0] == "RAW 0"


def test_the_dataset_decides_what_is_raw_text_and_not_the_path(files, tmp_path):
    row = {"record_id": "r0", "text_clean": "text 0", "outcome": "kept"}
    for folder in ("restricted/lake/clean", "lake/clean/restricted/2024-01-01"):
        path = write(tmp_path / folder / "a.parquet", "clean", [row])
        found = {"clean": [path], "quarantine_raw": files["records"], "records/x": files["records"]}
        with open_catalog(found) as catalog:
            assert catalog.table("FROM clean").num_rows == 1
            assert {"records", "records_x", "quarantine_raw"}.isdisjoint(catalog.views)


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT txt_clean FROM clean", 'Candidate bindings: "text_clean"'),
        ("SELECT * FROM claen", "Did you mean clean"),
        ("SELECT * FROM zzzzz", "There are: annotations, calls, clean"),
        ("SELEC 1", "line 1, column 1"),
        ("SELECT 1\nFROM clean WHERE", "mistake"),
        ("SELECT CAST(text_clean AS INT) FROM clean", "Conversion"),
        ("SELECT sqrtt(1)", "sqrt"),
        ("", "no SQL"),
        ("-- nothing", "no SQL"),
    ],
)
def test_mistakes_are_explained(sql, told, files):
    with open_catalog(files) as catalog, pytest.raises(TerminalError) as caught:
        catalog.table(sql)
    assert told in str(caught.value)
    assert caught.value.exit_code == 1


def test_an_error_in_the_middle_of_a_stream_is_explained(lake):
    rows = [{"record_id": f"r{i}", "text_clean": "1"} for i in range(200_000)]
    rows[-1]["text_clean"] = "x"
    path = write(lake / "a.parquet", "clean", rows)
    with open_catalog({"clean": [path]}, threads=1) as catalog:
        reader = catalog.query("SELECT CAST(text_clean AS INT) FROM clean")
        with pytest.raises(TerminalError, match="Conversion"):
            reader.read_all()


def test_a_missing_file_is_an_error_with_the_name_of_its_dataset(files, lake):
    files["clean"].insert(0, str(lake / "gone.parquet"))
    with pytest.raises(TerminalError, match="clean"), open_catalog(files):
        pass


def test_times_are_utc_whatever_the_machine_says(lake, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        table = pa.table({"created_at": pa.array([0], pa.timestamp("us", tz="UTC"))})
        lake.mkdir()
        pq.write_table(table, lake / "a.parquet")
        with open_catalog({"clean": [str(lake / "a.parquet")]}) as catalog:
            day = catalog.table("SELECT CAST(created_at AS DATE)::VARCHAR AS day FROM clean")
        assert day["day"].to_pylist() == ["1970-01-01"]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_exceeds_memory_spills_to_its_own_folder(lake, tmp_path):
    rows = [{"record_id": f"{i:032d}" * 4} for i in range(100_000)]
    path = write(lake / "a.parquet", "clean", rows)
    spill = tmp_path / "spill"
    spill.mkdir()
    sql = "SELECT record_id || n AS id FROM clean, range(6) t(n) ORDER BY id DESC"
    with open_catalog(
        {"clean": [path]}, memory_limit="60MB", temp_folder=spill, threads=1
    ) as catalog:
        reader = catalog.query(sql)
        first = reader.read_next_batch()
        assert list(spill.rglob("*.tmp")), "nothing was spilled: the test proves nothing"
        assert first.num_rows + sum(batch.num_rows for batch in reader) == 600_000
    assert list(spill.iterdir()) == []


def test_thousands_of_files_open_quickly(files, lake):
    many = [write(lake / "many" / "0.parquet", "clean", [{"record_id": "r"}])]
    for i in range(1, 3000):
        copy = lake / "many" / f"{i}.parquet"
        copy.hardlink_to(many[0])
        many.append(str(copy))
    started = time.perf_counter()
    with open_catalog({"clean": many}) as catalog:
        assert time.perf_counter() - started < 3
        assert catalog.table("SELECT count(*) AS n FROM clean")["n"].to_pylist() == [3000]


def test_other_filesystems(files):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    with open(files["clean"][0], "rb") as source:
        memory.pipe_file("/lake/a.parquet", source.read())
    with open_catalog({"clean": ["memory://lake/a.parquet"]}, filesystem=memory) as catalog:
        assert catalog.table("FROM clean").num_rows == 3
