import json
import sys

import pytest

from jobs.cli import run_command
from jobs.target import write_whole
from pipelines.lake.lake import create_lake
from schemas.errors import ConfigError

pytest.importorskip("vl_convert")


def test_another_suffix_is_refused_before_work(tmp_path, capsys):
    assert run_command(["report", "--lake", str(tmp_path), "-o", str(tmp_path / "page.pdf")]) == 2
    assert ".html" in capsys.readouterr().err


def test_no_lake_and_an_empty_one_are_told(tmp_path, capsys):
    page = str(tmp_path / "page.html")
    assert run_command(["report", "--lake", str(tmp_path / "none"), "-o", page]) == 2
    assert "There is no lake" in capsys.readouterr().err
    create_lake(tmp_path / "lake", "key")
    assert run_command(["report", "--lake", str(tmp_path / "lake"), "-o", page]) == 1
    assert "Nothing is published" in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    create_lake(tmp_path / "lake", "key")
    assert (
        run_command(["report", "--lake", str(tmp_path / "lake"), "-o", str(tmp_path / "page.html")])
        == 2
    )
    assert "affectmine[report]" in capsys.readouterr().err


def test_a_page_is_written_whole_or_not_at_all(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("before")
    with pytest.raises(UnicodeEncodeError):
        write_whole(page, "x" * 100_000 + "\ud800")
    assert page.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    with pytest.raises(ConfigError):
        write_whole(tmp_path / "no" / "page.html", "x")


@pytest.mark.slow
def test_the_demo_has_its_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run_command(["demo"]) == 0
    capsys.readouterr()
    assert run_command(["report", "--lake", "demo-lake", "-o", "page.html", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert told["snapshot"] == 1
    assert told["bytes"] == len(page.encode()) < 5_000_000
    assert page.count("<figure>") == told["pictures"]
    # As planted (jobs/demo/corpus): 512 + 113 + 134 units, of which 5 cannot be read.
    assert "Of 754 records read" in page
    assert "quarantined 5" in page
    assert "invalid_json · ingest" in page
    # Texts of clinical corpora are nowhere, those of others are there.
    samples = page[page.index('<section id="samples">') :]
    assert "demo_social" in samples
    assert "demo_clinical" not in samples
