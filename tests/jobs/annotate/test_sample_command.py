"""The command `annotate sample` on a file: what it prints, and what it refuses."""

import json
from pathlib import Path

import pytest

from jobs.commands.annotate import app
from schemas.errors import ConfigError
from tests.jobs.annotate.labeled_files import frame, write


def run(*arguments: object) -> object:
    return app(["sample", *map(str, arguments)], standalone_mode=False)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(frame(200), tmp_path / "labeled.parquet")


def test_what_is_printed_holds_no_text(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [source, "--taxonomy", "ekman", "-n", 20, "--strategy", "stratified", "--by", "lang"]
    asked += ["-o", source.with_name("a.csv"), "--annotators", "ann,ben", "--overlap", 4]
    assert run(*asked) == 0
    screen = capsys.readouterr()
    assert "20 of 180 rows" in screen.out
    assert "for ann: 12" in screen.out
    assert "nothing was redacted" in screen.err
    assert run(*asked, "--json") == 0
    told = capsys.readouterr().out
    found = json.loads(told)
    assert {s["name"]: s["rows"] for s in found["strata"]} == {"(none)": 60, "de": 60, "en": 60}
    assert sorted(s["taken"] for s in found["strata"]) == [6, 7, 7]
    assert found["each"] == {"ann": 12, "ben": 12}
    assert (found["excluded"], found["not_labeled"], found["clinical"]) == (0, 20, 0)
    assert "quoted" not in screen.out + screen.err + told


def test_one_source(source: Path) -> None:
    for arguments in ([], [source, "--lake", source.parent]):
        with pytest.raises(ConfigError, match="one source"):
            run(*arguments, "-o", source.with_name("b.json"))
    with pytest.raises(ConfigError, match="is no lake"):
        run("--lake", source.parent, "-o", source.with_name("b.json"))


def test_a_table_holds_no_predictions(source: Path) -> None:
    with pytest.raises(ConfigError, match="no predictions"):
        run(source, "--predictions", "-o", source.with_name("b.csv"))
    with pytest.raises(ConfigError, match="no suffix"):
        run(source, "-o", source.with_name("b.txt"))
