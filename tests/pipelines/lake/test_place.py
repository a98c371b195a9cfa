"""Where a lake may lie, by its name."""

import sys
from pathlib import Path

import pytest

from jobs.cli import run_command
from pipelines.lake import object_store
from pipelines.lake.place import is_remote, place


def test_a_url_is_remote_and_anything_else_is_a_path() -> None:
    assert place("lake/of mine") == Path("lake/of mine")
    there = place("s3://bucket/a/lake/")
    assert is_remote(there)
    assert str(there) == "s3://bucket/a/lake"
    assert str(there / "clean" / "x.parquet") == "s3://bucket/a/lake/clean/x.parquet"
    assert (there / "x.parquet").relative_to(there).as_posix() == "x.parquet"
    assert str((there / "x.json").with_suffix(".error.json").parent) == "s3://bucket/a/lake"


def test_without_s3fs_its_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)  # what is not installed cannot be imported
    object_store._filesystem.cache_clear()
    assert run_command(["status", "--lake", "s3://bucket/lake"]) == 2
    assert "pip install 'affectmine[s3]'" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("url", ["s3://", "s3://bucket/../x", "ftp://bucket/x", "s3://bucket/a b*"])
def test_urls_that_are_no_place_are_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["status", "--lake", url]) == 2
    assert "Traceback" not in capsys.readouterr().err
