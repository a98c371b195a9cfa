"""catalog.duckdb: works for any client, from anywhere, also after the lake was moved."""

import os
import shutil
import threading

import duckdb
import pytest

from pipelines.query import write_catalog
from schemas.errors import TerminalError


def _ids(path, *, lake=None) -> list[str]:
    with duckdb.connect(str(path), read_only=True) as client:
        if lake is not None:
            client.execute(f"SET VARIABLE lake = '{lake}'")
        return [
            row[0] for row in client.execute("SELECT record_id FROM clean ORDER BY 1").fetchall()
        ]


def test_the_views_work_from_any_folder(files, lake, tmp_path, monkeypatch):
    path = write_catalog(lake / "catalog.duckdb", files, lake=lake)
    for folder in (lake, tmp_path, "/"):
        monkeypatch.chdir(folder)
        assert _ids(path) == ["r0", "r1", "r2", "r3", "r4"]
    with duckdb.connect(str(path), read_only=True) as client:
        views = {row[0] for row in client.execute("SHOW TABLES").fetchall()}
        assert {"clean", "labels", "labels_vad", "labels_emotion", "label_scores"} <= views
        assert client.execute("SELECT count(*) FROM label_scores").fetchall() == [(8,)]
        assert client.execute("SELECT count(*) FROM quarantine").fetchall() == [(0,)]


def test_relative_paths_are_made_absolute(files, lake, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    relative = {key: [os.path.relpath(p, tmp_path) for p in paths] for key, paths in files.items()}
    path = write_catalog("lake/catalog.duckdb", relative, lake="lake")
    monkeypatch.chdir("/")
    assert len(_ids(path)) == 5


def test_no_raw_text_is_in_it(files, lake):
    path = write_catalog(lake / "catalog.duckdb", files, lake=lake)
    with duckdb.connect(str(path), read_only=True) as client:
        views = client.execute(
            "SELECT view_name, sql FROM duckdb_views() WHERE NOT internal"
        ).fetchall()
    assert "records" not in dict(views)
    assert not any("restricted" in sql for _, sql in views)


def test_a_moved_lake_needs_one_variable(files, lake, tmp_path):
    write_catalog(lake / "catalog.duckdb", files, lake=lake)
    moved = tmp_path / "it's moved"
    shutil.move(lake, moved)
    quoted = str(moved).replace("'", "''")
    assert len(_ids(moved / "catalog.duckdb", lake=quoted)) == 5


def test_files_outside_the_lake_keep_their_paths(files, lake, tmp_path):
    path = write_catalog(tmp_path / "catalog.duckdb", files, lake=tmp_path / "elsewhere")
    assert len(_ids(path)) == 5


def test_it_is_replaced_whole_under_a_reader_and_by_two_writers(files, lake):
    path = write_catalog(lake / "catalog.duckdb", files, lake=lake)
    with duckdb.connect(str(path), read_only=True) as reader:
        threads = [
            threading.Thread(target=write_catalog, args=(path, files), kwargs={"lake": lake})
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert reader.execute("SELECT count(*) FROM clean").fetchall() == [(5,)]
    assert len(_ids(path)) == 5
    left = [p.name for p in lake.iterdir() if "catalog" in p.name]
    assert left == ["catalog.duckdb"]


def test_a_failed_write_leaves_the_old_one(files, lake):
    path = write_catalog(lake / "catalog.duckdb", files, lake=lake)
    before = path.read_bytes()
    with pytest.raises(TerminalError, match="clean"):
        write_catalog(path, {"clean": [str(lake / "gone.parquet")]}, lake=lake)
    assert path.read_bytes() == before
    assert [p.name for p in lake.iterdir() if "catalog" in p.name] == ["catalog.duckdb"]
