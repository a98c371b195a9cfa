"""What goes wrong inside a gate never passes, and never tells what people wrote."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.gates import GateResult, client, enforce, require, run_gate, warm
from schemas.datasets import DATASETS
from schemas.errors import ConfigError, GateError, MissingExtraError, SourceError, TerminalError
from schemas.expectation_suite import Suite, load_suite

from .conftest import TABLES, VALID, clean, labels, records

CANARY = "zyxwvut-secret"


def _suite(*expectations: dict, **rest) -> Suite:
    return Suite.model_validate(
        {
            "suite": "own",
            "dataset": "clean",
            "version": 1,
            **rest,
            "expectations": [
                {"severity": "critical", "why": "a reason to be here", **item}
                for item in expectations
            ],
        }
    )


def _by_id(result: GateResult) -> dict:
    return {f.id: f for f in result.findings}


@pytest.mark.slow
def test_no_value_of_a_row_leaves_the_gate(write, capfd):
    """Every string of every row is a canary; native and own expectations fail and crash over it."""
    rows = [
        {k: CANARY if isinstance(v, str) and k != "partition" else v for k, v in row.items()}
        for row in clean()
    ]
    suite = load_suite("clean")
    extra = _suite(
        {"id": "a", "type": "expect_column_values_to_be_in_set", "column": "text_clean",
         "parameters": {"value_set": ["x"]}},
        {"id": "b", "type": "expect_column_values_to_be_unique", "column": "text_clean"},
        {"id": "c", "type": "expect_column_distinct_values_to_be_in_set", "column": "text_clean",
         "parameters": {"value_set": ["x"]}},
        {"id": "d", "type": "expect_column_max_to_be_between", "column": "text_clean",
         "parameters": {"min_value": 1, "max_value": 2}},
        {"id": "e", "type": "no_rows", "parameters": {"sql": "SELECT text_clean FROM {batch}"}},
        {"id": "f", "type": "every_row", "parameters": {"rule": "CAST(text_clean AS INTEGER) > 0"}},
        {"id": "g", "type": "no_rows",
         "parameters": {"sql": "SELECT error(text_clean) FROM {batch}"}},
        {"id": "h", "type": "expect_compound_columns_to_be_unique",
         "columns": ["text_clean", "corpus"]},
    )  # fmt: skip
    suite = suite.model_copy(update={"expectations": suite.expectations + extra.expectations})
    result = run_gate(suite, write("clean", rows))
    by_id = _by_id(result)
    assert not any(by_id[name].success for name in "abcdefgh")
    assert by_id["a"].unexpected_count == 19
    told = json.dumps(result.to_dict())
    with pytest.raises(GateError) as caught:
        enforce([result])
    out, err = capfd.readouterr()
    for text in (told, str(caught.value), out, err):
        assert CANARY not in text


def test_a_crash_is_a_failure_of_its_severity_and_takes_no_other_along(write):
    result = run_gate(
        _suite(
            {"id": "crash", "type": "every_row", "parameters": {"rule": "error(text_clean) = ''"}},
            {"id": "soft", "type": "every_row", "severity": "warning",
             "parameters": {"rule": "CAST(corpus AS INTEGER) > 0"}},
            {"id": "fine", "type": "every_row", "parameters": {"rule": "n_chars > 0"}},
            {"id": "bad", "type": "every_row", "parameters": {"rule": "n_chars > 40"}},
        ),
        write("clean", clean()),
    )  # fmt: skip
    by_id = _by_id(result)
    assert by_id["crash"].error
    assert by_id["soft"].error == "ConversionException"
    assert not by_id["crash"].success
    assert not by_id["soft"].success
    assert by_id["fine"].success
    assert by_id["bad"].unexpected_count == 20
    assert result.blocked


def test_only_warnings_do_not_block(write):
    result = run_gate(
        _suite({"id": "soft", "type": "every_row", "severity": "warning",
                "parameters": {"rule": "CAST(corpus AS INTEGER) > 0"}}),
        write("clean", clean()),
    )  # fmt: skip
    assert (result.passed, result.blocked) == (False, False)
    enforce([result])


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"type": "every_row", "parameters": {"rule": "nosuch = 1"}}, "nosuch"),
        ({"type": "every_row", "parameters": {"rule": "n_chars >"}}, "ParserException"),
        ({"type": "no_rows", "parameters": {"sql": "SELECT nosuch FROM {batch}"}}, "nosuch"),
        ({"type": "no_rows", "parameters": {"sql": "FROM read_text('/etc/passwd')"}}, "Permission"),
        ({"type": "no_rows", "parameters": {"sql": "SELECT 1; DROP VIEW source"}}, "Parser"),
        ({"type": "expect_column_values_to_not_be_null", "column": "nosuch"}, "nosuch"),
        ({"type": "expect_column_values_to_be_between", "column": "n_chars",
          "parameters": {"min_value": 1, "mostly": 7}}, "do not fit"),
    ],
)  # fmt: skip
def test_what_cannot_be_evaluated_fails_with_a_hint(item, told, write):
    result = run_gate(
        _suite({"id": "odd", **item}, {"id": "fine", "type": "every_row",
               "parameters": {"rule": "n_chars > 0"}}),
        write("clean", clean()),
    )  # fmt: skip
    by_id = _by_id(result)
    assert not by_id["odd"].success
    assert told in (by_id["odd"].error or "")
    assert by_id["fine"].success


@pytest.mark.parametrize("dataset", VALID)
def test_a_missing_or_retyped_column_blocks(dataset, write):
    schema = DATASETS[dataset].schema
    for spoiled in (
        schema.remove(schema.get_field_index("role")),
        schema.set(
            schema.get_field_index("sample_key"), schema.field("sample_key").with_type(pa.string())
        ),
    ):
        rows = [{**row, "sample_key": str(row["sample_key"])} for row in VALID[dataset]()]
        if spoiled.field("sample_key").type == schema.field("sample_key").type:
            rows = VALID[dataset]()
        files = write(dataset, rows, spoiled)
        result = run_gate(load_suite(dataset), files, tables=TABLES)
        failed = _by_id(result)["columns_and_types"]
        assert failed.unexpected_count == 2  # one column in each of two files
        assert result.blocked


def test_a_second_file_with_other_columns_is_noticed(write, tmp_path):
    files = write("clean", clean())
    table = pq.read_table(files[1]).drop_columns(["role"])
    pq.write_table(table, files[1])
    assert run_gate(load_suite("clean"), files).blocked


def test_no_parquet_is_a_source_error_without_content(tmp_path):
    path = tmp_path / "bad.parquet"
    path.write_text(CANARY)
    with pytest.raises(SourceError, match=r"bad\.parquet") as caught:
        run_gate(load_suite("clean"), [str(path)])
    assert CANARY not in str(caught.value)


def test_damaged_pages_block(write):
    files = write("clean", clean())
    raw = bytearray(Path(files[0]).read_bytes())
    raw[4:400] = os.urandom(396)  # the footer stays whole
    Path(files[0]).write_bytes(raw)
    result = run_gate(load_suite("clean"), files)
    assert result.blocked
    assert any(f.error for f in result.findings)


def test_a_table_that_the_suite_needs_must_come(write):
    with pytest.raises(ConfigError, match="taxonomy_labels"):
        run_gate(load_suite("labels"), write("labels", labels()))


def test_unknown_taxonomy_blocks(write):
    rows = [row | {"taxonomy": "other"} for row in labels()]
    by_id = _by_id(run_gate(load_suite("labels"), write("labels", rows), tables=TABLES))
    assert not by_id["labels_in_taxonomy"].success
    assert not by_id["one_score_per_label"].success


def _again_and_again(files: list[str]) -> None:
    for _ in range(100):
        run_gate(load_suite("records"), files)


@pytest.mark.slow
def test_a_killed_gate_process_is_an_error_and_the_next_gate_works(write):
    files = write("records", records())
    run_gate(load_suite("records"), files)
    worker = client._worker
    assert worker is not None

    def strike() -> None:
        time.sleep(0.05)
        os.kill(worker.process.pid, signal.SIGKILL)

    threading.Thread(target=strike).start()
    with pytest.raises(TerminalError, match="gate process died"):
        _again_and_again(files)
    assert run_gate(load_suite("records"), files).passed


def test_missing_extra_is_said_before_anything_starts(monkeypatch):
    monkeypatch.setattr(client, "_NEEDED", ("great_expectations", "no_such_library"))
    for call in (require, warm, lambda: run_gate(load_suite("clean"), [])):
        with pytest.raises(MissingExtraError, match=r"affectmine\[quality\]"):
            call()


def test_importing_gates_does_not_import_great_expectations():
    code = (
        "import sys, pipelines.gates; "
        "print([m for m in sys.modules if 'great_exp' in m or m == 'duckdb'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_results_survive_json(write):
    result = run_gate(load_suite("clean"), write("clean", clean()))
    assert GateResult.from_dict(json.loads(json.dumps(result.to_dict()))) == result


def test_analytics_are_off_in_the_gate_process(write):
    run_gate(load_suite("records"), write("records", records()))
    worker = client._worker
    assert worker is not None
    environment = Path(f"/proc/{worker.process.pid}/environ").read_bytes().split(b"\0")
    assert b"GX_ANALYTICS_ENABLED=false" in environment
