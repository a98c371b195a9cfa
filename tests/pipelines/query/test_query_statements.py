"""The door is locked: nothing is written, no other file is read, no setting changes."""

import contextlib
from pathlib import Path

import pytest

from pipelines.query import open_catalog
from schemas.errors import TerminalError

REFUSED = [
    "COPY clean TO '{out}'",
    "COPY (SELECT 1) TO '{file}'",
    "COPY (SELECT 1) TO '{file}' (FORMAT csv, USE_TMP_FILE false)",
    "WITH x AS (COPY clean TO '{file}') SELECT 1",
    "WITH x AS (COPY (SELECT 1) TO '{file}' (FORMAT csv, USE_TMP_FILE false)) SELECT * FROM x",
    "SELECT * FROM (WITH x AS (COPY clean TO '{out}') SELECT 1)",
    "SELECT (WITH x AS (COPY clean TO '{out}') SELECT 1)",
    "WITH x AS (INSERT INTO clean SELECT * FROM clean RETURNING *) SELECT * FROM x",
    "WITH x AS (DELETE FROM clean RETURNING *) SELECT * FROM x",
    "WITH x AS (UPDATE clean SET outcome = 'x' RETURNING *) SELECT * FROM x",
    "SELECT * INTO other FROM clean",
    "CREATE TABLE t AS SELECT 1",
    "CREATE OR REPLACE VIEW clean AS SELECT 1",
    "DROP VIEW clean",
    "INSERT INTO clean SELECT * FROM clean",
    "ATTACH '{out}'",
    "DETACH memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA version",
    "PRAGMA threads=2",
    "SET threads = 1",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "SET VARIABLE x = 1",
    "CALL pragma_version()",
    "CALL enable_logging('QueryLog', storage := 'file', storage_path := '{out}')",
    "EXPORT DATABASE '{out}'",
    "IMPORT DATABASE '{out}'",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE COPY clean TO '{out}'",
    "CHECKPOINT",
    "VACUUM",
    "BEGIN",
    "USE memory",
    "SELECT 1; SELECT 2",
    "SELECT 1; COPY clean TO '{out}'",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM READ_CSV('/etc/passwd')",
    "SELECT * FROM system.main.read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('{file}')",
    "SELECT * FROM read_parquet('{file}')",
    "SELECT * FROM parquet_metadata('{file}')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM '/etc/passwd.csv'",
    "SELECT (SELECT content FROM read_text('/etc/passwd'))",
    "SELECT * FROM clean, read_text('/etc/passwd')",
    "SELECT * FROM clean WHERE EXISTS (SELECT * FROM read_text('/etc/passwd'))",
    "SELECT * FROM query('COPY clean TO ''{out}''')",
    "SELECT * FROM query('WITH x AS (COPY clean TO ''{out}'') SELECT 1')",
    "SELECT * FROM query_table('clean')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM enable_logging('QueryLog', storage := 'file', storage_path := '{out}')",
    "SELECT * FROM enable_profiling(save_location := '{out}')",
    "SELECT * FROM checkpoint()",
    "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM python_map_function(1)",
    "SELECT * FROM start_ui()",
    "SELECT getenv('HOME')",
    "SELECT * FROM secret_frame",
]
ALLOWED = [
    "SELECT count(*) FROM clean",
    "FROM clean",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT * FROM t",
    "WITH a AS MATERIALIZED (SELECT * FROM clean) SELECT * FROM a UNION ALL SELECT * FROM a",
    "SELECT unnest(labels) FROM labels",
    "SELECT * FROM range(3), generate_series(1, 2)",
    "VALUES (1), (2)",
    "SHOW TABLES",
    "DESCRIBE clean",
    "SUMMARIZE clean",
    "SELECT outcome, row_number() OVER (ORDER BY record_id) FROM clean QUALIFY 1 = 1",
    "PIVOT clean ON outcome IN ('kept', 'dropped') USING count(*)",
    "SELECT 'COPY x TO y; DROP TABLE z'",
    "SELECT 1;",
    "SELECT 1 -- ; SELECT 2",
    "SELECT * FROM duckdb_views()",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_refused(sql, files, tmp_path):
    import polars as pl

    secret_frame = pl.DataFrame({"a": [1]})  # a Python variable must not become a table
    out = tmp_path / "out"
    file = Path(files["clean"][0])
    before = file.read_bytes()
    listing = sorted(file.parent.iterdir())
    with open_catalog(files) as catalog:
        with pytest.raises(TerminalError):
            catalog.table(sql.format(out=out, file=file))
        assert catalog.table("SELECT count(*) AS n FROM clean")["n"].to_pylist() == [5]
        assert catalog.table("SHOW TABLES")["name"].to_pylist() == list(catalog.views)
    assert not out.exists()
    assert file.read_bytes() == before
    assert sorted(file.parent.iterdir()) == listing
    assert secret_frame.height == 1


@pytest.mark.parametrize("sql", ALLOWED)
def test_allowed(sql, files):
    with open_catalog(files) as catalog:
        assert catalog.table(sql).num_columns > 0


def test_the_second_wall_stands_without_the_first(files, tmp_path):
    """Were the check of statements fooled, DuckDB itself still refuses other files and settings."""
    with open_catalog(files) as catalog:
        for sql in (
            f"COPY clean TO '{tmp_path / 'out'}'",
            "SELECT * FROM read_text('/etc/passwd')",
            "SELECT * FROM glob('/*')",
            "INSTALL httpfs",
            "SET threads = 1",
            "SET enable_external_access = true",
            f"ATTACH '{tmp_path / 'out'}'",
            f"FROM '{files['records'][0]}'",
        ):
            with pytest.raises(Exception, match=r"disabled|locked|Cannot"):
                catalog._connection.execute(sql)


def test_deeply_nested_sql_does_not_break_the_door(files):
    with open_catalog(files) as catalog:
        for sql in ("SELECT " + "(" * 5000 + "1" + ")" * 5000, "SELECT " + "-" * 3 + " 1" * 3):
            with contextlib.suppress(TerminalError):
                catalog.table(sql)
        assert catalog.table("SELECT 1 AS a")["a"].to_pylist() == [1]
